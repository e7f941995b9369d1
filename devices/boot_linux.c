/* boot_linux.c - loads Linux kernels: Documentation/arch/x86/boot.rst,
 * protocol 2.00 to 2.15 and zImage before it.
 *
 * 16-bit entry: the set-up code at 1000:0 (9000:0 for protocols below 2.02,
 * which move themselves there), the command line behind its heap. 32- and
 * 64-bit entry: a zero page made here and the entry points of the protected
 * part. Not modelled: setup_data lists, EFI handover, kernels without the
 * "HdrS" magic (before 1.3.73). */

#include "devices/boot.h"
#include "devices/boot_image.h"

#include <stdlib.h>

/* Offsets in the first sectors of the file and in the zero page. */
enum {
    ZP_EXT_MEM_K = 0x02,
    ZP_SCREEN_INFO = 0x00,
    ZP_ALT_MEM_K = 0x1E0,
    ZP_E820_ENTRIES = 0x1E8,
    HDR_SETUP_SECTS = 0x1F1,
    HDR_SYSSIZE = 0x1F4, /* of the protected part, in 16 bytes */
    HDR_VID_MODE = 0x1FA,
    HDR_JUMP = 0x200,
    HDR_VERSION = 0x206,
    HDR_LOADER = 0x210,
    HDR_LOADFLAGS = 0x211,
    HDR_CODE32_START = 0x214,
    HDR_RAMDISK_IMAGE = 0x218,
    HDR_RAMDISK_SIZE = 0x21C,
    HDR_HEAP_END = 0x224,
    HDR_CMD_LINE_PTR = 0x228,
    HDR_INITRD_MAX = 0x22C,
    HDR_RELOCATABLE = 0x234,
    HDR_XLOADFLAGS = 0x236,
    HDR_CMDLINE_SIZE = 0x238,
    HDR_PREF_ADDRESS = 0x258,
    HDR_INIT_SIZE = 0x260,
    ZP_E820_TABLE = 0x2D0,
    ZP_SIZE = 0x1000,

    LOADED_HIGH = 1 << 0,
    CAN_USE_HEAP = 1 << 7,
    XLF_KERNEL_64 = 1 << 0,
    LOADER_UNDEFINED = 0xFF, /* type_of_loader: none of the registered */

    OLD_CMDLINE_MAGIC_AT = 0x20, /* protocols below 2.02 */
    OLD_CMDLINE_OFFSET_AT = 0x22,
    OLD_CMDLINE_MAGIC = 0xA33F
};

/* Where things go below 1 MiB. */
enum {
    SETUP_BASE = 0x10000,
    SETUP_BASE_OLD = 0x90000,
    ZIMAGE_BASE = 0x10000,
    HEAP_END = 0xE000, /* offset of the command line, end of the stack */
    HEAP_END_OLD = 0x9000,
    ZERO_PAGE = 0x10000,
    CMDLINE = 0x20000,
    PAGE_TABLES = 0x30000 /* six pages, built by the BIOS */
};

/* The header, read once. */
struct linux_kernel {
    const uint8_t *data; /* the file */
    uint64_t setup_size, body_size;
    uint32_t version; /* 0x20F = 2.15 */
    bool high;        /* body at 1 MiB, not at 64 KiB */
    uint32_t cmdline_max;
    uint64_t initrd_max; /* last address */
    uint64_t end;        /* of what the kernel uses before it looks */
    uint8_t *setup;      /* our copy of set-up code or zero page */
};

static uint32_t field32(const struct linux_kernel *k, unsigned offset,
                        uint32_t since, uint32_t otherwise)
{
    return k->version >= since ? load_le32(k->data + offset) : otherwise;
}

static bool read_header(struct boot_load *load, struct linux_kernel *k)
{
    const struct boot_blob *file = &load->request->kernel;

    k->data = file->data;
    k->setup_size = boot_image_setup_size(k->data);
    if (file->size <= k->setup_size)
        return boot_refuse(load, file->name,
                           "ends within its set-up code; the file is cut "
                           "short, fetch it again");
    k->body_size = file->size - k->setup_size;
    k->version = load_le16(k->data + HDR_VERSION);
    if (field32(k, HDR_SYSSIZE, 0x204, 0) > (k->body_size + 15) / 16)
        return boot_refuse(load, file->name,
                           "is shorter than its header says; the file is cut "
                           "short, fetch it again");
    k->high = k->version >= 0x200 && k->data[HDR_LOADFLAGS] & LOADED_HIGH;
    k->cmdline_max = field32(k, HDR_CMDLINE_SIZE, 0x206, 255);
    k->initrd_max = field32(k, HDR_INITRD_MAX, 0x203, 0x37FFFFFF);
    k->end = BOOT_HIGH_START + k->body_size;
    if (k->version >= 0x20A) {
        uint64_t start = k->data[HDR_RELOCATABLE]
                             ? load_le64(k->data + HDR_PREF_ADDRESS)
                             : BOOT_HIGH_START;
        uint64_t size = load_le32(k->data + HDR_INIT_SIZE);
        if (start < 1ull << 32 && start + size > k->end)
            k->end = start + size;
    }
    return true;
}

