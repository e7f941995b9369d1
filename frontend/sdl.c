/* sdl.c - the window, by SDL2.
 *
 * Keys: Ctrl+Alt+G takes or frees the mouse (a click takes it), +F full
 * screen, +S screenshot, +V types the clipboard into the PC, +A the shape of
 * a monitor (4 : 3) instead of square pixels, +E takes the CD out, with Shift
 * the floppy. A file dropped on the window goes into the drive for its kind;
 * game controllers are joysticks. Closing the window ends the run. All calls
 * come from one thread; only the audio callback runs in one of SDL's own and
 * shares nothing but the tone. */
#define SDL_MAIN_HANDLED
#include "frontend/sdl.h"

#include <SDL.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/file.h"
#include "frontend/fit.h"
#include "frontend/keymap.h"
#include "frontend/png.h"
#include "frontend/typist.h"
#include "umbra.h"

enum {
    FRAME_MS = 16,     /* 60 pictures a second at most, */
    STILL_MS = 50,     /* 20 when nothing has happened for some */
    CAPTION_MS = 1000, /* how often the speed is measured */
    NOTICE_MS = 4000,  /* how long a message stays in the caption */
    SILENCE_MS = 2000, /* then the sound device is put to rest */
    SOUND_RATE = 44100,
    SOUND_SAMPLES = 512,
    SOUND_LEVEL = 2500,
};

/* The tone is written by the run, read by SDL's audio thread. */
struct sound {
    SDL_AudioDeviceID device; /* 0: not opened */
    bool failed, playing;
    SDL_atomic_t hertz;
    uint32_t phase; /* of the audio thread; 2^32 = one period */
    uint64_t silent_since;
};

struct sdl_window {
    struct umbra *umbra;
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture; /* of the size of `frame` */
    struct umbra_frame frame;
    int texture_w, texture_h;
    bool upload_all, redraw;
    bool monitor_shape, full_screen, grabbed, closed;
    bool sized_by_user;
    int wanted_w, wanted_h; /* size given to the window last */
    uint64_t next_frame;    /* host ms */
    unsigned patience;      /* ms, FRAME_MS - 1 to STILL_MS */

    bool key_down[SDL_NUM_SCANCODES]; /* as the PC was told */
    int mouse_x, mouse_y, wheel;      /* movement not yet handed over */
    unsigned buttons;
    bool mouse_changed;
    struct typist typist;

    SDL_GameController *pad[2]; /* joysticks A and B, or NULL */
    const char *title, *screenshot_name;
    char caption[256], notice[160], speed[64];
    uint64_t notice_until, caption_at;
    uint64_t counted_ns, counted_instructions;
    struct sound sound;
    bool no_sound;
};

/* ---- caption */

static void notice(struct sdl_window *w, const char *text)
{
    snprintf(w->notice, sizeof w->notice, "%.150s", text);
    w->notice_until = SDL_GetTicks64() + NOTICE_MS;
}

/* Speed: the PC's clock against the host's; work: instructions. */
static void measure_speed(struct sdl_window *w, uint64_t passed_ms)
{
    uint64_t ns = umbra_now(w->umbra);
    uint64_t count = umbra_instructions(w->umbra);

    /* The counters begin again with a new PC in the same window. */
    if (passed_ms && ns >= w->counted_ns && count >= w->counted_instructions)
        snprintf(
            w->speed, sizeof w->speed, "%u %%, %u MIPS",
            (unsigned)((ns - w->counted_ns) / (passed_ms * 10000)),
            (unsigned)((count - w->counted_instructions) / (passed_ms * 1000)));
    w->counted_ns = ns;
    w->counted_instructions = count;
}

static void update_caption(struct sdl_window *w)
{
    uint64_t now = SDL_GetTicks64();
    char caption[sizeof w->caption];
    const char *hint =
        w->grabbed ? "Ctrl+Alt+G frees the mouse" : "click to use the mouse";

    if (now - w->caption_at >= CAPTION_MS) {
        measure_speed(w, now - w->caption_at);
        w->caption_at = now;
    }
    if (now < w->notice_until)
        hint = w->notice;
    snprintf(caption, sizeof caption, "%.60s%sUmbra - %s - %.150s",
             w->title ? w->title : "", w->title ? " - " : "", w->speed, hint);
    if (strcmp(caption, w->caption) == 0)
        return;
    memcpy(w->caption, caption, sizeof caption);
    SDL_SetWindowTitle(w->window, caption);
}

