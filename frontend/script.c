/* script.c - the input script: JSON lines that first wait, then act. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/json.h"
#include "frontend/keymap.h"
#include "frontend/png.h"
#include "frontend/script.h"

/* A key is held that long and followed by that pause; guests that poll the
 * keyboard slowly lose faster ones. */
enum { KEY_HOLD_NS = 40000000, KEY_PAUSE_NS = 60000000 };
/* The mouse moves by at most that much per time, so slowly that guests do not
 * accelerate it. */
enum { MOVE_STEP = 4, MOVE_NS = 10000000 };
enum { CLICK_HOLD_NS = 100000000, CLICK_PAUSE_NS = 150000000 };
/* Colours are counted that often; up to so many. */
enum { PICTURE_NS = 100000000, COLOURS_MAX = 4096 };

enum wait { WAIT_NOTHING, WAIT_TEXT, WAIT_SERIAL, WAIT_SLEEP, WAIT_PICTURE };

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
    int picture[3]; /* width, height (0: any), least number of colours */
    int mouse[2];
    unsigned click; /* UMBRA_BUTTON_... */
    const char *screenshot;
    bool force; /* swap although the guest has locked the drive */
    bool power; /* press the power button */
    bool end;
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
    bool waited;    /* the wait of step `at` is over */
    bool started;   /* step_start is set */
    uint64_t start; /* time at which step `at` came up */
    int moved[2];   /* of step.mouse */
    bool clicked;   /* its click is over */
    bool button_down;
    unsigned next_key; /* in its keys */
    bool key_down;
    uint64_t due;     /* time of the next press, release or movement */
    uint64_t counted; /* time at which colours were counted last */
    bool ended;
    size_t sent; /* of step.send */
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
        return refuse(r, "waits twice; use one of text, serial, sleep, "
                         "picture");
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

/* A list of `count` whole numbers from `least` to 10000. */
static bool read_numbers(const struct json *member, int *to, int count,
                         int least)
{
    const struct json *one = member->child;

    if (member->type != JSON_ARRAY)
        return false;
    for (; one && count; one = one->next, count--) {
        if (one->type != JSON_NUMBER || !(one->number >= least) ||
            one->number > 10000)
            return false;
        *to++ = (int)one->number;
    }
    return !one && !count;
}

static bool read_picture(const struct reader *r, struct step *step,
                         const struct json *member)
{
    if (step->wait != WAIT_NOTHING)
        return refuse(r, "waits twice; use one of text, serial, sleep, "
                         "picture");
    step->wait = WAIT_PICTURE;
    if (!read_numbers(member, step->picture, 3, 0) ||
        step->picture[2] > COLOURS_MAX)
        return refuse(r,
                      "\"picture\" takes [WIDTH, HEIGHT, COLOURS], of the "
                      "latter at most %d",
                      COLOURS_MAX);
    return true;
}

static bool read_mouse(const struct reader *r, struct step *step,
                       const struct json *member)
{
    if (!read_numbers(member, step->mouse, 2, -10000))
        return refuse(r, "\"mouse\" takes a movement, [RIGHT, DOWN]");
    return true;
}

static bool read_click(const struct reader *r, struct step *step,
                       const struct json *member)
{
    static const struct {
        const char *name;
        unsigned button;
    } buttons[] = {{"left", UMBRA_BUTTON_LEFT},
                   {"middle", UMBRA_BUTTON_MIDDLE},
                   {"right", UMBRA_BUTTON_RIGHT}};

    for (size_t i = 0; i < sizeof buttons / sizeof buttons[0]; i++)
        if (member->type == JSON_STRING &&
            !strcmp(member->string, buttons[i].name))
            step->click = buttons[i].button;
    if (!step->click)
        return refuse(r, "\"click\" takes \"left\", \"middle\" or "
                         "\"right\"");
    return true;
}

static bool read_screenshot(const struct reader *r, struct step *step,
                            const struct json *member)
{
    if (member->type != JSON_STRING)
        return refuse(r, "\"screenshot\" takes a file name");
    step->screenshot = member->string;
    return true;
}

static bool read_force(const struct reader *r, struct step *step,
                       const struct json *member)
{
    if (member->type != JSON_BOOL || !member->boolean)
        return refuse(r, "\"force\" takes true");
    step->force = true;
    return true;
}

static bool read_power(const struct reader *r, struct step *step,
                       const struct json *member)
{
    if (member->type != JSON_BOOL || !member->boolean)
        return refuse(r, "\"power\" takes true");
    step->power = true;
    return true;
}

