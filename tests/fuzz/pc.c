/* pc.c - see pc.h. */
#define _POSIX_C_SOURCE 200809L
#include "tests/fuzz/pc.h"

#include <unistd.h>

#include "devices/pci.h"
#include "umbra_disk.h"

enum {
    ROM_SIZE = 0x10000,
    FLOPPY_SIZE = 720 * 512,
    DISK_SIZE = 1 << 20,
    CD_SIZE = 64 * 2048,
    ODD_SIZE = 700,
    FLASH_SIZE = 0x8000,
    NAME_SIZE = 64,
    IO_BASE = 0xc000,
    PMBASE = 0xb000,
    SMBBA = 0xb100,
    MAX_NAMES = 128,
    /* Limits per input: what a build with sanitizers does in a second. */
    MAX_INSTRUCTIONS = 3000000,
};

#define MEMORY_BASE 0xe0000000u
#define MAX_NS      40000000000ull
#define NEVER_RUN   1000 /* instructions in a slice: the CPU sleeps */

/* ---- images and firmware, made once */

static char media[PC_MEDIA][NAME_SIZE];
static uint8_t rom[ROM_SIZE];

static void make_name(char *path)
{
    int file;
    strcpy(path, "/tmp/umbra-fuzz-XXXXXX");
    file = mkstemp(path);
    if (file < 0)
        FUZZ_FAIL("no temporary file");
    close(file);
}

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        FUZZ_FAIL("cannot write %s", path);
}

static void make_image(char *path, unsigned n, size_t size)
{
    static uint8_t data[DISK_SIZE];
    make_name(path);
    for (size_t at = 0; at < size; at++)
        data[at] = (uint8_t)(at % 512 ? at >> 9 : n);
    write_file(path, data, size);
}

/* With small clusters, some of them compressed, over the raw disk. */
static void make_qcow2(char *path, const char *backing)
{
    enum { CLUSTER = 4096 };
    static uint8_t data[CLUSTER];
    char error[UMBRA_DISK_ERROR_SIZE];
    struct umbra_disk *disk;
    make_name(path);
    if (!umbra_disk_create(
            &(struct umbra_disk_create){.path = path,
                                        .format = "qcow2",
                                        .size_from_backing = true,
                                        .cluster_size = CLUSTER,
                                        .backing = strrchr(backing, '/') + 1,
                                        .backing_format = "raw"},
            error))
        FUZZ_FAIL("%s", error);
    disk = umbra_disk_open(
        &(struct umbra_disk_open){.path = path, .writable = true, .lax = true},
        error);
    if (!disk)
        FUZZ_FAIL("%s", error);
    for (unsigned n = 0; n < 8; n++)
        if (!umbra_disk_write_compressed(disk, n * 3 * CLUSTER, data, error))
            FUZZ_FAIL("%s", error);
    if (!umbra_disk_close(disk, error))
        FUZZ_FAIL("%s", error);
}

static void remove_media(void)
{
    for (unsigned n = 0; n < ARRAY_LEN(media); n++)
        unlink(media[n]);
}

static void make_host_files(void)
{
    static const uint8_t halt[] = {0xfa, 0xf4, 0xeb, 0xfd}; /* cli; hlt; jmp */
    static const uint8_t vector[] = {0xea, 0, 0, 0, 0xf0};
    make_image(media[0], 0, FLOPPY_SIZE);
    make_image(media[1], 1, DISK_SIZE);
    make_image(media[2], 2, CD_SIZE);
    make_image(media[3], 3, ODD_SIZE);
    make_qcow2(media[4], media[1]);
    atexit(remove_media);
    memcpy(rom, halt, sizeof halt);
    memcpy(rom + ROM_SIZE - 16, vector, sizeof vector);
    make_name(media[5]);
    write_file(media[5], rom, sizeof rom);
    make_image(media[6], 6, FLASH_SIZE);
}

const char *pc_medium(unsigned n)
{
    return media[n % PC_MEDIA];
}

/* ---- ports, configuration */

void pc_out(struct pc *pc, unsigned port, uint64_t value, unsigned size)
{
    addrspace_write(pc->m->ports, port & 0xffff, value, size);
}

uint64_t pc_in(struct pc *pc, unsigned port, unsigned size)
{
    return addrspace_read(pc->m->ports, port & 0xffff, size);
}

/* All base registers of a function get addresses, as its firmware does. */
static void place_bars(struct pci_bus *bus, uint8_t devfn, uint32_t *io,
                       uint32_t *memory)
{
    for (unsigned bar = 0; bar < 6; bar++) {
        unsigned at = PCI_BAR0 + bar * 4;
        uint32_t mask, size, *next;
        pci_config_write(bus, devfn, at, 0xffffffff, 4);
        mask = pci_config_read(bus, devfn, at, 4);
        if (!mask)
            continue;
        next = mask & 1 ? io : memory;
        size = 0 - (mask & (mask & 1 ? 0xfffc : 0xfffffff0));
        if (mask & 1)
            size &= 0xffff;
        *next = (*next + size - 1) & ~(size - 1);
        pci_config_write(bus, devfn, at, *next, 4);
        *next += size;
    }
}

