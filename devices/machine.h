/* machine.h - the board: creates the parts, wires them, runs them.
 *
 * Everything hangs from struct machine; two boards can run in one process.
 * machine.c builds the board, machine_run.c lets time pass,
 * machine_media.c handles drives, machine_stats.c counts and hashes. */
#ifndef UMBRA_MACHINE_H
#define UMBRA_MACHINE_H

#include "cpu/cpu.h"
#include "devices/boot.h"
#include "devices/core/base.h"
#include "devices/core/log.h"
#include "mmu/mmu.h"

struct machine;
struct vga_frame;

enum {
    MACHINE_DRIVES = 6,
    MACHINE_FLASHES = 2,
    MACHINE_OPTION_ROMS = 8,
    MACHINE_ERROR_SIZE = 512
};

enum { MACHINE_UARTS = 4, MACHINE_PARALLELS = 3 };

/* ORDER: as enum umbra_drive. */
enum machine_drive {
    DRIVE_FDA,
    DRIVE_FDB,
    DRIVE_HDA,
    DRIVE_HDB,
    DRIVE_HDC,
    DRIVE_HDD
};

struct machine_media {
    const char *path; /* NULL: empty, or no disk */
    bool cdrom, read_only, snapshot;
    const char *format; /* NULL: by the file's first bytes */
    uint16_t cylinders; /* 0: as many as the disk's size makes */
    uint8_t heads, sectors;
    uint8_t translation; /* 0 auto, 1 none, 2 LBA, 3 LARGE, 4 RECHS */
    const void *memory;  /* instead of the file; `path` is its name then */
    size_t memory_size;
};

/* What the board asks of its host; may be NULL but for `clock` with
 * host_time. */
struct machine_host {
    log_sink *log;
    void (*serial)(void *opaque, unsigned port, uint8_t byte);
    void (*serial_room)(void *opaque, unsigned port);
    void (*serial_lines)(void *opaque, unsigned port, unsigned lines);
    void (*parallel)(void *opaque, unsigned port, uint8_t byte);
    uint64_t (*clock)(void *opaque); /* ns */
    void (*tone)(void *opaque, uint32_t millihertz);
    void *opaque;
    void (*report)(void *opaque, const char *line); /* may be NULL */
    void (*translated)(void *opaque, uint64_t host, size_t size,
                       uint64_t rip); /* may be NULL */
};

/* Pointers must outlive the board, but for media paths. */
struct machine_config {
    uint64_t ram_bytes;
    const uint8_t *bios, *vgabios;
    size_t bios_size, vgabios_size;
    const char *boot_order, *boot_once;
    bool boot_menu, no_boot_menu;
    unsigned boot_menu_ms, boot_retry_ms;
    struct boot_blob option_rom[MACHINE_OPTION_ROMS];
    unsigned option_roms;
    struct machine_media media[MACHINE_DRIVES];
    struct machine_media flash[MACHINE_FLASHES]; /* instead of `bios` */
    struct boot_request boot; /* kernel.data NULL: no direct load */
    bool host_time;
    unsigned icount_shift;
    uint64_t random_seed;
    int64_t rtc_base;
    bool rtc_slew;
    enum mmu_policy mmu_policy;
    enum cpu_accel accel;
    uint64_t jit_cache;
    const char *cpu; /* model and features; NULL: the default */
    bool pc_testdev;
    bool no_display;                      /* no video card */
    uint8_t serial_ports, parallel_ports; /* bit n: port n is there */
    uint8_t printers;                     /* bit n: at parallel port n is one */
    bool serial_bit_times;                /* characters take their time */
    bool strict;                          /* count what lax emulators forgive */
    uint16_t exit_port, exit_size;        /* 0: as debugport.h */
    bool no_reboot;
    uint64_t log_mask;
    struct machine_host host;
};

/* NULL with one line "NAME: reason; remedy" in error[]. */
struct machine *machine_create(const struct machine_config *config,
                               char error[MACHINE_ERROR_SIZE]);
/* False with a message when disks could not be flushed. */
bool machine_destroy(struct machine *machine, char error[MACHINE_ERROR_SIZE]);

/* ---- running (machine_run.c) */
enum machine_stop {
    MACHINE_BUDGET,
    MACHINE_IDLE, /* host time only */
    MACHINE_STOPPED,
    MACHINE_POWER_OFF,
    MACHINE_RESET,        /* under no_reboot */
    MACHINE_TRIPLE_FAULT, /* under no_reboot */
    MACHINE_DEBUG_EXIT,
    MACHINE_HOST_ERROR
};

enum machine_stop machine_run(struct machine *machine, uint64_t ns);
void machine_reset(struct machine *machine);
/* Any thread, signal handlers. */
void machine_request_stop(struct machine *machine);
uint64_t machine_now(const struct machine *machine);
uint64_t machine_instructions(const struct machine *machine);
uint64_t machine_idle_for(const struct machine *machine);
uint64_t machine_idle_total(const struct machine *machine);
unsigned machine_exit_status(const struct machine *machine);
const char *machine_error(const struct machine *machine);
void machine_power_button(struct machine *machine);

/* ---- input and output */
void machine_key(struct machine *machine, unsigned code, bool down);
bool machine_key_ready(const struct machine *machine);
unsigned machine_leds(const struct machine *machine);
void machine_pointer(struct machine *machine, int dx, int dy, int dz,
                     unsigned buttons);
size_t machine_serial_input(struct machine *machine, unsigned port,
                            const void *data, size_t size);
void machine_serial_hold(struct machine *machine, unsigned port, bool hold);
void machine_serial_modem(struct machine *machine, unsigned port,
                          unsigned lines);
bool machine_serial_break(struct machine *machine, unsigned port);
void machine_parallel_hold(struct machine *machine, unsigned port, bool hold);
void machine_joystick(struct machine *machine, unsigned stick, bool connected,
                      int x, int y, unsigned buttons);
const struct vga_frame *machine_frame(struct machine *machine);
size_t machine_text(struct machine *machine, char *text, size_t size);

/* ---- drives (machine_media.c) */
bool machine_insert(struct machine *machine, unsigned drive,
                    const struct machine_media *media,
                    char error[MACHINE_ERROR_SIZE]);
bool machine_eject(struct machine *machine, unsigned drive,
                   char error[MACHINE_ERROR_SIZE]);
bool machine_force_eject(struct machine *machine, unsigned drive,
                         char error[MACHINE_ERROR_SIZE]);
uint64_t machine_activity(const struct machine *machine, unsigned drive);

/* ---- inspection (machine_stats.c) */
uint64_t machine_hash(struct machine *machine);
size_t machine_stats(struct machine *machine, char *json, size_t size);
void machine_peek(struct machine *machine, uint64_t address, void *data,
                  size_t size);
bool machine_register(const struct machine *machine, const char *name,
                      uint64_t *value);
const char *machine_register_name(unsigned n);
/* The counts of strict, as a table through host.report. */
void machine_strict_report(struct machine *machine);
bool machine_cpu_check(const char *cpu, char error[MACHINE_ERROR_SIZE]);
const char *machine_cpu_model(unsigned n, const char **help);
const char *machine_cpu_feature(unsigned n);
void machine_drop_derived(struct machine *machine);
void machine_each_device(struct machine *machine,
                         void (*put)(void *opaque, const char *id,
                                     const char *description, const char *line),
                         void *opaque);

#endif
