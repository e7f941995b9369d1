# table.awk - ROM.bin... as arguments; reads ROM.EMULATOR.txt and prints the
# tables of docs/CONFORMANCE.md. Variable: emulators.
function fold(line, id, rest, result) {
    # item NUMBER [REF] TEXT: RESULT
    if (line !~ /^item /)
        return
    sub(/^item /, "", line)
    id = line
    sub(/ .*/, "", id)
    rest = substr(line, length(id) + 2)
    match(rest, /\] /)
    ref = substr(rest, 2, RSTART - 2)
    rest = substr(rest, RSTART + 2)
    if (!match(rest, /: ?(ok|FAIL|CRASH|skip|n\/a)/))
        return
    text = substr(rest, 1, RSTART - 1)
    result = substr(rest, RSTART + 1)
    sub(/^ /, "", result)
    key = rom SUBSEP id
    if (!(key in says)) {
        order[++count] = key
        says[key] = text
        where[key] = ref
        number[key] = id
        of[key] = rom
    }
    found[key, emulator] = result
}
function verdict(result) {
    if (result == "")
        return "?"
    if (result == "ok")
        return "ok"
    if (result ~ /CRASH/)
        return "**crash**"
    return result ~ /^FAIL/ ? "**wrong**" : "n/a"
}
BEGIN {
    n = split(emulators, name, " ")
    for (a = 1; a < ARGC; a++)
        for (e = 1; e <= n; e++) {
            emulator = name[e]
            rom = ARGV[a]
            sub(/\.bin$/, "", rom)
            file = rom "." emulator ".txt"
            sub(/.*\//, "", rom)
            while ((getline line < file) > 0)
                fold(line)
            close(file)
        }
    # Rows by item, then by ROM as they came.
    for (i = 2; i <= count; i++)
        for (j = i; j > 1 && number[order[j]] < number[order[j - 1]]; j--) {
            t = order[j]
            order[j] = order[j - 1]
            order[j - 1] = t
        }
    head = "| emulator | ok | wrong | crash | n/a |\n|---|---|---|---|---|"
    for (e = 1; e <= n; e++) {
        ok = wrong = crash = none = 0
        for (i = 1; i <= count; i++) {
            if (found[order[i], name[1]] ~ /^n\/a/)
                continue # a test for other modes
            v = verdict(found[order[i], name[e]])
            if (v == "ok") ok++
            else if (v == "**wrong**") wrong++
            else if (v == "**crash**") crash++
            else none++
        }
        if (e == 1)
            print head
        print "| " name[e] " | " ok " | " wrong " | " crash " | " none " |"
    }
    printf "\n| item | the manual says | where |"
    for (e = 1; e <= n; e++)
        printf " %s |", name[e]
    printf "\n|---|---|---|"
    for (e = 1; e <= n; e++)
        printf "---|"
    print ""
    for (i = 1; i <= count; i++) {
        key = order[i]
        if (found[key, name[1]] ~ /^n\/a/)
            continue
        printf "| %s (%s) | %s | %s |", number[key], of[key], says[key],
            where[key]
        for (e = 1; e <= n; e++)
            printf " %s |", verdict(found[key, name[e]])
        print ""
    }
    for (e = 1; e <= n; e++) {
        print "\n## What " name[e] " does otherwise\n"
        none = 1
        for (i = 1; i <= count; i++) {
            key = order[i]
            v = verdict(found[key, name[e]])
            if (v != "**wrong**" && v != "**crash**")
                continue
            none = 0
            t = found[key, name[e]]
            sub(/^FAIL /, "", t)
            print "- " number[key] " (" of[key] "), " says[key] ": " t
        }
        if (none)
            print "Nothing."
    }
}
