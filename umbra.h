/* umbra.h - the public interface of Umbra, an x86 PC in a library.
 *
 * A `struct umbra` is one PC. Create it from a configuration, let it run in
 * slices, feed it keys and serial bytes, look at its picture. The library
 * prints nothing, never exits, reads no environment and starts no threads;
 * only umbra_stop may be called from another thread or a signal handler.
 *
 * Time: the PC's clock counts nanoseconds since power-on. UMBRA_CLOCK_VIRTUAL
 * derives it from the instructions executed and the ports accessed (500 ns
 * each; an idle CPU jumps to the next event): equal input gives an equal run.
 * UMBRA_CLOCK_HOST takes it from the host's clock callback; the library never
 * sleeps, it returns UMBRA_IDLE and umbra_idle_for() says how long the host
 * may. */
#ifndef UMBRA_H
#define UMBRA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct umbra;

/* ------------------------------------------------------- configuration */

enum umbra_clock { UMBRA_CLOCK_VIRTUAL, UMBRA_CLOCK_HOST };

/* CACHED keeps translations of each address space across CR3 loads; FLUSH
 * empties them at every CR3 load and INVLPG (for comparison). */
enum umbra_mmu { UMBRA_MMU_CACHED, UMBRA_MMU_FLUSH };

/* What executes guest code: the default is the JIT where the host has one;
 * asking for it elsewhere is an error. */
enum umbra_accel { UMBRA_ACCEL_DEFAULT, UMBRA_ACCEL_INTERP, UMBRA_ACCEL_JIT };

enum umbra_drive {
    UMBRA_FDA,
    UMBRA_FDB,
    UMBRA_HDA, /* first IDE channel, master */
    UMBRA_HDB,
    UMBRA_HDC, /* second IDE channel, master: the usual CD-ROM */
    UMBRA_HDD,
    UMBRA_DRIVES
};
enum { UMBRA_FLASHES = 2, UMBRA_SERIAL_PORTS = 4, UMBRA_PARALLEL_PORTS = 3 };

/* How INT 13h makes a hard disk's cylinders fewer than 1024: by what the
 * partition table says, not at all, ... */
enum umbra_translation {
    UMBRA_TRANSLATION_AUTO,
    UMBRA_TRANSLATION_NONE,
    UMBRA_TRANSLATION_LBA,
    UMBRA_TRANSLATION_LARGE,
    UMBRA_TRANSLATION_RECHS
};

/* Bytes that the caller keeps until umbra_destroy. */
struct umbra_blob {
    const void *data;
    size_t size;
};

/* What is in a drive at power-on. A floppy or CD-ROM drive may be empty
 * (path NULL); a hard disk without path is not there. */
struct umbra_media {
    const char *path;
    bool cdrom; /* HDA..HDD: a CD-ROM drive instead of a disk */
    bool read_only;
    bool snapshot;      /* writes go to a temporary file and are thrown away */
    const char *format; /* "raw", "qcow2"; NULL: by the first bytes */
    /* A raw image itself instead of a file: `path` is only its name. The
     * guest can write to it with `snapshot`. */
    struct umbra_blob memory;
    /* Hard disks: what the drive says of itself, all three or none (0), and
     * how the firmware shows it to programs. */
    uint16_t cylinders;
    uint8_t heads, sectors;
    enum umbra_translation translation;
};

/* initrd for Linux (the first one), modules for Multiboot. */
struct umbra_module {
    struct umbra_blob image;
    const char *cmdline; /* Multiboot; may be NULL */
    const char *name;    /* for messages */
};

/* A file that goes to an address as it is. */
struct umbra_raw {
    struct umbra_blob image;
    const char *name; /* for messages */
    uint64_t address;
};

enum { UMBRA_MAX_RAW = 16, UMBRA_MAX_MODULES = 16, UMBRA_MAX_OPTION_ROMS = 8 };

/* The boot menu, F12 while the firmware starts. KEY: only if it was pressed by
 * the time of booting; ON: the firmware asks and waits. */
enum umbra_boot_menu { UMBRA_MENU_KEY, UMBRA_MENU_OFF, UMBRA_MENU_ON };

/* Strings, too, the caller keeps until umbra_destroy. */
struct umbra_config {
    uint64_t ram_bytes;        /* 1 MiB .. what the host gives */
    struct umbra_blob bios;    /* 64 KiB .. 16 MiB, multiple of 4 KiB */
    struct umbra_blob vgabios; /* up to 64 KiB; may be empty */
    /* Flash chips instead of `bios`: unit 0 ends at 4 GiB, unit 1 lies
     * below. What firmware programs is kept in the file. */
    struct umbra_media flash[UMBRA_FLASHES];
    const char *boot_order; /* letters of "acdn"; NULL = cad, as there */
    const char *boot_once;  /* the order of the first start; may be NULL */
    enum umbra_boot_menu boot_menu;
    unsigned boot_menu_ms;  /* it waits so long; 0: 2500 */
    unsigned boot_retry_ms; /* nothing boots: restart after that; 0: never */
    struct umbra_module option_roms[UMBRA_MAX_OPTION_ROMS];
    unsigned option_rom_count;
    struct umbra_media media[UMBRA_DRIVES];

