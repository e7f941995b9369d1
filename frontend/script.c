/* script.c - the input script: JSON lines that first wait, then act. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/json.h"
#include "frontend/keymap.h"
#include "frontend/script.h"

/* A key is held that long and followed by that pause; guests that poll the
 * keyboard slowly lose faster ones. */
enum { KEY_HOLD_NS = 40000000, KEY_PAUSE_NS = 60000000 };

enum wait { WAIT_NOTHING, WAIT_TEXT, WAIT_SERIAL, WAIT_SLEEP };

struct combo {
    uint16_t code[KEYMAP_COMBO_MAX];
    unsigned count;
};

struct swap {
    enum umbra_drive drive;
    const char *path; /* in the line's JSON; NULL = eject */
};

/* Strings belong to `json`. */
struct step {
    struct json *json;
    unsigned line;
    enum wait wait;
    regex_t re;
    uint64_t sleep_ns;
    struct combo *keys;
    unsigned key_count;
    struct swap swap[UMBRA_DRIVES];
    unsigned swap_count;
    const char *send;
};

struct script {
    struct step *step;
    unsigned steps, capacity;
    bool snapshot; /* of inserted images */

    /* Where it stands. */
    unsigned at;
    bool waited;       /* the wait of step `at` is over */
    bool started;      /* step_start is set */
    uint64_t start;    /* time at which step `at` came up */
    unsigned next_key; /* in its keys */
    bool key_down;
    uint64_t key_time; /* when the next press or release is due */
    size_t sent;       /* of step.send */
};

struct reader {
    const char *name;
    unsigned line;
    char *error;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct reader *r,
                                                         const char *fmt, ...)
{
    va_list ap;
    int n = snprintf(r->error, SCRIPT_ERROR_SIZE, "%.200s: line %u: ", r->name,
                     r->line);
    va_start(ap, fmt);
    vsnprintf(r->error + n, SCRIPT_ERROR_SIZE - (size_t)n, fmt, ap);
    va_end(ap);
    return false;
}

/* -------------------------------------------------------------- reading */

static bool read_wait(const struct reader *r, struct step *step,
                      const struct json *member)
{
    bool sleep = !strcmp(member->name, "sleep");
    char reason[128];

    if (step->wait != WAIT_NOTHING)
        return refuse(r, "waits twice; use one of text, serial, sleep");
    if (sleep) {
        if (member->type != JSON_NUMBER || !(member->number >= 0) ||
            member->number > 1e9)
            return refuse(r, "\"sleep\" takes seconds, from 0 on");
        step->wait = WAIT_SLEEP;
        step->sleep_ns = (uint64_t)(member->number * 1e9);
        return true;
    }
    if (member->type != JSON_STRING)
        return refuse(r, "\"%s\" takes a regular expression in quotes",
                      member->name);
    if (!matcher_compile(&step->re, member->string, reason, sizeof reason))
        return refuse(r,
                      "\"%s\": %s; write a POSIX extended regular "
                      "expression",
                      member->string, reason);
    step->wait = !strcmp(member->name, "text") ? WAIT_TEXT : WAIT_SERIAL;
    return true;
}

static bool read_keys(const struct reader *r, struct step *step,
                      const struct json *member)
{
    const struct json *key;
    unsigned n = 0;

    if (member->type != JSON_ARRAY)
        return refuse(r, "\"keys\" takes a list, as [\"v\", \"ret\"]");
    for (key = member->child; key; key = key->next)
        n++;
    step->keys = calloc(n + 1, sizeof *step->keys);
    if (!step->keys)
        return refuse(r, "out of memory");
    for (key = member->child; key; key = key->next) {
        struct combo *combo = &step->keys[step->key_count++];
        if (key->type != JSON_STRING)
            return refuse(r, "a key is a name in quotes, as \"ret\"");
        combo->count = keymap_parse_combo(key->string, combo->code);
        if (!combo->count)
            return refuse(r,
                          "there is no key \"%s\"; use names as a, ret, "
                          "spc, ctrl-alt-delete",
                          key->string);
    }
    return true;
}

