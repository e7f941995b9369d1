/* INT 10h AH=1Ch and VBE 4F04h: saving and restoring the video state. Source:
 * RBIL INT 10/AH=1Ch. The lay-out of the buffer is ours. */

#include "vga.h"

#define BLOCK 64

/* Both ways through one text: each item is stored or fetched. */
struct stream {
    uint16_t segment, offset;
    bool restore;
};

static uint8_t pass(struct stream *s, uint8_t value)
{
    uint16_t at = s->offset++;

    if (s->restore)
        return far_read8(s->segment, at);
    far_write8(s->segment, at, value);
    return value;
}

static void pass_indexed(struct stream *s, uint16_t port, uint8_t count)
{
    uint8_t i, value;

    for (i = 0; i < count; i++) {
        value = pass(s, indexed_read(port, i));
        if (s->restore)
            indexed_write(port, i, value);
    }
}

/* The CRTC's address follows bit 0 of the miscellaneous register. */
static void pass_registers(struct stream *s)
{
    uint8_t misc = pass(s, inb(MISC_READ)), i, value;
    uint16_t crtc = misc & 1 ? CRTC_COLOUR : 0x3B4;

    if (s->restore)
        outb(MISC_WRITE, misc);
    pass_indexed(s, SEQ, 5);
    if (s->restore)
        indexed_write(crtc, 0x11, 0);
    pass_indexed(s, crtc, 0x19);
    pass_indexed(s, GRC, 9);
    for (i = 0; i < 0x15; i++) {
        value = pass(s, attr_get(i));
        if (s->restore)
            attr_set(i, value);
    }
}

static void pass_bda(struct stream *s, uint8_t from, uint8_t to)
{
    for (; from <= to; from++) {
        uint8_t value = pass(s, far_read8(0x40, from));

        if (s->restore)
            far_write8(0x40, from, value);
    }
}

static void pass_vector(struct stream *s, uint8_t number)
{
    uint8_t i;

    for (i = 0; i < 4; i++) {
        uint8_t value = pass(s, far_read8(0, number * 4 + i));

        if (s->restore)
            far_write8(0, number * 4 + i, value);
    }
}

static void pass_dac(struct stream *s)
{
    uint16_t i;
    uint8_t mask = pass(s, inb(DAC_MASK));

    if (s->restore)
        outb(DAC_MASK, mask);
    outb(s->restore ? DAC_WRITE : DAC_READ, 0);
    for (i = 0; i < 768; i++) {
        if (s->restore)
            outb(DAC_DATA, pass(s, 0));
        else
            pass(s, inb(DAC_DATA));
    }
}

uint16_t state_blocks(uint16_t what)
{
    return (what & 1 ? 2 : 0) + (what & 2 ? 1 : 0) + (what & 4 ? 13 : 0);
}

void state_pass(bool restore, uint16_t what, uint16_t segment, uint16_t offset)
{
    struct stream s = {
        .segment = segment, .offset = offset, .restore = restore};

    if (what & 1) {
        pass_registers(&s);
        s.offset = offset + state_blocks(1) * BLOCK;
    }
    if (what & 2) {
        pass_bda(&s, 0x49, 0x66);
        pass_bda(&s, 0x84, 0x8A);
        pass_bda(&s, 0xA8, 0xAB);
        pass_vector(&s, 0x1F);
        pass_vector(&s, 0x43);
        s.offset = offset + state_blocks(what & 3) * BLOCK;
    }
    if (what & 4)
        pass_dac(&s);
}

void state_service(struct regs *r)
{
    if (r->al > 2 || !(r->cx & 7))
        return;
    if (r->al == 0)
        r->bx = state_blocks(r->cx);
    else
        state_pass(r->al == 2, r->cx, r->es, r->bx);
    r->al = 0x1C;
}