    /* Direct load: bzImage, Multiboot or ELF; the format is recognised.
     * With UEFI firmware: a program for that, as a Linux kernel is one. */
    struct umbra_blob kernel;
    const char *kernel_name; /* for messages */
    const char *cmdline;
    struct umbra_module modules[UMBRA_MAX_MODULES];
    unsigned module_count;
    unsigned linux_entry; /* 16, 32 or 64 */
    /* Beside the kernel, or instead of one: then entered at raw_entry
     * (UINT64_MAX, the default: where the first begins) as code of raw_mode
     * bits (0: 16 below 1 MiB, else 32). */
    struct umbra_raw raw[UMBRA_MAX_RAW];
    unsigned raw_count;
    unsigned raw_mode;
    uint64_t raw_entry;

    enum umbra_clock clock;
    unsigned icount_shift; /* instruction = 2^shift ns, default 2 */
    uint64_t random_seed;  /* where the numbers of RDRAND begin */
    int64_t rtc_base;      /* seconds since 1970 shown at power-on */
    bool rtc_slew;         /* make up for missed interrupts of the clock */
    enum umbra_mmu mmu;
    enum umbra_accel accel;
    uint64_t jit_cache; /* bytes of the code cache, 0: default */
    /* Processor: "MODEL,+feature,-feature"; NULL = the default model. */
    const char *cpu;
    bool strict;     /* count what hardware would not forgive */
    bool pc_testdev; /* the test device of conformance ROMs */
    bool no_display; /* no video card; umbra_frame is black */
    /* Bit n: COM n + 1, LPT n + 1 is there (default all, the first); a
     * printer is connected to LPT n + 1 (default none). */
    uint8_t serial_ports, parallel_ports, printers;
    /* Characters take the time of their bits instead of 2 us. */
    bool serial_bit_times;
    /* Port that ends the run and its width; 0: F4h, 4 bytes. */
    uint16_t exit_port, exit_size;
    bool no_reboot;    /* a reset stops the run */
    uint64_t log_mask; /* from umbra_log_parse */
};

/* What the PC asks of its host; any callback may be NULL. */
struct umbra_host {
    void *opaque;
    /* One line of the log, without newline. */
    void (*log)(void *opaque, const char *category, const char *line);
    /* A byte left serial port `port` (0 = COM1). */
    void (*serial)(void *opaque, unsigned port, uint8_t byte);
    /* Serial port `port` takes input again, see umbra_serial_input. */
    void (*serial_room)(void *opaque, unsigned port);
    /* Its outputs changed: UMBRA_SERIAL_DTR, _RTS, _BREAK. */
    void (*serial_lines)(void *opaque, unsigned port, unsigned lines);
    /* The printer at parallel port `port` (0 = LPT1) got a byte. */
    void (*parallel)(void *opaque, unsigned port, uint8_t byte);
    /* Monotonic nanoseconds; needed for UMBRA_CLOCK_HOST. */
    uint64_t (*clock)(void *opaque);
    /* The speaker's tone changed; 0 = silent. */
    void (*speaker)(void *opaque, unsigned hertz);
    /* A line that is worth showing though nobody asked for a log: what led
     * to a triple fault. */
    void (*report)(void *opaque, const char *line);
    /* Guest code at `rip` was translated to `size` bytes at `host`. */
    void (*translated)(void *opaque, uint64_t host, size_t size, uint64_t rip);
};

enum { UMBRA_ERROR_SIZE = 512 };

/* 128 MiB, boot "cad", entry 16, virtual clock, drives empty, no BIOS. */
void umbra_config_default(struct umbra_config *config);

/* Power on. NULL on failure, `error` then holds "FILE: reason; remedy". */
struct umbra *umbra_create(const struct umbra_config *config,
                           const struct umbra_host *host,
                           char error[UMBRA_ERROR_SIZE]);
/* Power off; what the guest wrote is flushed to the images. Returns false
 * with a message when the host could not take it. */
bool umbra_destroy(struct umbra *u, char error[UMBRA_ERROR_SIZE]);

const char *umbra_version(void);

/* ------------------------------------------------------------- running */

