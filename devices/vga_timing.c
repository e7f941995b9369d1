/* vga_timing.c - what follows from the dot clock: lines and frames, the
 * retrace bits of input status 1, the retrace interrupt, the start address
 * that is taken over at the vertical retrace.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem":
 * CRT controller, input status registers 0 and 1, vertical retrace end
 * (interrupt). Frames are counted from power-on; while a VBE mode is on, the
 * monitor is taken to show 60 frames a second with a twentieth of the lines
 * and a fifth of each line blank.
 *
 * Not modelled: the video feedback bits of input status 1 while
 * pixels are displayed (they show the overscan colour outside, as the border
 * would). */
#include "devices/vga_raster.h"

/* Not less than this per line and frame, whatever the guest left in the
 * CRTC: keeps divisions sane and costs nothing in any real mode. */
enum { MIN_LINE_NS = 1000, MIN_FRAME_LINES = 16, VBE_HERTZ = 60 };

/* Of IBM's four clocks the last two come from outside; as on many cards one of
 * them is for 132 columns. */
static const uint32_t dot_clock[4] = {25175000, 28322000, 40000000, 25175000};

static void crtc_timing(const struct vga *vga, struct vga_timing *timing)
{
    const uint8_t *crtc = vga->crtc;
    uint8_t overflow = crtc[CRTC_OVERFLOW];
    uint64_t dots = vga->seq[SEQ_CLOCKING] & CLOCKING_8_DOTS ? 8 : 9;
    uint64_t hertz = dot_clock[vga->misc >> MISC_CLOCK_SHIFT & 3];
    unsigned scale = crtc[CRTC_MODE_CONTROL] & MODE_V_DOUBLE ? 2 : 1;

    if (vga->seq[SEQ_CLOCKING] & CLOCKING_HALF)
        dots *= 2;
    timing->line_ns = (crtc[CRTC_H_TOTAL] + 5) * dots * NS_PER_SEC / hertz;
    timing->line_shown_ns =
        (crtc[CRTC_H_DISPLAY_END] + 1) * dots * NS_PER_SEC / hertz;
    timing->lines =
        (crtc[CRTC_V_TOTAL] | (overflow & 0x01) << 8 | (overflow & 0x20) << 4) +
        2;
    timing->lines_shown = vga_lines_shown(vga);
    timing->retrace_start = crtc[CRTC_V_RETRACE_START] |
                            (overflow & 0x04) << 6 | (overflow & 0x80) << 2;
    /* The end is known by its low four bits. */
    timing->retrace_end =
        (timing->retrace_start & ~0xFu) | (crtc[CRTC_V_RETRACE_END] & 0xF);
    if (timing->retrace_end <= timing->retrace_start)
        timing->retrace_end += 16;
    timing->lines *= scale;
    timing->lines_shown *= scale;
    timing->retrace_start *= scale;
    timing->retrace_end *= scale;
}

/* 54 characters of 16 dots at 16 MHz, 370 lines: what the manual's values
 * for the 6845 give. */
static const struct vga_timing hercules_timing = {
    .line_ns = 54000,
    .line_shown_ns = 45000,
    .lines = 370,
    .lines_shown = 348,
    .retrace_start = 348,
    .retrace_end = 364,
};

static void vbe_timing(const struct vga *vga, struct vga_timing *timing)
{
    uint32_t shown = vga->dispi[DISPI_YRES];

    timing->lines_shown = shown;
    timing->lines = shown + shown / 20 + 8;
    timing->retrace_start = shown + 2;
    timing->retrace_end = shown + 5;
    timing->line_ns = NS_PER_SEC / VBE_HERTZ / timing->lines;
    timing->line_shown_ns = timing->line_ns * 4 / 5;
}

/* ---- input status 1 */

/* Two of the eight bits that go to the DAC, as the colour plane enable
 * register chooses: bits 2 and 0, 5 and 4, 3 and 1, 7 and 6. */
static uint8_t feedback(const struct vga *vga)
{
    static const uint8_t high[4] = {2, 5, 3, 7}, low[4] = {0, 4, 1, 6};
    unsigned mux = vga->attr[ATTR_PLANES] >> 4 & 3;
    uint8_t border = vga->attr[ATTR_OVERSCAN];

    return (uint8_t)((border >> high[mux] & 1) << 5 | (border >> low[mux] & 1)
                                                          << 4);
}