/* ------------------------------------------------------- command line */

static const char *cmdline_of(const struct boot_load *load)
{
    return load->request->cmdline ? load->request->cmdline : "";
}

static bool check_cmdline(struct boot_load *load, const struct linux_kernel *k,
                          uint32_t room)
{
    uint32_t max = k->cmdline_max < room - 1 ? k->cmdline_max : room - 1;

    if (strlen(cmdline_of(load)) > max)
        return boot_refuse(load, "-append",
                           "%zu characters are too many for this kernel; it "
                           "takes %u",
                           strlen(cmdline_of(load)), (unsigned)max);
    return true;
}

static bool add_cmdline(struct boot_load *load, gpa_t gpa)
{
    const char *text = cmdline_of(load);
    size_t size = strlen(text) + 1;

    return boot_add_piece(load, "-append", gpa, size, (const uint8_t *)text,
                          size);
}

/* -------------------------------------------------------------- initrd */

/* As high as the kernel can reach. `header` is the copy to be filled. */
static bool add_initrd(struct boot_load *load, const struct linux_kernel *k,
                       uint8_t *header)
{
    const struct boot_request *r = load->request;
    const struct boot_blob *initrd = &r->module[0];
    uint64_t top, start;

    if (!r->modules)
        return true;
    if (r->modules > 1)
        return boot_refuse(load, r->module[1].name,
                           "Linux takes one -initrd; join the archives to "
                           "one file");
    if (k->version < 0x200)
        return boot_refuse(load, initrd->name,
                           "this kernel's boot protocol knows no initrd; "
                           "use a newer one");
    top = r->low_end < BOOT_TOP_RESERVED ? 0 : r->low_end - BOOT_TOP_RESERVED;
    top = min_u64(top, k->initrd_max + 1);
    start = initrd->size < top ? (top - initrd->size) & PAGE_MASK : 0;
    /* The kernel unpacks itself over [.., end): keep clear where known. */
    if (start < k->end || !boot_is_free(load, start, initrd->size))
        return boot_refuse(load, initrd->name,
                           "kernel and initrd do not fit into %llu MiB of "
                           "RAM; give the PC more with -m",
                           (unsigned long long)(r->low_end >> 20));
    store_le32(header + HDR_RAMDISK_IMAGE, (uint32_t)start);
    store_le32(header + HDR_RAMDISK_SIZE, (uint32_t)initrd->size);
    return boot_add_piece(load, initrd->name, start, initrd->size, initrd->data,
                          initrd->size);
}

/* --------------------------------------------------------- 16-bit entry */

/* "vga=" on the command line is for the loader, which tells the set-up code
 * (Documentation/x86/boot.rst, "special command line options"): a number or
 * one of three words; the last one counts. */
static bool video_mode(const char *cmdline, uint16_t *mode)
{
    static const struct {
        const char *word;
        uint16_t mode;
    } words[] = {{"normal", 0xFFFF}, {"ext", 0xFFFE}, {"ask", 0xFFFD}};
    bool found = false;

    for (const char *at = cmdline; (at = strstr(at, "vga=")) != NULL; at++) {
        const char *value = at + 4;
        if (at != cmdline && at[-1] != ' ')
            continue;
        *mode = (uint16_t)strtoul(value, NULL, 0);
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
            if (!strncmp(value, words[i].word, strlen(words[i].word)))
                *mode = words[i].mode;
        found = true;
    }
    return found;
}

static void fill_setup(struct linux_kernel *k, const char *cmdline, gpa_t base,
                       uint32_t heap_end)
{
    uint16_t mode;

    if (video_mode(cmdline, &mode))
        store_le16(k->setup + HDR_VID_MODE, mode);
    if (k->version >= 0x200)
        k->setup[HDR_LOADER] = LOADER_UNDEFINED;
    if (k->version >= 0x201) {
        store_le16(k->setup + HDR_HEAP_END, (uint16_t)(heap_end - 0x200));
        k->setup[HDR_LOADFLAGS] |= CAN_USE_HEAP;
    }
    if (k->version >= 0x202) {
        store_le32(k->setup + HDR_CMD_LINE_PTR, (uint32_t)base + heap_end);
    } else {
        store_le16(k->setup + OLD_CMDLINE_MAGIC_AT, OLD_CMDLINE_MAGIC);
        store_le16(k->setup + OLD_CMDLINE_OFFSET_AT, (uint16_t)heap_end);
    }
}

