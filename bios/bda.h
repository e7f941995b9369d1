/* The BIOS data area at 0040:0000, IBM PS/2 and PC BIOS Interface Technical
 * Reference, section 3; RBIL MEMORY.LST. */
#ifndef BDA_H
#define BDA_H

#include "bios.h"

struct bda {
    uint16_t com_port[4];       /* 00 */
    uint16_t lpt_port[3];       /* 08 */
    uint16_t ebda_segment;      /* 0E */
    uint16_t equipment;         /* 10 */
    uint8_t post_status;        /* 12 */
    uint16_t memory_kib;        /* 13 */
    uint8_t reserved15[2];      /* 15 */
    uint8_t kbd_flags0;         /* 17 shift states */
    uint8_t kbd_flags1;         /* 18 keys held */
    uint8_t kbd_keypad;         /* 19 Alt-digits so far */
    uint16_t kbd_head;          /* 1A next to read */
    uint16_t kbd_tail;          /* 1C next to write */
    uint16_t kbd_buffer[16];    /* 1E */
    uint8_t fdc_recalibrated;   /* 3E bits 0-1 drives, bit 7 IRQ seen */
    uint8_t fdc_motor;          /* 3F */
    uint8_t fdc_motor_ticks;    /* 40 */
    uint8_t fdc_status;         /* 41 */
    uint8_t fdc_result[7];      /* 42 */
    uint8_t video_mode;         /* 49 */
    uint16_t video_columns;     /* 4A */
    uint16_t video_page_size;   /* 4C */
    uint16_t video_page_start;  /* 4E */
    uint16_t cursor[8];         /* 50 column, row << 8 */
    uint16_t cursor_shape;      /* 60 end, start << 8 */
    uint8_t video_page;         /* 62 */
    uint16_t crtc_port;         /* 63 */
    uint8_t crt_mode;           /* 65 last value of 3D8 */
    uint8_t crt_palette;        /* 66 last value of 3D9 */
    uint32_t resume_vector;     /* 67 shutdown codes 5 and 0A */
    uint8_t last_interrupt;     /* 6B */
    uint32_t ticks;             /* 6C */
    uint8_t midnight;           /* 70 */
    uint8_t ctrl_break;         /* 71 bit 7 */
    uint16_t reset_flag;        /* 72 1234h = warm */
    uint8_t hd_status;          /* 74 */
    uint8_t hd_count;           /* 75 */
    uint8_t hd_control;         /* 76 */
    uint8_t hd_port_offset;     /* 77 */
    uint8_t lpt_timeout[4];     /* 78 */
    uint8_t com_timeout[4];     /* 7C */
    uint16_t kbd_buffer_start;  /* 80 */
    uint16_t kbd_buffer_end;    /* 82 */
    uint8_t video_rows_minus1;  /* 84 */
    uint16_t char_height;       /* 85 */
    uint8_t video_control;      /* 87 */
    uint8_t video_switches;     /* 88 */
    uint8_t video_flags;        /* 89 */
    uint8_t dcc_index;          /* 8A */
    uint8_t fdc_rate;           /* 8B last data rate in bits 6-7 */
    uint8_t hd_ctrl_status;     /* 8C */
    uint8_t hd_ctrl_error;      /* 8D */
    uint8_t hd_interrupt;       /* 8E FFh when IRQ 14 came */
    uint8_t fdc_drive_info;     /* 8F */
    uint8_t fdc_media[2];       /* 90 */
    uint8_t fdc_media_start[2]; /* 92 */
    uint8_t fdc_track[2];       /* 94 */
    uint8_t kbd_flags2;         /* 96 E0/E1 seen, 101 keys */
    uint8_t kbd_leds;           /* 97 */
    uint32_t wait_flag;         /* 98 far address of the user's flag */
    uint32_t wait_count;        /* 9C microseconds left */
    uint8_t wait_active;        /* A0 */
    uint8_t reserveda1[7];      /* A1 */
    uint32_t video_save_ptr;    /* A8 */
} PACKED;

_Static_assert(offsetof(struct bda, video_mode) == 0x49, "RBIL");
_Static_assert(offsetof(struct bda, resume_vector) == 0x67, "RBIL");
_Static_assert(offsetof(struct bda, video_rows_minus1) == 0x84, "RBIL");
_Static_assert(offsetof(struct bda, video_save_ptr) == 0xA8, "RBIL");

/* Extended BIOS data area, offsets as RBIL MEMORY.LST gives for PS/2. */
struct ebda {
    uint8_t size_kib;         /* 00 */
    uint8_t reserved01[0x21]; /* 01 */
    uint32_t mouse_handler;   /* 22 far address */
    uint8_t mouse_index;      /* 26 bytes of the packet so far */
    uint8_t mouse_size;       /* 27 bit 7 handler set, bits 0-2 size - 1 */
    uint8_t mouse_packet[8];  /* 28 */
    uint8_t reserved30[0xD];  /* 30 */
    uint8_t fdpt[2][16];      /* 3D INT 41h and INT 46h tables */
} PACKED;

_Static_assert(offsetof(struct ebda, fdpt) == 0x3D, "RBIL");

#endif
