/* vga_raster.c - notes of register changes, see vga_raster.h.
 *
 * Not modelled: changes within the displayed part of a line take effect at its
 * start; changes of video memory are not noted, the picture has them where it
 * is drawn. */
#include "devices/vga_raster.h"

#include <stddef.h>
#include <stdlib.h>

/* Enough for all colours of a text palette on every line. */
enum { MAX_NOTES = 8192 };

struct note {
    uint16_t line;
    uint16_t offset; /* of the byte in struct vga */
    uint8_t old, value;
};

/* One frame. `follows`: the frame before had changes on its displayed lines,
 * too. `full`: there were more than fit, the notes are of no use. */
struct vga_raster_log {
    uint64_t frame;
    unsigned count, displayed;
    bool follows, full;
    struct note notes[MAX_NOTES];
};

struct vga_raster {
    struct vga_raster_log log[2];
    unsigned current;
};

struct vga_raster *vga_raster_create(void)
{
    return calloc(1, sizeof(struct vga_raster));
}

void vga_raster_destroy(struct vga_raster *raster)
{
    free(raster);
}

void vga_raster_break(struct vga *vga)
{
    for (unsigned i = 0; i < 2; i++) {
        vga->raster->log[i].count = vga->raster->log[i].displayed = 0;
        vga->raster->log[i].full = false;
        vga->raster->log[i].follows = false;
    }
}

static struct vga_raster_log *log_of(struct vga_raster *raster, uint64_t frame)
{
    struct vga_raster_log *before = &raster->log[raster->current];
    struct vga_raster_log *log;

    if (before->frame == frame)
        return before;
    raster->current ^= 1;
    log = &raster->log[raster->current];
    log->frame = frame;
    log->count = log->displayed = 0;
    log->full = false;
    log->follows = before->frame + 1 == frame && before->displayed;
    return log;
}

static void note(struct vga *vga, const uint8_t *reg, uint8_t value)
{
    const struct vga_timing *timing = &vga->timing;
    uint64_t now = sched_now(vga->sched);
    struct vga_raster_log *log = log_of(vga->raster, now / timing->frame_ns);
    uint64_t in_frame = now % timing->frame_ns;
    unsigned line = (unsigned)(in_frame / timing->line_ns);

    if (in_frame % timing->line_ns >= timing->line_shown_ns)
        line++; /* blank: too late for this one */

    if (log->count == MAX_NOTES) {
        log->full = true;
        return;
    }
    if (line < timing->lines_shown)
        log->displayed++;
    log->notes[log->count++] = (struct note){
        (uint16_t)line, (uint16_t)(reg - (uint8_t *)vga), *reg, value};
}

void vga_raster_set(struct vga *vga, uint8_t *reg, uint8_t value)
{
    if (*reg == value)
        return;
    note(vga, reg, value);
    *reg = value;
    vga->picture++;
}

/* ---- drawing */

static void take_back(const struct vga_raster_log *log, struct vga *view)
{
    for (unsigned i = log->count; i > 0; i--)
        ((uint8_t *)view)[log->notes[i - 1].offset] = log->notes[i - 1].old;
}

bool vga_replay_begin(struct vga_replay *replay, const struct vga *vga,
                      uint64_t now, struct vga *view)
{
    const struct vga_raster *raster = vga->raster;
    uint64_t frame = now / vga->timing.frame_ns;
    const struct vga_raster_log *log = &raster->log[raster->current];
    const struct vga_raster_log *later = NULL;

    if (log->count && log->frame == frame) {
        later = log;
        log = &raster->log[raster->current ^ 1];
    }
    if (log->frame + 1 != frame || !log->follows || !log->displayed ||
        log->full || (later && later->full))
        return false;
    *view = *vga;
    if (later)
        take_back(later, view);
    take_back(log, view);
    *replay = (struct vga_replay){log, log->frame, 0};
    return true;
}

bool vga_replay_line(struct vga_replay *replay, struct vga *view, unsigned line)
{
    const struct vga_raster_log *log = replay->log;
    unsigned first = replay->next;

    for (; replay->next < log->count; replay->next++) {
        const struct note *note = &log->notes[replay->next];
        if (note->line > line)
            break;
        ((uint8_t *)view)[note->offset] = note->value;
    }
    return replay->next != first;
}
