/* fuzz_frontend - what users write: options, JSON, input scripts, names of
 * keys, what a serial port sends.
 *
 * Input: one byte that chooses the subject, then its text; options are words
 * with a NUL behind each, where one byte of 80h and above stands for the
 * name of an option. What must hold: what is refused has a message that ends
 * inside its room; what is accepted keeps its promises (JSON: valid UTF-8,
 * depth; keys: pressed ones are released).
 * Alone: make tests/fuzz/fuzz_frontend && tests/fuzz/fuzz_frontend FILE... */
#include "frontend/json.h"
#include "frontend/keymap.h"
#include "frontend/options.h"
#include "frontend/script.h"
#include "frontend/typist.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_WORDS = 64, MAX_TEXT = 1 << 14, MAX_OPTIONS = 128, NAME_SIZE = 32 };

static void check_message(const char *error, size_t room)
{
    if (!memchr(error, 0, room) || !*error)
        FUZZ_FAIL("no message");
}

/* libc's own limits are not ours: {255}{255} takes it a minute. */
static bool has_repetition(const uint8_t *data, size_t size)
{
    for (size_t n = 1; n < size; n++)
        if (data[n - 1] == '{' && data[n] >= '0' && data[n] <= '9')
            return true;
    return false;
}

/* ---- options */

static char names[MAX_OPTIONS][NAME_SIZE];
static unsigned name_count;

/* Of a line of -h: "  -name VALUE  help". */
static void take_name(void *opaque, const char *line)
{
    (void)opaque;
    if (strncmp(line, "  -", 3) || name_count == MAX_OPTIONS)
        return;
    snprintf(names[name_count++], NAME_SIZE, "%.*s",
             (int)strcspn(line + 2, " ="), line + 2);
}

static void parse_options(const uint8_t *data, size_t size)
{
    static char text[MAX_TEXT];
    static struct options o;
    char error[OPTIONS_ERROR_SIZE] = "", *argv[MAX_WORDS + 1] = {"umbra"};
    int argc = 1;
    if (!name_count)
        options_help(take_name, NULL);
    if (size >= sizeof text)
        return;
    memcpy(text, data, size);
    text[size] = 0;
    for (char *word = text; word < text + size && argc < MAX_WORDS;
         word += strlen(word) + 1) {
        unsigned first = (uint8_t)*word;
        argv[argc++] = first < 0x80 ? word : names[first % name_count];
    }
    argv[argc] = NULL;
    if (options_parse(&o, argc, argv, error) == OPTIONS_BAD)
        check_message(error, sizeof error);
    for (unsigned n = 0; n < UMBRA_DRIVES; n++)
        if (!memchr(o.drive_path[n], 0, sizeof o.drive_path[n]))
            FUZZ_FAIL("a path does not end");
}

static void parse_value(const uint8_t *data, size_t size)
{
    char text[64];
    uint64_t bytes;
    int64_t seconds;
    if (size >= sizeof text)
        return;
    memcpy(text, data, size);
    text[size] = 0;
    options_parse_size(text, &bytes);
    options_parse_date(text, &seconds);
}

/* ---- JSON, scripts */

/* RFC 3629: no surrogates, nothing longer than needed. */
static void check_utf8(const char *text)
{
    const uint8_t *s = (const uint8_t *)text;
    while (*s) {
        unsigned more = *s < 0x80 ? 0 : *s < 0xe0 ? 1 : *s < 0xf0 ? 2 : 3;
        uint32_t c = more ? *s & (0x3fu >> more) : *s;
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if ((*s >= 0x80 && *s < 0xc2) || *s > 0xf4)
            FUZZ_FAIL("broken UTF-8 got through");
        for (unsigned n = 1; n <= more; n++) {
            if ((s[n] & 0xc0) != 0x80)
                FUZZ_FAIL("broken UTF-8 got through");
            c = c << 6 | (s[n] & 0x3f);
        }
        if (c < least[more] || c > 0x10ffff || (c >> 11) == 0x1b)
            FUZZ_FAIL("a character that is none got through");
        s += more + 1;
    }
}