/* ---- picture */

/* The window follows the guest's resolution until the user resizes it. */
static void follow_resolution(struct sdl_window *w)
{
    SDL_Rect desktop = {0, 0, 1024, 768};
    int zoom, display = SDL_GetWindowDisplayIndex(w->window);

    if (w->sized_by_user || w->full_screen)
        return;
    SDL_GetDisplayUsableBounds(display < 0 ? 0 : display, &desktop);
    zoom = fit_zoom(desktop.w, desktop.h, (int)w->frame.width,
                    (int)w->frame.height);
    w->wanted_w = zoom * (int)w->frame.width;
    w->wanted_h = zoom * (int)w->frame.height;
    if (w->monitor_shape && w->frame.aspect_w)
        w->wanted_h =
            w->wanted_w * (int)w->frame.aspect_h / (int)w->frame.aspect_w;
    if (w->wanted_w > desktop.w)
        w->wanted_w = desktop.w;
    if (w->wanted_h > desktop.h)
        w->wanted_h = desktop.h;
    SDL_SetWindowSize(w->window, w->wanted_w, w->wanted_h);
}

static bool make_texture(struct sdl_window *w)
{
    int width = (int)w->frame.width, height = (int)w->frame.height;

    if (w->texture && w->texture_w == width && w->texture_h == height)
        return true;
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    w->texture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_RGB888,
                                   SDL_TEXTUREACCESS_STREAMING, width, height);
    w->texture_w = width;
    w->texture_h = height;
    w->upload_all = true;
    if (w->texture)
        follow_resolution(w);
    return w->texture != NULL;
}

static void upload_rows(struct sdl_window *w, unsigned first, unsigned count)
{
    const struct umbra_frame *frame = &w->frame;
    SDL_Rect rows = {0, (int)first, (int)frame->width, (int)count};

    SDL_UpdateTexture(w->texture, &rows,
                      frame->pixels + (size_t)first * frame->stride,
                      (int)(frame->stride * sizeof *frame->pixels));
}

/* Only what differs; a cursor at the top and a clock at the bottom are two
 * small pieces. */
static void upload(struct sdl_window *w)
{
    const struct umbra_frame *frame = &w->frame;
    unsigned row = frame->first_row;

    if (w->upload_all) {
        upload_rows(w, 0, frame->height);
        w->upload_all = false;
        return;
    }
    while (row <= frame->last_row) {
        unsigned first = row;
        while (row <= frame->last_row && frame->changed_rows[row])
            row++;
        if (row > first)
            upload_rows(w, first, row - first);
        else
            row++;
    }
}

static void present(struct sdl_window *w)
{
    const struct umbra_frame *frame = &w->frame;
    bool shaped = w->monitor_shape && frame->aspect_w && frame->aspect_h;
    int room_w = 1, room_h = 1;
    struct fit fit;
    SDL_Rect to;

    SDL_GetRendererOutputSize(w->renderer, &room_w, &room_h);
    fit = fit_picture(room_w, room_h, w->texture_w, w->texture_h,
                      shaped ? (int)frame->aspect_w : w->texture_w,
                      shaped ? (int)frame->aspect_h : w->texture_h);
    to = (SDL_Rect){fit.x, fit.y, fit.width, fit.height};
    SDL_SetTextureScaleMode(w->texture, fit.smooth ? SDL_ScaleModeLinear
                                                   : SDL_ScaleModeNearest);
    SDL_SetRenderDrawColor(w->renderer, 0, 0, 0, 255);
    SDL_RenderClear(w->renderer);
    SDL_RenderCopy(w->renderer, w->texture, NULL, &to);
    SDL_RenderPresent(w->renderer);
    w->redraw = false;
}

static void show_picture(struct sdl_window *w)
{
    umbra_frame(w->umbra, &w->frame);
    if (!w->frame.pixels || !w->frame.width || !w->frame.height ||
        !make_texture(w))
        return;
    w->patience = 2 * w->patience < STILL_MS ? 2 * w->patience : STILL_MS;
    if (w->frame.changed || w->upload_all) {
        w->patience = FRAME_MS - 1;
        upload(w);
        w->redraw = true;
    }
    if (w->redraw)
        present(w);
}

/* ---- screenshot */