static void post(struct machine *m)
{
    uint32_t io = IO_BASE, memory = MEMORY_BASE;
    for (unsigned devfn = 0; devfn < PCI_FUNCTIONS; devfn++) {
        uint8_t where = (uint8_t)devfn;
        uint32_t id = pci_config_read(m->pci, where, 0, 4);
        if (id == 0xffffffff)
            continue;
        place_bars(m->pci, where, &io, &memory);
        pci_config_write(m->pci, where, PCI_COMMAND, 7, 2);
        if (id >> 16 == 0x7113) { /* PIIX4: its places are no BARs */
            pci_config_write(m->pci, where, 0x40, PMBASE, 4);
            pci_config_write(m->pci, where, 0x80, 1, 1);
            pci_config_write(m->pci, where, 0x90, SMBBA, 4);
            pci_config_write(m->pci, where, 0xd2, 1, 1);
        }
        if (id >> 16 == 0x7010) /* PIIX3: both cables */
            pci_config_write(m->pci, where, 0x40, 0x80008000, 4);
    }
}

/* ---- the other ends: what comes there is counted */

static void on_serial(void *opaque, unsigned port, uint8_t byte)
{
    struct pc *pc = opaque;
    pc->told = pc->told * 31 + port * 256 + byte;
}

static void on_room(void *opaque, unsigned port)
{
    on_serial(opaque, port, 1);
}

static void on_lines(void *opaque, unsigned port, unsigned lines)
{
    on_serial(opaque, port, (uint8_t)lines);
}

static void on_tone(void *opaque, uint32_t millihertz)
{
    on_serial(opaque, 9, (uint8_t)millihertz);
}

/* ---- life */

struct pc *pc_create(void)
{
    char error[MACHINE_ERROR_SIZE];
    struct machine_config config = {.ram_bytes = PC_RAM,
                                    .bios = rom,
                                    .bios_size = sizeof rom,
                                    .icount_shift = 2,
                                    .accel = ACCEL_INTERP,
                                    .pc_testdev = true,
                                    .serial_ports = 15,
                                    .parallel_ports = 7,
                                    .printers = 3,
                                    .serial_bit_times = true,
                                    .rtc_base = 1000000000};
    struct pc *pc = calloc(1, sizeof *pc);
    if (!media[0][0])
        make_host_files();
    for (unsigned n = 0; n < MACHINE_DRIVES; n++)
        config.media[n].snapshot = true;
    config.media[DRIVE_FDA].path = media[0];
    config.media[DRIVE_HDA].path = media[1];
    config.media[DRIVE_HDB].path = media[4];
    config.media[DRIVE_HDC].path = media[2];
    config.media[DRIVE_HDC].cdrom = true;
    config.flash[0] =
        (struct machine_media){.path = media[5], .snapshot = true};
    config.flash[1] =
        (struct machine_media){.path = media[6], .snapshot = true};
    config.host.serial = on_serial;
    config.host.serial_room = on_room;
    config.host.serial_lines = on_lines;
    config.host.parallel = on_serial;
    config.host.tone = on_tone;
    config.host.opaque = pc;
    if (!pc)
        FUZZ_FAIL("no memory");
    pc->m = machine_create(&config, error);
    if (!pc->m)
        FUZZ_FAIL("%s", error);
    pc->instructions = MAX_INSTRUCTIONS;
    pc->ns = MAX_NS;
    pc_pass(pc, 10000);
    post(pc->m);
    return pc;
}

void pc_destroy(struct pc *pc)
{
    char error[MACHINE_ERROR_SIZE];
    machine_destroy(pc->m, error);
    free(pc);
}

/* ---- places */

static bool is_place(const struct region *r)
{
    return r && (r->kind == REGION_MMIO || (r->kind == REGION_ROM && r->ops));
}

static unsigned add_places(struct pc *pc, struct addrspace *space,
                           uint64_t limit, struct pc_place *place, unsigned n)
{
    uint64_t at = 0, last;
    do {
        const struct region *r = addrspace_find(space, at, &last);
        if (is_place(r) && n < PC_MAX_PLACES &&
            (!pc->focus || !strcmp(pc->focus, r->name)))
            place[n++] = (struct pc_place){space, r, at, last - at + 1};
        at = last + 1;
    } while (last < limit);
    return n;
}

unsigned pc_places(struct pc *pc, struct pc_place place[PC_MAX_PLACES])
{
    unsigned n = add_places(pc, pc->m->ports, 0xffff, place, 0);
    return add_places(pc, pc->m->memory, UINT32_MAX, place, n);
}

bool pc_choose(struct pc *pc, unsigned n, struct pc_place *place)
{
    struct pc_place all[PC_MAX_PLACES];
    unsigned count = pc_places(pc, all);
    if (!count)
        return false;
    *place = all[n % count];
    return true;
}

/* ---- time */

/* The CPU sleeps, unless an NMI or a reset leads it somewhere: then time is
 * instructions, and slices are short. */
void pc_pass(struct pc *pc, uint64_t ns)
{
    uint64_t slice = 1000000;
    ns = min_u64(ns, pc->ns);
    pc->ns -= ns;
    while (ns && pc->instructions) {
        uint64_t before = machine_instructions(pc->m), done;
        switch (machine_run(pc->m, min_u64(slice, ns))) {
        case MACHINE_BUDGET:
        case MACHINE_IDLE:
        case MACHINE_STOPPED:
            break;
        default:
            machine_reset(pc->m);
            break;
        }
        ns -= min_u64(slice, ns);
        done = machine_instructions(pc->m) - before;
        pc->instructions -= min_u64(done, pc->instructions);
        slice = done < NEVER_RUN ? slice * 4 : 1000000;
    }
}