static void check_value(const struct json *v, bool member, unsigned depth)
{
    if (depth > JSON_MAX_DEPTH + 1)
        FUZZ_FAIL("nested too deep");
    if (member != !!v->name)
        FUZZ_FAIL("names are for members");
    if ((v->type == JSON_STRING) != !!v->string)
        FUZZ_FAIL("strings are for strings");
    if (v->name)
        check_utf8(v->name);
    if (v->string)
        check_utf8(v->string);
    if (v->child && v->type != JSON_ARRAY && v->type != JSON_OBJECT)
        FUZZ_FAIL("a leaf with children");
    for (const struct json *c = v->child; c; c = c->next)
        check_value(c, v->type == JSON_OBJECT, depth + 1);
    if (v->type == JSON_OBJECT)
        for (const struct json *c = v->child; c; c = c->next)
            if (json_member(v, c->name) != c)
                FUZZ_FAIL("the same member twice");
}

static void parse_json(const char *text, size_t size)
{
    char error[JSON_ERROR_SIZE] = "";
    struct json *value = json_parse(text, size, error);
    if (!value) {
        check_message(error, sizeof error);
        return;
    }
    check_value(value, false, 0);
    json_free(value);
}

static void parse_script(const char *text, size_t size)
{
    char error[SCRIPT_ERROR_SIZE] = "", where[64];
    struct script *script = script_parse(text, size, "fuzz", true, error);
    if (!script) {
        check_message(error, sizeof error);
        return;
    }
    script_where(script, where, sizeof where);
    script_free(script);
}

/* ---- keys */

static bool down[0x10000];

static void press(void *opaque, uint16_t code, bool now)
{
    unsigned *held = opaque;
    if (down[code] == now)
        FUZZ_FAIL("key %x pressed or released twice", code);
    down[code] = now;
    *held += now ? 1u : -1u;
}

static void type_text(const char *text, size_t size)
{
    struct typist typist = {0};
    uint16_t code[KEYMAP_COMBO_MAX];
    unsigned held = 0, count = keymap_parse_combo(text, code);
    uint64_t now = 0;
    if (count > KEYMAP_COMBO_MAX)
        FUZZ_FAIL("too many keys");
    for (unsigned n = 0; n < count; n++)
        if (!code[n])
            FUZZ_FAIL("a key without code");
    typist_add(&typist, text);
    typist_add(&typist, text + size / 2);
    for (size_t n = 0; n < 8 * size + 8 && typist.text; n++) {
        now = typist.next > now ? typist.next : now + 1;
        typist_step(&typist, now, n % 3 != 0, press, &held);
    }
    typist_stop(&typist, press, &held);
    if (held)
        FUZZ_FAIL("%u keys are still down", held);
}

/* ---- what a serial port sends */

static void read_stream(const uint8_t *data, size_t size)
{
    static struct stream stream;
    static regex_t re;
    static bool compiled;
    char error[128];
    if (!compiled &&
        !matcher_compile(&re, "^login: $|[a-c]+z", error, sizeof error))
        FUZZ_FAIL("%s", error);
    compiled = true;
    memset(&stream, 0, sizeof stream);
    for (unsigned round = 0; round < 1 + 70000 / (size + 1); round++)
        for (size_t n = 0; n < size; n++) {
            stream_put(&stream, data[n]);
            if (stream.length >= sizeof stream.text ||
                stream.done > stream.length || stream.text[stream.length])
                FUZZ_FAIL("the stream's end is lost");
        }
    stream_matches(&stream, &re);
    stream_expect(&stream, &re);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;
    if (size < 2 || size > MAX_TEXT || has_repetition(data, size))
        return 0;
    size--;
    text = malloc(size + 1); /* its end is where reads stop */
    if (!text)
        return 0;
    memcpy(text, data + 1, size);
    text[size] = 0;
    switch (data[0] % 6) {
    case 0:
        parse_options(data + 1, size);
        break;
    case 1:
        parse_value(data + 1, size);
        break;
    case 2:
        parse_json(text, size);
        break;
    case 3:
        parse_script(text, size);
        break;
    case 4:
        type_text(text, strlen(text));
        break;
    default:
        read_stream(data + 1, size);
        break;
    }
    free(text);
    return 0;
}