static bool read_end(const struct reader *r, struct step *step,
                     const struct json *member)
{
    if (member->type != JSON_BOOL || !member->boolean)
        return refuse(r, "\"end\" takes true");
    step->end = true;
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
        {"text", read_wait},   {"serial", read_wait},
        {"sleep", read_wait},  {"picture", read_picture},
        {"swap", read_swap},   {"screenshot", read_screenshot},
        {"mouse", read_mouse}, {"click", read_click},
        {"keys", read_keys},   {"send", read_send},
        {"end", read_end},     {"force", read_force},
        {"power", read_power},
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (!strcmp(members[i].name, member->name))
            return members[i].read(r, step, member);
    return refuse(r,
                  "unknown member \"%s\"; use text, serial, sleep, picture, "
                  "swap, force, screenshot, mouse, click, keys, send, power, "
                  "end",
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

static bool is_blank(const char *text, size_t length)
{
    size_t n = 0;

    while (n < length && (text[n] == ' ' || text[n] == '\t' || text[n] == '\r'))
        n++;
    return n == length;
}

static bool read_line(const struct reader *r, struct script *script,
                      const char *text, size_t length)
{
    char reason[JSON_ERROR_SIZE];
    struct step *step;

    if (is_blank(text, length) || *text == '#')
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
                                       [WAIT_SLEEP] = "sleeps",
                                       [WAIT_PICTURE] =
                                           "waits for \"picture\""};
    const struct step *step;

    *text = 0;
    if (script_finished(script))
        return;
    step = &script->step[script->at];
    snprintf(text, size, "line %u %s", step->line,
             script->waited ? what[WAIT_NOTHING] : what[step->wait]);
}

static int compare_pixels(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Whether the picture has that many colours. `seen` is sorted. */
static bool has_colours(const struct umbra_frame *frame, unsigned least)
{
    uint32_t seen[COLOURS_MAX], last = 0;
    unsigned count = 0;

    for (unsigned y = 0; y < frame->height; y++) {
        const uint32_t *row = frame->pixels + (size_t)y * frame->stride;
        for (unsigned x = 0; x < frame->width && count < least; x++) {
            unsigned at = count;
            if (count && row[x] == last)
                continue;
            last = row[x];
            if (bsearch(&last, seen, count, sizeof *seen, compare_pixels))
                continue;
            for (; at && seen[at - 1] > last; at--)
                seen[at] = seen[at - 1];
            seen[at] = last;
            count++;
        }
    }
    return count >= least;
}

static bool picture_is_there(struct script *s, const struct step *step,
                             struct umbra *umbra, uint64_t now)
{
    const int *want = step->picture;
    struct umbra_frame frame;

    if (now - s->counted < PICTURE_NS)
        return false;
    s->counted = now;
    umbra_frame(umbra, &frame);
    return (!want[0] || frame.width == (unsigned)want[0]) &&
           (!want[1] || frame.height == (unsigned)want[1]) &&
           has_colours(&frame, (unsigned)want[2]);
}

static bool wait_is_over(struct script *s, const struct step *step,
                         struct umbra *umbra, const char *text,
                         struct stream *serial)
{
    uint64_t now = umbra_now(umbra);

    switch (step->wait) {
    case WAIT_PICTURE:
        return picture_is_there(s, step, umbra, now);
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
        bool done =
            !step->force || umbra_force_eject(umbra, swap->drive, reason);

        if (done && swap->path)
            done = umbra_insert(umbra, swap->drive, &media, reason);
        else if (done)
            done = umbra_eject(umbra, swap->drive, reason);
        if (!done) {
            snprintf(error, SCRIPT_ERROR_SIZE, "%s", reason);
            return false;
        }
    }
    return true;
}

static bool take_screenshot(const struct step *step, struct umbra *umbra,
                            char error[SCRIPT_ERROR_SIZE])
{
    struct umbra_frame frame;

    if (!step->screenshot)
        return true;
    umbra_frame(umbra, &frame);
    return !png_write(step->screenshot, frame.pixels, frame.width, frame.height,
                      frame.stride, error, SCRIPT_ERROR_SIZE);
}

static int clamp(int value, int most)
{
    return value < -most ? -most : value > most ? most : value;
}

/* True when the mouse is where the step wants it. */
static bool move_mouse(struct script *s, const struct step *step,
                       struct umbra *umbra, uint64_t now)
{
    int dx = clamp(step->mouse[0] - s->moved[0], MOVE_STEP);
    int dy = clamp(step->mouse[1] - s->moved[1], MOVE_STEP);

    if (!dx && !dy)
        return true;
    if (now >= s->due) {
        umbra_pointer(umbra, dx, dy, 0, 0);
        s->moved[0] += dx;
        s->moved[1] += dy;
        s->due = now + MOVE_NS;
    }
    return false;
}

/* True when the button was released. */
static bool click(struct script *s, const struct step *step,
                  struct umbra *umbra, uint64_t now)
{
    if (!step->click || s->clicked)
        return true;
    if (now < s->due)
        return false;
    s->clicked = s->button_down;
    s->button_down = !s->button_down;
    umbra_pointer(umbra, 0, 0, 0, s->button_down ? step->click : 0);
    s->due = now + (s->button_down ? CLICK_HOLD_NS : CLICK_PAUSE_NS);
    return s->clicked;
}

/* True when the last key of the step was released. */
static bool type_keys(struct script *s, const struct step *step,
                      struct umbra *umbra, uint64_t now)
{
    const struct combo *combo = &step->keys[s->next_key];

    if (s->next_key == step->key_count)
        return true;
    if (now < s->due || (!s->key_down && !umbra_key_ready(umbra)))
        return false;
    for (unsigned i = 0; i < combo->count; i++)
        umbra_key(umbra, combo->code[s->key_down ? combo->count - 1 - i : i],
                  !s->key_down);
    s->due = now + (s->key_down ? KEY_PAUSE_NS : KEY_HOLD_NS);
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

/* True when the step at hand has done what takes time. */
static bool act(struct script *s, const struct step *step, struct umbra *umbra,
                uint64_t now)
{
    return move_mouse(s, step, umbra, now) && click(s, step, umbra, now) &&
           type_keys(s, step, umbra, now) && send_text(s, step, umbra);
}

static void go_on(struct script *s)
{
    s->ended = s->step[s->at].end;
    s->at = s->ended ? s->steps : s->at + 1;
    s->waited = s->started = s->clicked = false;
    s->moved[0] = s->moved[1] = 0;
    s->next_key = 0;
    s->sent = 0;
}

bool script_ended(const struct script *script)
{
    return script->ended;
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
            if (!wait_is_over(s, step, umbra, text, serial))
                return true;
            s->waited = true;
            if (!swap_media(s, step, umbra, error) ||
                !take_screenshot(step, umbra, error))
                return false;
        }
        if (!act(s, step, umbra, now))
            return true;
        if (step->power)
            umbra_power_button(umbra);
        go_on(s);
    }
    return true;
}