enum umbra_reason {
    UMBRA_BUDGET,       /* the time asked for has passed */
    UMBRA_IDLE,         /* host clock: nothing to do, see umbra_idle_for */
    UMBRA_STOPPED,      /* umbra_stop was called */
    UMBRA_POWER_OFF,    /* the guest switched off (ACPI S5) */
    UMBRA_RESET,        /* the guest reset the PC, under no_reboot */
    UMBRA_TRIPLE_FAULT, /* the CPU shut down, under no_reboot */
    UMBRA_DEBUG_EXIT,   /* port 0xF4, see umbra_exit_status */
    UMBRA_HOST_ERROR    /* e.g. the host's disk is full, see umbra_error */
};

/* Run for `ns` nanoseconds of the PC's clock or until something else is to
 * be told. After POWER_OFF .. HOST_ERROR running again has no effect until
 * umbra_reset. */
enum umbra_reason umbra_run(struct umbra *u, uint64_t ns);
/* Make umbra_run return soon. Any thread, also signal handlers. */
void umbra_stop(struct umbra *u);
/* The reset button. */
void umbra_reset(struct umbra *u);
/* Short press of the power button (ACPI event). */
void umbra_power_button(struct umbra *u);

uint64_t umbra_now(const struct umbra *u);          /* PC's clock, ns */
uint64_t umbra_instructions(const struct umbra *u); /* executed so far */
/* Nanoseconds until the halted CPU has something to do; 0 = it is busy. */
uint64_t umbra_idle_for(const struct umbra *u);
/* Nanoseconds so far in which the CPU was halted. */
uint64_t umbra_idle_total(const struct umbra *u);
/* Exit status after DEBUG_EXIT: value * 2 + 1. */
unsigned umbra_exit_status(const struct umbra *u);
/* Text after HOST_ERROR: "FILE: reason; remedy". */
const char *umbra_error(const struct umbra *u);

/* --------------------------------------------------------------- input */

/* A key went down or up. `code` is the AT set-1 make code, keys with an E0
 * prefix as 0xE0xx: 0x1E = A, 0xE048 = cursor up, 0xE11D = Pause,
 * 0xE037 = Print Screen. Down again without up is typematic repeat: the
 * keyboard repeats by itself, so hosts suppress their own repeats. */
void umbra_key(struct umbra *u, unsigned code, bool down);
/* Room for at least one more key in the keyboard's buffer. */
bool umbra_key_ready(const struct umbra *u);
/* Keyboard LEDs: bit 0 scroll, 1 num, 2 caps. */
unsigned umbra_leds(const struct umbra *u);

enum {
    UMBRA_BUTTON_LEFT = 1,
    UMBRA_BUTTON_RIGHT = 2,
    UMBRA_BUTTON_MIDDLE = 4,
    UMBRA_BUTTON_BACK = 8, /* at the side */
    UMBRA_BUTTON_FORWARD = 16
};
/* The mouse moved by (dx, dy), y downwards, wheel by dz, away negative. */
void umbra_pointer(struct umbra *u, int dx, int dy, int dz, unsigned buttons);

/* Offer bytes to serial port `port`; returns how many it took. */
size_t umbra_serial_input(struct umbra *u, unsigned port, const void *data,
                          size_t size);
/* The other end takes no bytes for now: the port waits, none is lost. */
void umbra_serial_hold(struct umbra *u, unsigned port, bool hold);
/* A port's outputs, and inputs (those that are up; at first all but RI). */
enum {
    UMBRA_SERIAL_DTR = 0x01,
    UMBRA_SERIAL_RTS = 0x02,
    UMBRA_SERIAL_BREAK = 0x40,
    UMBRA_SERIAL_CTS = 0x10,
    UMBRA_SERIAL_DSR = 0x20,
    UMBRA_SERIAL_RI = 0x40,
    UMBRA_SERIAL_DCD = 0x80
};
void umbra_serial_modem(struct umbra *u, unsigned port, unsigned lines);
/* Send a break; false if the port has no room for it now. */
bool umbra_serial_break(struct umbra *u, unsigned port);
/* The printer takes no bytes for now. */
void umbra_parallel_hold(struct umbra *u, unsigned port, bool hold);

/* Joystick 0 or 1 of the game port: x and y from -32768 (left, up) to 32767,
 * buttons in bits 0 and 1. At first none is connected. */
void umbra_joystick(struct umbra *u, unsigned stick, bool connected, int x,
                    int y, unsigned buttons);

/* --------------------------------------------------------------- media */