static bool load_real_mode(struct boot_load *load, struct linux_kernel *k)
{
    const char *name = load->request->kernel.name;
    bool old = k->version < 0x202 || !k->high;
    gpa_t base = old ? SETUP_BASE_OLD : SETUP_BASE;
    uint32_t heap_end = old ? HEAP_END_OLD : HEAP_END;
    uint32_t room =
        old ? BOOT_LOW_END - SETUP_BASE_OLD - HEAP_END_OLD : 0x10000 - HEAP_END;

    if (k->setup_size > heap_end - 0x800)
        return boot_refuse(load, name,
                           "%u bytes of set-up code are too many for the "
                           "16-bit entry; try --linux-entry 32",
                           (unsigned)k->setup_size);
    if (!check_cmdline(load, k, room))
        return false;
    k->setup = boot_own(load, k->setup_size);
    if (!k->setup)
        return false;
    memcpy(k->setup, k->data, k->setup_size);
    fill_setup(k, cmdline_of(load), base, heap_end);
    load->plan->record = (struct boot_record){
        .kind = BOOT_REAL_MODE,
        .cs = (uint32_t)(base >> 4) + 0x20, /* the first sector is data */
        .seg = (uint32_t)(base >> 4),
        .sp = heap_end,
    };
    return boot_add_piece(load, name, base, k->setup_size, k->setup,
                          k->setup_size) &&
           add_cmdline(load, base + heap_end) &&
           boot_add_piece(load, name, k->high ? BOOT_HIGH_START : ZIMAGE_BASE,
                          k->body_size, k->data + k->setup_size,
                          k->body_size) &&
           add_initrd(load, k, k->setup);
}

/* ------------------------------------------------- 32- and 64-bit entry */

static void fill_screen_info(uint8_t *zero_page)
{
    uint8_t *screen = zero_page + ZP_SCREEN_INFO;

    screen[0x06] = 3;              /* orig_video_mode */
    screen[0x07] = 80;             /* columns */
    screen[0x0E] = 25;             /* lines */
    screen[0x0F] = 1;              /* a VGA */
    store_le16(screen + 0x10, 16); /* font height */
}

static void fill_memory(uint8_t *zero_page, const struct boot_request *r)
{
    struct boot_range range[BOOT_MAX_RANGES];
    unsigned n = boot_memory_map(r, range);
    uint32_t above = boot_upper_kib(r);

    zero_page[ZP_E820_ENTRIES] = (uint8_t)n;
    for (unsigned i = 0; i < n; i++) {
        uint8_t *entry = zero_page + ZP_E820_TABLE + 20 * i;
        store_le64(entry, range[i].base);
        store_le64(entry + 8, range[i].size);
        store_le32(entry + 16, range[i].type);
    }
    store_le16(zero_page + ZP_EXT_MEM_K, (uint16_t)min_u64(above, 0xFC00));
    store_le32(zero_page + ZP_ALT_MEM_K, above);
}

static bool make_zero_page(struct boot_load *load, struct linux_kernel *k)
{
    /* The header ends where the byte at 0x201 (a jump's distance) says. */
    unsigned end = HDR_JUMP + 2 + k->data[HDR_JUMP + 1];

    k->setup = boot_own(load, ZP_SIZE);
    if (!k->setup)
        return false;
    memcpy(k->setup + HDR_SETUP_SECTS, k->data + HDR_SETUP_SECTS,
           min_u64(end, k->setup_size) - HDR_SETUP_SECTS);
    k->setup[HDR_LOADER] = LOADER_UNDEFINED;
    store_le32(k->setup + HDR_CMD_LINE_PTR, CMDLINE);
    fill_screen_info(k->setup);
    fill_memory(k->setup, load->request);
    return true;
}

static bool check_entry(struct boot_load *load, const struct linux_kernel *k)
{
    const char *name = load->request->kernel.name;

    if (k->version < 0x203 || !k->high)
        return boot_refuse(load, name,
                           "boot protocol %u.%02u has no 32-bit entry; use "
                           "--linux-entry 16",
                           k->version >> 8, k->version & 0xFF);
    if (load->request->linux_entry == 64 &&
        (k->version < 0x20C ||
         !(load_le16(k->data + HDR_XLOADFLAGS) & XLF_KERNEL_64)))
        return boot_refuse(load, name,
                           "this kernel has no 64-bit entry; use "
                           "--linux-entry 16 or 32");
    return true;
}

static bool load_protected(struct boot_load *load, struct linux_kernel *k)
{
    const char *name = load->request->kernel.name;
    bool is_64 = load->request->linux_entry == 64;

    if (!check_entry(load, k) ||
        !check_cmdline(load, k, PAGE_TABLES - CMDLINE) ||
        !make_zero_page(load, k))
        return false;
    load->plan->record = (struct boot_record){
        .kind = is_64 ? BOOT_LONG_MODE : BOOT_PROTECTED,
        .entry = BOOT_HIGH_START + (is_64 ? 0x200 : 0),
        .rsi = ZERO_PAGE,
        .sp = BOOT_STACK,
        .table_gpa = PAGE_TABLES,
    };
    store_le32(k->setup + HDR_CODE32_START, BOOT_HIGH_START);
    return boot_add_piece(load, name, ZERO_PAGE, ZP_SIZE, k->setup, ZP_SIZE) &&
           add_cmdline(load, CMDLINE) &&
           boot_add_piece(load, name, BOOT_HIGH_START, k->body_size,
                          k->data + k->setup_size, k->body_size) &&
           add_initrd(load, k, k->setup);
}

bool boot_linux_load(struct boot_load *load)
{
    struct linux_kernel k = {0};

    if (!read_header(load, &k))
        return false;
    if (load->request->linux_entry == 16)
        return load_real_mode(load, &k);
    return load_protected(load, &k);
}
