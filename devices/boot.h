/* boot.h - direct load of kernels: what goes where in RAM before the first
 * instruction, and how the BIOS then jumps to it.
 *
 * boot_plan_create reads the images and makes a list of pieces of RAM; it
 * checks everything, so that boot_plan_apply, which runs at every reset,
 * cannot fail. Loaders: boot_linux.c, boot_multiboot.c, boot_elf.c. */
#ifndef UMBRA_BOOT_H
#define UMBRA_BOOT_H

#include "devices/core/base.h"

struct addrspace;

struct boot_blob {
    const uint8_t *data;
    uint64_t size;
    const char *name;    /* for messages */
    const char *cmdline; /* of a module; may be NULL */
};

/* Bytes that go to an address as they are. */
struct boot_raw {
    struct boot_blob file;
    uint64_t address;
};

enum {
    BOOT_MAX_MODULES = 16,
    BOOT_MAX_RAW = 16,
    BOOT_MAX_PIECES = 128,
    BOOT_MAX_OWNED = 8
};

struct boot_request {
    struct boot_blob kernel;
    const char *cmdline; /* may be NULL */
    struct boot_blob module[BOOT_MAX_MODULES];
    unsigned modules;
    unsigned linux_entry; /* 16, 32, 64 */
    struct boot_raw raw[BOOT_MAX_RAW];
    unsigned raws;
    unsigned raw_mode;  /* without a kernel: bits of the code; 0: by entry */
    uint64_t raw_entry; /* UINT64_MAX: the first file's address */
    uint8_t drive;      /* DL for 16-bit code */
    uint64_t low_end;   /* end of RAM below 4 GiB */
    uint64_t high_end;  /* end of RAM above 4 GiB; 4 GiB when none */
};

/* Bytes `data`, then zeros up to `size`. */
struct boot_piece {
    gpa_t gpa;
    uint64_t size;
    const uint8_t *data;
    uint64_t data_size;
};

enum boot_kind { BOOT_REAL_MODE = 1, BOOT_PROTECTED = 2, BOOT_LONG_MODE = 3 };

/* How the BIOS enters the kernel: cs:ip with all other segments `seg` (real
 * mode), or `entry` with flat segments; always with a stack at `sp`. For
 * long mode it builds an identity map of 4 GiB in 6 pages at table_gpa. */
struct boot_record {
    uint32_t kind;
    uint32_t cs, ip, seg, sp;
    uint64_t entry;
    uint32_t eax, ebx;
    uint64_t rsi;
    uint32_t table_gpa;
};

/* Pieces lie in RAM that the BIOS leaves alone and do not overlap. */
struct boot_plan {
    struct boot_piece piece[BOOT_MAX_PIECES];
    unsigned pieces;
    void *owned[BOOT_MAX_OWNED]; /* buffers made for this plan */
    unsigned owners;
    struct boot_record record;
};

/* RAM that POST leaves alone below 1 MiB; above, everything but the last
 * BOOT_TOP_RESERVED bytes below low_end (ACPI tables). */
enum {
    BOOT_LOW_START = 0x10000,
    BOOT_LOW_END = 0x9A000,
    BOOT_HIGH_START = 0x100000,
    BOOT_TOP_RESERVED = 0x20000,
    BOOT_STACK = 0x7C00 /* for entries without real mode */
};

enum { BOOT_RECORD_SIZE = 64, BOOT_RECORD_MAGIC = 0x41424d55 };
#define BOOT_RECORD_FILE "opt/umbra/boot"

/* NULL with "FILE: reason; remedy" in error[]. The blobs must outlive it. */
struct boot_plan *boot_plan_create(const struct boot_request *request,
                                   char *error, size_t error_size);
void boot_plan_destroy(struct boot_plan *plan);
void boot_plan_apply(const struct boot_plan *plan, struct addrspace *memory);
/* The record as the BIOS reads it, little-endian. */
void boot_record_encode(const struct boot_record *record,
                        uint8_t out[BOOT_RECORD_SIZE]);

/* ---- for the loaders */
struct boot_load {
    const struct boot_request *request;
    struct boot_plan *plan;
    char *error;
    size_t error_size;
};

typedef bool boot_loader(struct boot_load *load);
boot_loader boot_linux_load, boot_multiboot_load, boot_multiboot2_load;
boot_loader boot_pvh_load, boot_elf_load, boot_raw_load;

/* "NAME: " and the message; returns false. */
bool boot_refuse(struct boot_load *load, const char *name, const char *fmt, ...)
    PRINTF(3, 4);
/* Checked against RAM and the pieces before. */
bool boot_add_piece(struct boot_load *load, const char *name, gpa_t gpa,
                    uint64_t size, const uint8_t *data, uint64_t data_size);
/* The command line with the kernel's name before it, as kernels for
 * Multiboot expect it of any loader but GRUB 2. */
char *boot_named_cmdline(struct boot_load *load);
/* Zeroed memory that lives as long as the plan; NULL after a refusal. */
void *boot_own(struct boot_load *load, size_t size);
/* The lowest free place of whole pages within [from, to]; 0: none. */
gpa_t boot_place(const struct boot_load *load, uint64_t size, gpa_t from,
                 gpa_t to);
/* True when [gpa, gpa + size) is usable RAM without a piece in it. */
bool boot_is_free(const struct boot_load *load, gpa_t gpa, uint64_t size);

/* Loaded parts of an ELF file, 32 or 64 bits. */
struct boot_elf {
    bool is_64;
    uint64_t entry;      /* physical */
    uint64_t start, end; /* of the lowest part and the highest */
};
/* What boot_elf_segments would load, unmoved. */
bool boot_elf_measure(struct boot_load *load, struct boot_elf *elf);
/* Every address moved by `delta`. */
bool boot_elf_segments(struct boot_load *load, uint64_t delta,
                       struct boot_elf *elf);
/* The section headers, in a copy; sections without an address are loaded
 * behind all else and get one. *count 0: there are none. */
struct boot_sections {
    uint8_t *table; /* owned by the plan */
    uint32_t count, entry_size, names;
};
bool boot_elf_sections(struct boot_load *load, struct boot_sections *sections);
/* The 32-bit entry of the note that Xen's PVH protocol defines; false when
 * there is none. */
bool boot_elf_pvh(const uint8_t *data, uint64_t size, uint32_t *entry);
/* Modules page by page from `end` on; their addresses to start[]. */
bool boot_add_modules(struct boot_load *load, uint64_t end,
                      uint32_t start[BOOT_MAX_MODULES]);

/* The memory map as E820 tells it (types: 1 RAM, 2 reserved). */
struct boot_range {
    uint64_t base, size;
    uint32_t type;
};
enum { BOOT_MAX_RANGES = 8 };
unsigned boot_memory_map(const struct boot_request *request,
                         struct boot_range range[BOOT_MAX_RANGES]);
/* Usable KiB from 1 MiB up to the first hole. */
uint32_t boot_upper_kib(const struct boot_request *request);

#endif