static bool read_swap(const struct reader *r, struct step *step,
                      const struct json *member)
{
    const struct json *drive;

    if (member->type != JSON_OBJECT)
        return refuse(r, "\"swap\" takes drives, as {\"fda\": \"b.img\"}");
    for (drive = member->child; drive; drive = drive->next) {
        struct swap *swap = &step->swap[step->swap_count];
        if (step->swap_count == UMBRA_DRIVES)
            return refuse(r, "\"swap\" names too many drives");
        swap->drive = umbra_drive_by_name(drive->name);
        if (swap->drive == UMBRA_DRIVES)
            return refuse(r,
                          "there is no drive \"%s\"; use fda, fdb or "
                          "cdrom",
                          drive->name);
        if (drive->type != JSON_STRING && drive->type != JSON_NULL)
            return refuse(r, "\"%s\" takes a file name, or null to eject",
                          drive->name);
        swap->path = drive->string;
        step->swap_count++;
    }
    return true;
}

static bool read_send(const struct reader *r, struct step *step,
                      const struct json *member)
{
    if (member->type != JSON_STRING)
        return refuse(r, "\"send\" takes text in quotes");
    step->send = member->string;
    return true;
}

static bool read_member(const struct reader *r, struct step *step,
                        const struct json *member)
{
    static const struct {
        const char *name;
        bool (*read)(const struct reader *, struct step *, const struct json *);
    } members[] = {
        {"text", read_wait}, {"serial", read_wait}, {"sleep", read_wait},
        {"keys", read_keys}, {"swap", read_swap},   {"send", read_send},
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (!strcmp(members[i].name, member->name))
            return members[i].read(r, step, member);
    return refuse(r,
                  "unknown member \"%s\"; use text, serial, sleep, keys, "
                  "swap, send",
                  member->name);
}

static struct step *new_step(struct script *script)
{
    struct step *grown;

    if (script->steps == script->capacity) {
        unsigned capacity = script->capacity ? 2 * script->capacity : 16;
        grown = realloc(script->step, capacity * sizeof *grown);
        if (!grown)
            return NULL;
        script->step = grown;
        script->capacity = capacity;
    }
    grown = &script->step[script->steps++];
    memset(grown, 0, sizeof *grown);
    return grown;
}

static bool read_line(const struct reader *r, struct script *script,
                      const char *text, size_t length)
{
    char reason[JSON_ERROR_SIZE];
    struct step *step;

    if (strspn(text, " \t\r") >= length || *text == '#')
        return true;
    step = new_step(script);
    if (!step)
        return refuse(r, "out of memory");
    step->line = r->line;
    step->json = json_parse(text, length, reason);
    if (!step->json)
        return refuse(r, "%s", reason);
    if (step->json->type != JSON_OBJECT)
        return refuse(r, "not a JSON object; write {\"text\": \"A:\", "
                         "\"keys\": [\"ret\"]}");
    for (const struct json *m = step->json->child; m; m = m->next)
        if (!read_member(r, step, m))
            return false;
    return true;
}

struct script *script_parse(const char *text, size_t size, const char *name,
                            bool snapshot, char error[SCRIPT_ERROR_SIZE])
{
    struct script *script = calloc(1, sizeof *script);
    struct reader r = {name, 0, error};
    const char *end = text + size, *stop;

    if (!script)
        refuse(&r, "out of memory");
    else
        script->snapshot = snapshot;
    for (; script && text < end; text = stop + 1) {
        r.line++;
        stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            stop = end;
        if (!read_line(&r, script, text, (size_t)(stop - text))) {
            script_free(script);
            return NULL;
        }
    }
    return script;
}

void script_free(struct script *script)
{
    if (!script)
        return;
    for (unsigned i = 0; i < script->steps; i++) {
        struct step *step = &script->step[i];
        if (step->wait == WAIT_TEXT || step->wait == WAIT_SERIAL)
            regfree(&step->re);
        json_free(step->json);
        free(step->keys);
    }
    free(script->step);
    free(script);
}

/* -------------------------------------------------------------- running */

bool script_finished(const struct script *script)
{
    return script->at == script->steps;
}

bool script_wants_text(const struct script *script)
{
    return !script_finished(script) && !script->waited &&
           script->step[script->at].wait == WAIT_TEXT;
}

void script_where(const struct script *script, char *text, size_t size)
{
    static const char *const what[] = {[WAIT_NOTHING] = "is typing",
                                       [WAIT_TEXT] = "waits for \"text\"",
                                       [WAIT_SERIAL] = "waits for \"serial\"",
                                       [WAIT_SLEEP] = "sleeps"};
    const struct step *step;

    *text = 0;
    if (script_finished(script))
        return;
    step = &script->step[script->at];
    snprintf(text, size, "line %u %s", step->line,
             script->waited ? what[WAIT_NOTHING] : what[step->wait]);
}

static bool wait_is_over(const struct script *s, const struct step *step,
                         uint64_t now, const char *text, struct stream *serial)
{
    switch (step->wait) {
    case WAIT_TEXT:
        return text && !regexec(&step->re, text, 0, NULL, 0);
    case WAIT_SERIAL:
        return stream_expect(serial, &step->re);
    case WAIT_SLEEP:
        return now - s->start >= step->sleep_ns;
    default:
        return true;
    }
}

static bool swap_media(const struct script *s, const struct step *step,
                       struct umbra *umbra, char error[SCRIPT_ERROR_SIZE])
{
    char reason[UMBRA_ERROR_SIZE];

    for (unsigned i = 0; i < step->swap_count; i++) {
        const struct swap *swap = &step->swap[i];
        bool is_cd = swap->drive >= UMBRA_HDA;
        struct umbra_media media = {
            .path = swap->path,
            .cdrom = is_cd,
            .read_only = is_cd,
            .snapshot = s->snapshot,
        };
        bool done = swap->path
                        ? umbra_insert(umbra, swap->drive, &media, reason)
                        : umbra_eject(umbra, swap->drive, reason);
        if (!done) {
            snprintf(error, SCRIPT_ERROR_SIZE, "%s", reason);
            return false;
        }
    }
    return true;
}

/* True when the last key of the step was released. */
static bool type_keys(struct script *s, const struct step *step,
                      struct umbra *umbra, uint64_t now)
{
    const struct combo *combo = &step->keys[s->next_key];

    if (s->next_key == step->key_count)
        return true;
    if (now < s->key_time || (!s->key_down && !umbra_key_ready(umbra)))
        return false;
    for (unsigned i = 0; i < combo->count; i++)
        umbra_key(umbra, combo->code[s->key_down ? combo->count - 1 - i : i],
                  !s->key_down);
    s->key_time = now + (s->key_down ? KEY_PAUSE_NS : KEY_HOLD_NS);
    s->next_key += s->key_down;
    s->key_down = !s->key_down;
    return s->next_key == step->key_count;
}

static bool send_text(struct script *s, const struct step *step,
                      struct umbra *umbra)
{
    size_t left = step->send ? strlen(step->send) - s->sent : 0;

    if (left)
        s->sent += umbra_serial_input(umbra, 0, step->send + s->sent, left);
    return !step->send || !step->send[s->sent];
}

bool script_step(struct script *s, struct umbra *umbra, const char *text,
                 struct stream *serial, char error[SCRIPT_ERROR_SIZE])
{
    uint64_t now = umbra_now(umbra);
    const struct step *step;

    while (!script_finished(s)) {
        step = &s->step[s->at];
        if (!s->started) {
            s->started = true;
            s->start = now;
        }
        if (!s->waited) {
            if (!wait_is_over(s, step, now, text, serial))
                return true;
            s->waited = true;
            if (!swap_media(s, step, umbra, error))
                return false;
        }
        if (!type_keys(s, step, umbra, now) || !send_text(s, step, umbra))
            return true;
        s->at++;
        s->waited = s->started = false;
        s->next_key = 0;
        s->sent = 0;
    }
    return true;
}