/* What a file is, judged by its first bytes and its size. */
enum umbra_image {
    UMBRA_IMAGE_UNKNOWN,
    UMBRA_IMAGE_FLOPPY,
    UMBRA_IMAGE_BOOT_SECTOR, /* and what follows it, less than a floppy */
    UMBRA_IMAGE_DISK,        /* boot sector, more than a floppy's size; qcow2 */
    UMBRA_IMAGE_CDROM,       /* ISO 9660 */
    UMBRA_IMAGE_LINUX,       /* bzImage or zImage */
    UMBRA_IMAGE_MULTIBOOT,   /* Multiboot 1 or 2 header, ELF or addresses */
    UMBRA_IMAGE_ELF,         /* ELF32 or ELF64 without such a header */
    UMBRA_IMAGE_EFI          /* PE application for UEFI */
};
enum { UMBRA_IDENTIFY_SIZE = 0x9000 };
/* `head` holds the first head_size bytes (up to UMBRA_IDENTIFY_SIZE). */
enum umbra_image umbra_identify(const void *head, size_t head_size,
                                uint64_t file_size);
/* "floppy image", "Linux kernel" ... */
const char *umbra_image_name(enum umbra_image image);

/* Change a floppy or CD while the PC runs. False with a message. */
bool umbra_insert(struct umbra *u, enum umbra_drive drive,
                  const struct umbra_media *media,
                  char error[UMBRA_ERROR_SIZE]);
bool umbra_eject(struct umbra *u, enum umbra_drive drive,
                 char error[UMBRA_ERROR_SIZE]);
/* The same with a pin in the hole of a drive that the guest has locked, where
 * umbra_insert and umbra_eject fail (and tell the guest of the wish). */
bool umbra_force_eject(struct umbra *u, enum umbra_drive drive,
                       char error[UMBRA_ERROR_SIZE]);
/* "fda" .. "hdd", "cdrom" -> drive; UMBRA_DRIVES when unknown. */
enum umbra_drive umbra_drive_by_name(const char *name);
/* Counts accesses to drive, for activity lights. */
uint64_t umbra_drive_activity(const struct umbra *u, enum umbra_drive drive);

/* -------------------------------------------------------------- output */

/* The picture as it is now: 0x00RRGGBB, row y starts at pixels[y * stride].
 * The pixels belong to the PC and are valid until the next call that takes
 * it without const. A monitor would show it with the shape aspect_w :
 * aspect_h. `changed` tells whether it differs from the frame before, rows
 * [first_row, last_row] then cover the difference; changed_rows has a byte
 * for each row of the picture, not 0 where it differs. */
struct umbra_frame {
    const uint32_t *pixels;
    unsigned width, height, stride;
    unsigned aspect_w, aspect_h;
    bool changed;
    bool resized;
    unsigned first_row, last_row;
    const uint8_t *changed_rows;
};
void umbra_frame(struct umbra *u, struct umbra_frame *frame);

/* The text window that is on display as UTF-8 lines, trailing blanks cut;
 * empty in graphics modes. Like snprintf: at most `size` bytes with the
 * final NUL are written, the length needed is returned. */
size_t umbra_screen_text(struct umbra *u, char *text, size_t size);

/* ---------------------------------------------------------- inspection */

/* Hash over CPU, RAM and every part: equal runs have equal hashes. */
uint64_t umbra_state_hash(struct umbra *u);
/* All counters as one JSON object; like snprintf. */
size_t umbra_stats(struct umbra *u, char *json, size_t size);
/* Guest memory without side effects; holes and devices read as 0xFF. */
void umbra_peek(struct umbra *u, uint64_t address, void *data, size_t size);
/* "rax", "rip", "cs", "eflags", "cr3" ...; false when unknown. */
bool umbra_get_register(const struct umbra *u, const char *name,
                        uint64_t *value);
/* Name of register n, for listing; NULL past the last. */
const char *umbra_register_name(unsigned n);
/* Drop everything derived (translations, decoded code): the guest must not
 * notice. For tests. */
void umbra_drop_derived(struct umbra *u);
/* Called for each part: its id, a description, and "field = value" lines. */
void umbra_each_device(struct umbra *u,
                       void (*put)(void *opaque, const char *id,
                                   const char *description, const char *line),
                       void *opaque);

/* The counts of umbra_config.strict as a table, through host.report. */
void umbra_strict_report(struct umbra *u);

/* ----------------------------------------------------------- processor */

/* Whether umbra_config.cpu may be this; false with "reason; remedy". */
bool umbra_cpu_check(const char *cpu, char error[UMBRA_ERROR_SIZE]);
/* Model n and what it is; NULL past the last. */
const char *umbra_cpu_model(unsigned n, const char **help);
/* Feature n; NULL past the last. */
const char *umbra_cpu_feature(unsigned n);

/* ----------------------------------------------------------------- log */

/* Mask of "cpu,pit" or "all"; 0 = unknown word, *bad points at it. */
uint64_t umbra_log_parse(const char *list, const char **bad);
/* Category n and what it tells, for -d help; NULL past the last. */
const char *umbra_log_name(unsigned n, const char **help);

#ifdef __cplusplus
}
#endif

#endif
