# micro.awk - lines "fig NAME [AIM]: PICOSECONDS" of several engines, named by
# the variable `engine` in front of each file, as a table in cycles.
/^fig / {
    line = substr($0, 5)
    value = line
    sub(/.*: /, "", value)
    name = line
    sub(/ \[[^]]*\]: [^:]*$/, "", name)
    aim = line
    sub(/.* \[/, "", aim)
    sub(/\]: .*/, "", aim)
    if (!(name in aims)) {
        names[++count] = name
        aims[name] = aim
    }
    if (value ~ /^[0-9]+$/ && (!((engine, name) in least) ||
        value + 0 < least[engine, name]))
        least[engine, name] = value + 0
}
function cycles(engine, name, value) {
    if (!((engine, name) in least))
        return "-"
    value = least[engine, name] / 1000000 * mhz
    return sprintf(value < 100 ? "%.1f" : "%.0f", value)
}
# Beside the bare host, when the aim is of that kind.
function beside(engine, name) {
    if (aims[name] !~ /x$/ || engine == "host" ||
        !(("host", name) in least) || !((engine, name) in least))
        return ""
    return sprintf(" (%.2fx)", least[engine, name] / least["host", name])
}
END {
    columns = split(engines, column, " ")
    printf "| %s-bit code, cycles |", width
    for (c = 1; c <= columns; c++)
        printf " %s |", column[c]
    printf " aim |\n| --- |"
    for (c = 0; c <= columns; c++)
        printf " ---: |"
    printf "\n"
    for (n = 1; n <= count; n++) {
        printf "| %s |", names[n]
        for (c = 1; c <= columns; c++)
            printf " %s%s |", cycles(column[c], names[n]), \
                beside(column[c], names[n])
        printf " %s |\n", aims[names[n]]
    }
    printf "\n"
}