/* First name of the row that is still free. */
static bool free_name(const struct sdl_window *w, char *path, size_t size)
{
    const char *name = w->screenshot_name ? w->screenshot_name : "umbra";

    for (unsigned n = 1; n < 1000; n++) {
        snprintf(path, size, "%s-%03u.png", name, n);
        if (access(path, F_OK) != 0)
            return true;
    }
    return false;
}

static void take_screenshot(struct sdl_window *w)
{
    const struct umbra_frame *frame = &w->frame;
    char path[256], text[320], error[256];

    show_picture(w);
    if (!frame->pixels || !free_name(w, path, sizeof path)) {
        notice(w, "no screenshot: 999 are here already");
        return;
    }
    snprintf(text, sizeof text, "saved %s", path);
    if (png_write(path, frame->pixels, frame->width, frame->height,
                  frame->stride, error, sizeof error) != 0)
        snprintf(text, sizeof text, "%s", error);
    notice(w, text);
}

/* ---- mouse */

static void set_grab(struct sdl_window *w, bool grab)
{
    if (w->grabbed == grab)
        return;
    w->grabbed = grab;
    SDL_SetRelativeMouseMode(grab ? SDL_TRUE : SDL_FALSE);
    SDL_SetWindowKeyboardGrab(w->window, grab ? SDL_TRUE : SDL_FALSE);
    if (!grab && w->buttons) {
        w->buttons = 0;
        w->mouse_changed = true;
    }
}

static void on_button(struct sdl_window *w, const SDL_MouseButtonEvent *event)
{
    static const struct {
        unsigned sdl, umbra;
    } map[] = {{SDL_BUTTON_LEFT, UMBRA_BUTTON_LEFT},
               {SDL_BUTTON_RIGHT, UMBRA_BUTTON_RIGHT},
               {SDL_BUTTON_MIDDLE, UMBRA_BUTTON_MIDDLE},
               {SDL_BUTTON_X1, UMBRA_BUTTON_BACK},
               {SDL_BUTTON_X2, UMBRA_BUTTON_FORWARD}};
    bool down = event->type == SDL_MOUSEBUTTONDOWN;

    if (!w->grabbed) {
        /* The click that takes the mouse is not the guest's. */
        if (down && event->button == SDL_BUTTON_LEFT)
            set_grab(w, true);
        return;
    }
    for (size_t i = 0; i < SDL_arraysize(map); i++) {
        if (event->button != map[i].sdl)
            continue;
        w->buttons =
            down ? w->buttons | map[i].umbra : w->buttons & ~map[i].umbra;
        /* Each press must be seen, even if both fall into one slice. */
        umbra_pointer(w->umbra, w->mouse_x, w->mouse_y, w->wheel, w->buttons);
        w->mouse_x = w->mouse_y = w->wheel = 0;
        w->mouse_changed = false;
    }
}

static void hand_over_mouse(struct sdl_window *w)
{
    if (!w->mouse_changed)
        return;
    umbra_pointer(w->umbra, w->mouse_x, w->mouse_y, w->wheel, w->buttons);
    w->mouse_x = w->mouse_y = w->wheel = 0;
    w->mouse_changed = false;
}

/* ---- keyboard */

static void tell_key(struct sdl_window *w, SDL_Scancode key, bool down)
{
    uint16_t code = keymap_from_usage((unsigned)key);

    if (!code || w->key_down[key] == down)
        return;
    w->key_down[key] = down;
    umbra_key(w->umbra, code, down);
}

/* Keys whose release another window will see must not stay down. */
static void release_keys(struct sdl_window *w)
{
    for (int key = 0; key < SDL_NUM_SCANCODES; key++)
        tell_key(w, (SDL_Scancode)key, false);
}