/* Bit 0: not displaying. Bit 3: vertical retrace. */
uint8_t vga_input_status1(const struct vga *vga)
{
    const struct vga_timing *timing = &vga->timing;
    uint64_t in_frame = sched_now(vga->sched) % timing->frame_ns;
    uint64_t line = in_frame / timing->line_ns;
    uint64_t in_line = in_frame % timing->line_ns;
    uint8_t status = 0;

    if (line >= timing->lines_shown || in_line >= timing->line_shown_ns)
        status |= 0x01 | feedback(vga);
    if (line >= timing->retrace_start && line < timing->retrace_end)
        status |= 0x08;
    return status;
}

/* ---- vertical retrace: interrupt and start address */

static uint64_t retrace_offset(const struct vga *vga)
{
    return min_u64(vga->timing.retrace_start, vga->timing.lines - 1) *
           vga->timing.line_ns;
}

uint64_t vga_retraces(const struct vga *vga, uint64_t now)
{
    return (now + vga->timing.frame_ns - retrace_offset(vga)) /
           vga->timing.frame_ns;
}

bool vga_retrace_pending(const struct vga *vga)
{
    return vga->crtc[CRTC_V_RETRACE_END] & RETRACE_NOT_CLEAR &&
           vga_retraces(vga, sched_now(vga->sched)) != vga->retrace_cleared;
}

static bool interrupt_enabled(const struct vga *vga)
{
    return (vga->crtc[CRTC_V_RETRACE_END] &
            (RETRACE_NOT_CLEAR | RETRACE_NO_IRQ)) == RETRACE_NOT_CLEAR;
}

/* A wire that leads nowhere needs no event. */
void vga_retrace_arm(struct vga *vga)
{
    uint64_t now = sched_now(vga->sched);
    bool raised = interrupt_enabled(vga) && vga_retrace_pending(vga);

    irq_set(&vga->retrace_irq, raised);
    if (!vga->retrace_irq.handler || !interrupt_enabled(vga) || raised)
        event_cancel(vga->sched, &vga->retrace_event);
    else
        event_arm(vga->sched, &vga->retrace_event,
                  vga_retraces(vga, now) * vga->timing.frame_ns +
                      retrace_offset(vga));
}

void vga_retrace_fire(void *opaque)
{
    vga_retrace_arm(opaque);
}

/* While bit 4 is clear the flip-flop is held clear. */
void vga_retrace_control(struct vga *vga, uint8_t before)
{
    uint8_t risen = vga->crtc[CRTC_V_RETRACE_END] & ~before;

    if (risen & RETRACE_NOT_CLEAR)
        vga->retrace_cleared = vga_retraces(vga, sched_now(vga->sched));
    vga_retrace_arm(vga);
}

void vga_start_changes(struct vga *vga)
{
    struct vga_start *start = &vga->start;
    uint64_t retrace = vga_retraces(vga, sched_now(vga->sched));

    if (start->at[0] == retrace)
        return;
    start->at[1] = start->at[0];
    start->was[1] = start->was[0];
    start->at[0] = retrace;
    start->was[0] = vga_start_register(vga);
}

uint16_t vga_start_at(const struct vga *vga, uint64_t retrace)
{
    const struct vga_start *start = &vga->start;

    if (retrace > start->at[0])
        return vga_start_register(vga);
    return retrace > start->at[1] ? start->was[0] : start->was[1];
}

uint16_t vga_start_shown(const struct vga *vga, uint64_t now)
{
    uint64_t begin = now - now % vga->timing.frame_ns;

    return vga_start_at(vga, vga_retraces(vga, begin));
}

/* ---- changes */

/* Frames and retraces are counted in another way from now on. */
static void renumber(struct vga *vga, const struct vga_timing *timing)
{
    uint64_t now = sched_now(vga->sched);
    bool pending = vga->timing.frame_ns && vga_retrace_pending(vga);

    vga->timing = *timing;
    vga->retrace_cleared = vga_retraces(vga, now) - pending;
    vga->start = (struct vga_start){0};
}

void vga_update_timing(struct vga *vga)
{
    struct vga_timing timing = {0};

    if (vga_dispi_on(vga))
        vbe_timing(vga, &timing);
    else if (vga_hercules_on(vga))
        timing = hercules_timing;
    else
        crtc_timing(vga, &timing);
    if (timing.line_ns < MIN_LINE_NS)
        timing.line_ns = MIN_LINE_NS;
    if (timing.lines < MIN_FRAME_LINES)
        timing.lines = MIN_FRAME_LINES;
    timing.frame_ns = timing.line_ns * timing.lines;
    if (memcmp(&timing, &vga->timing, sizeof timing) == 0)
        return;
    renumber(vga, &timing);
    vga->picture++;
    vga_raster_break(vga);
    vga_retrace_arm(vga);
}