static void set_full_screen(struct sdl_window *w, bool full)
{
    w->full_screen = full;
    SDL_SetWindowFullscreen(w->window,
                            full ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    w->redraw = true;
}

static void type_key(void *opaque, uint16_t code, bool down)
{
    struct sdl_window *w = opaque;
    umbra_key(w->umbra, code, down);
}

/* Ctrl and Alt of the hot key are still down: the guest must not see them
 * with what is typed. */
static void paste(struct sdl_window *w)
{
    char *text = SDL_GetClipboardText();

    if (!text || !*text)
        notice(w, "the clipboard holds no text");
    else if (!typist_add(&w->typist, text))
        notice(w, "the clipboard holds too much");
    release_keys(w);
    SDL_free(text);
}

/* ---- disks */

/* The first CD-ROM drive that lets itself be changed; `path` NULL: eject. */
static bool change_cdrom(struct sdl_window *w, const char *path, char *error)
{
    static const enum umbra_drive drives[] = {UMBRA_HDC, UMBRA_HDD, UMBRA_HDB,
                                              UMBRA_HDA};
    struct umbra_media media = {.path = path, .cdrom = true, .read_only = true};
    char other[UMBRA_ERROR_SIZE];

    for (size_t i = 0; i < SDL_arraysize(drives); i++)
        if (path ? umbra_insert(w->umbra, drives[i], &media, i ? other : error)
                 : umbra_eject(w->umbra, drives[i], i ? other : error))
            return true;
    return false;
}

static void eject(struct sdl_window *w, bool floppy)
{
    char error[UMBRA_ERROR_SIZE];
    bool done = floppy ? umbra_eject(w->umbra, UMBRA_FDA, error)
                       : change_cdrom(w, NULL, error);

    notice(w, !done ? error : floppy ? "floppy taken out" : "CD taken out");
}

/* What a file is decides where it goes. */
static void insert_file(struct sdl_window *w, const char *path)
{
    char error[UMBRA_ERROR_SIZE], text[UMBRA_ERROR_SIZE];
    struct umbra_media media = {.path = path};
    enum umbra_image image = UMBRA_IMAGE_UNKNOWN;
    uint64_t length;
    size_t size;
    uint8_t *head = file_read(path, UMBRA_IDENTIFY_SIZE, &size, &length, error,
                              sizeof error);
    bool done = head != NULL;

    if (done)
        image = umbra_identify(head, size, length);
    free(head);
    if (done && image == UMBRA_IMAGE_CDROM) {
        done = change_cdrom(w, path, error);
    } else if (done && (image == UMBRA_IMAGE_FLOPPY ||
                        image == UMBRA_IMAGE_BOOT_SECTOR)) {
        done = umbra_insert(w->umbra, UMBRA_FDA, &media, error);
    } else if (done) {
        done = false;
        snprintf(error, sizeof error, "%.200s: is no floppy or CD image", path);
    }
    snprintf(text, sizeof text, "%.140s is in the drive", path);
    notice(w, done ? text : error);
}

/* ---- joysticks */

static void tell_pads(struct sdl_window *w)
{
    for (unsigned i = 0; i < SDL_arraysize(w->pad); i++) {
        SDL_GameController *pad = w->pad[i];
        unsigned buttons;

        if (!pad)
            continue;
        buttons = SDL_GameControllerGetButton(pad, SDL_CONTROLLER_BUTTON_A) |
                  SDL_GameControllerGetButton(pad, SDL_CONTROLLER_BUTTON_B)
                      << 1;
        umbra_joystick(
            w->umbra, i, true,
            SDL_GameControllerGetAxis(pad, SDL_CONTROLLER_AXIS_LEFTX),
            SDL_GameControllerGetAxis(pad, SDL_CONTROLLER_AXIS_LEFTY), buttons);
    }
}

static void add_pad(struct sdl_window *w, int index)
{
    for (unsigned i = 0; i < SDL_arraysize(w->pad); i++)
        if (!w->pad[i]) {
            w->pad[i] = SDL_GameControllerOpen(index);
            break;
        }
    tell_pads(w);
}

static void remove_pad(struct sdl_window *w, SDL_JoystickID id)
{
    for (unsigned i = 0; i < SDL_arraysize(w->pad); i++)
        if (w->pad[i] && w->pad[i] == SDL_GameControllerFromInstanceID(id)) {
            SDL_GameControllerClose(w->pad[i]);
            w->pad[i] = NULL;
            umbra_joystick(w->umbra, i, false, 0, 0, 0);
        }
}

static void set_monitor_shape(struct sdl_window *w, bool monitor_shape)
{
    w->monitor_shape = monitor_shape;
    follow_resolution(w);
    w->redraw = true;
}

/* A key of ours, pressed with Ctrl and Alt; false if it is the guest's. */
static bool on_hot_key(struct sdl_window *w, SDL_Scancode key)
{
    switch (key) {
    case SDL_SCANCODE_G:
        set_grab(w, !w->grabbed);
        return true;
    case SDL_SCANCODE_F:
        set_full_screen(w, !w->full_screen);
        return true;
    case SDL_SCANCODE_S:
        take_screenshot(w);
        return true;
    case SDL_SCANCODE_V:
        paste(w);
        return true;
    case SDL_SCANCODE_E:
        eject(w, SDL_GetModState() & KMOD_SHIFT);
        return true;
    case SDL_SCANCODE_A:
        set_monitor_shape(w, !w->monitor_shape);
        return true;
    default:
        return false;
    }
}

static void on_key(struct sdl_window *w, const SDL_KeyboardEvent *event)
{
    SDL_Scancode key = event->keysym.scancode;
    bool down = event->type == SDL_KEYDOWN;
    bool ours = event->keysym.mod & KMOD_CTRL && event->keysym.mod & KMOD_LALT;

    /* The PC's keyboard repeats by itself. */
    if (event->repeat || key >= SDL_NUM_SCANCODES)
        return;
    if (down && ours && on_hot_key(w, key))
        return;
    tell_key(w, key, down);
}

/* ---- events */

static void on_window_event(struct sdl_window *w, const SDL_WindowEvent *event)
{
    switch (event->event) {
    case SDL_WINDOWEVENT_FOCUS_LOST:
        set_grab(w, false);
        release_keys(w);
        break;
    case SDL_WINDOWEVENT_RESIZED:
        if (!w->full_screen &&
            (event->data1 != w->wanted_w || event->data2 != w->wanted_h))
            w->sized_by_user = true;
        w->redraw = true;
        break;
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SIZE_CHANGED:
        w->redraw = true;
        break;
    default:
        break;
    }
}

static void on_event(struct sdl_window *w, const SDL_Event *event)
{
    w->patience = FRAME_MS - 1;
    switch (event->type) {
    case SDL_QUIT:
        w->closed = true;
        break;
    case SDL_KEYDOWN:
    case SDL_KEYUP:
        on_key(w, &event->key);
        break;
    case SDL_MOUSEMOTION:
        if (!w->grabbed)
            break;
        w->mouse_x += event->motion.xrel;
        w->mouse_y += event->motion.yrel;
        w->mouse_changed = true;
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        on_button(w, &event->button);
        break;
    case SDL_MOUSEWHEEL:
        if (!w->grabbed)
            break;
        w->wheel -= event->wheel.y;
        w->mouse_changed = true;
        break;
    case SDL_DROPFILE:
        insert_file(w, event->drop.file);
        SDL_free(event->drop.file);
        break;
    case SDL_CONTROLLERDEVICEADDED:
        add_pad(w, event->cdevice.which);
        break;
    case SDL_CONTROLLERDEVICEREMOVED:
        remove_pad(w, event->cdevice.which);
        break;
    case SDL_CONTROLLERAXISMOTION:
    case SDL_CONTROLLERBUTTONDOWN:
    case SDL_CONTROLLERBUTTONUP:
        tell_pads(w);
        break;
    case SDL_WINDOWEVENT:
        on_window_event(w, &event->window);
        break;
    case SDL_RENDER_TARGETS_RESET:
        w->upload_all = true;
        break;
    case SDL_RENDER_DEVICE_RESET:
        SDL_DestroyTexture(w->texture);
        w->texture = NULL;
        break;
    default:
        break;
    }
}

/* ---- sound */

/* In SDL's audio thread. */
static void fill_sound(void *opaque, Uint8 *stream, int bytes)
{
    struct sound *sound = opaque;
    int16_t *samples = (int16_t *)stream;
    uint32_t hertz = (uint32_t)SDL_AtomicGet(&sound->hertz);
    uint32_t step = (uint32_t)(((uint64_t)hertz << 32) / SOUND_RATE);

    for (int i = 0; i < bytes / 2; i++) {
        samples[i] = 0;
        /* Tones that the rate cannot carry are silent, as on a speaker. */
        if (hertz && hertz < SOUND_RATE / 2)
            samples[i] = sound->phase >> 31 ? SOUND_LEVEL : -SOUND_LEVEL;
        sound->phase += step;
    }
}

/* The first tone opens the device: most runs never need one. */
static bool open_sound(struct sdl_window *w)
{
    SDL_AudioSpec want = {.freq = SOUND_RATE,
                          .format = AUDIO_S16SYS,
                          .channels = 1,
                          .samples = SOUND_SAMPLES,
                          .callback = fill_sound,
                          .userdata = &w->sound};

    if (w->sound.device)
        return true;
    if (w->no_sound || w->sound.failed)
        return false;
    if (SDL_InitSubSystem(SDL_INIT_AUDIO) == 0)
        w->sound.device = SDL_OpenAudioDevice(NULL, 0, &want, NULL, 0);
    w->sound.failed = w->sound.device == 0;
    return !w->sound.failed;
}

void sdl_tone(struct sdl_window *w, uint32_t hz)
{
    SDL_AtomicSet(&w->sound.hertz, (int)hz);
    if (hz == 0) {
        w->sound.silent_since = SDL_GetTicks64();
    } else if (open_sound(w) && !w->sound.playing) {
        SDL_PauseAudioDevice(w->sound.device, 0);
        w->sound.playing = true;
    }
}

static void rest_sound(struct sdl_window *w, uint64_t now)
{
    if (!w->sound.playing || SDL_AtomicGet(&w->sound.hertz) != 0 ||
        now - w->sound.silent_since < SILENCE_MS)
        return;
    SDL_PauseAudioDevice(w->sound.device, 1);
    w->sound.playing = false;
}

/* ---- life */

bool sdl_available(void)
{
    return true;
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

bool sdl_has_display(void)
{
    return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") ||
           is_set("SDL_VIDEODRIVER");
}

static bool open_window(struct sdl_window *w, bool full_screen)
{
    Uint32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;

    w->wanted_w = 720;
    w->wanted_h = 400;
    if (full_screen)
        flags |= SDL_WINDOW_FULLSCREEN_DESKTOP;
    w->full_screen = full_screen;
    w->window = SDL_CreateWindow("Umbra", SDL_WINDOWPOS_UNDEFINED,
                                 SDL_WINDOWPOS_UNDEFINED, w->wanted_w,
                                 w->wanted_h, flags);
    if (!w->window)
        return false;
    w->renderer = SDL_CreateRenderer(w->window, -1, 0);
    if (!w->renderer)
        w->renderer = SDL_CreateRenderer(w->window, -1, SDL_RENDERER_SOFTWARE);
    return w->renderer != NULL;
}

struct sdl_window *sdl_open(const struct sdl_config *config,
                            struct umbra *umbra, char *error, size_t error_size)
{
    struct sdl_window *w = calloc(1, sizeof *w);

    if (!w) {
        snprintf(error, error_size, "no window: out of memory");
        return NULL;
    }
    w->umbra = umbra;
    w->title = config->title;
    w->screenshot_name = config->screenshot_name;
    w->no_sound = config->no_sound;
    SDL_SetMainReady();
    /* Signals are the caller's. */
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0 ||
        !open_window(w, config->full_screen)) {
        snprintf(error, error_size, "no window: %s; use -display none",
                 SDL_GetError());
        sdl_close(w);
        return NULL;
    }
    /* A host without controllers is none the worse for it. */
    SDL_InitSubSystem(SDL_INIT_GAMECONTROLLER);
    SDL_EnableScreenSaver();
    SDL_StopTextInput();
    w->caption_at = SDL_GetTicks64();
    snprintf(w->speed, sizeof w->speed, "starting");
    w->counted_ns = umbra_now(umbra);
    w->counted_instructions = umbra_instructions(umbra);
    w->redraw = true;
    update_caption(w);
    return w;
}

void sdl_close(struct sdl_window *w)
{
    if (!w)
        return;
    if (w->sound.device)
        SDL_CloseAudioDevice(w->sound.device);
    for (unsigned i = 0; i < SDL_arraysize(w->pad); i++)
        if (w->pad[i])
            SDL_GameControllerClose(w->pad[i]);
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    if (w->window)
        SDL_DestroyWindow(w->window);
    typist_stop(&w->typist, type_key, w);
    free(w);
    SDL_Quit();
}

unsigned sdl_patience(const struct sdl_window *w)
{
    return w->patience;
}

bool sdl_poll(struct sdl_window *w, unsigned wait_ms)
{
    SDL_Event event;
    uint64_t now;

    if (wait_ms && SDL_WaitEventTimeout(&event, (int)wait_ms))
        on_event(w, &event);
    while (SDL_PollEvent(&event))
        on_event(w, &event);
    hand_over_mouse(w);
    typist_step(&w->typist, umbra_now(w->umbra), umbra_key_ready(w->umbra),
                type_key, w);
    now = SDL_GetTicks64();
    if (now >= w->next_frame) {
        w->next_frame = now + FRAME_MS;
        show_picture(w);
        update_caption(w);
        rest_sound(w, now);
    }
    return !w->closed;
}
