/* fuzz_image - files from outside: kernels for direct load, disk images.
 *
 * Input: one byte (bit 0: a disk image; else bits 1-2 the entry of Linux, 4
 * the file is a module of itself, 5-7 it is loaded at an address), then the
 * file. What must hold: the plan of a kernel stays inside RAM, its
 * pieces do not overlap and come from the file; a disk that opens can be
 * read and written from end to end, whatever errors that gives.
 * Alone: make tests/fuzz/fuzz_image && tests/fuzz/fuzz_image FILE... */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "devices/boot.h"
#include "devices/boot_image.h"
#include "devices/disk.h"
#include "tests/fuzz/fuzz.h"

enum { LOW_END = 16 << 20, BIG = 1 << 16 };

static char path[32];

/* ---- kernels */

static void check_pieces(const struct boot_plan *plan)
{
    volatile uint8_t sum = 0;
    for (unsigned n = 0; n < plan->pieces; n++) {
        const struct boot_piece *p = &plan->piece[n];
        if (p->gpa > LOW_END || p->size > LOW_END - p->gpa)
            FUZZ_FAIL("piece %u leaves RAM", n);
        if (p->data_size > p->size)
            FUZZ_FAIL("piece %u is larger than its place", n);
        for (unsigned k = 0; k < n; k++) {
            const struct boot_piece *q = &plan->piece[k];
            if (p->size && q->size && p->gpa < q->gpa + q->size &&
                q->gpa < p->gpa + p->size)
                FUZZ_FAIL("pieces %u and %u overlap", k, n);
        }
        for (uint64_t at = 0; at < p->data_size; at++)
            sum = (uint8_t)(sum + p->data[at]);
    }
}

/* Whatever it is, finding out reads nothing beyond it. */
static void identify(const uint8_t *data, size_t size, unsigned how)
{
    boot_image_name(boot_image_identify(data, size, size + (how & 8) * 4096u));
    boot_image_name(boot_image_kernel(data, size));
    boot_image_efi(data, size);
    boot_image_hint(data, size);
    boot_image_is_uefi(data, size);
    boot_image_is_ours(data, size);
    boot_image_is_bochs(data, size);
}

static void load_kernel(const uint8_t *data, size_t size, unsigned how)
{
    static const unsigned entry[] = {16, 32, 64, 16};
    struct boot_request request = {
        .kernel = {data, size, "kernel", NULL},
        .cmdline = "quiet",
        .linux_entry = entry[how >> 1 & 3],
        .low_end = LOW_END,
        .high_end = 1ull << 32,
    };
    char error[256];
    struct boot_plan *plan;
    identify(data, size, how);
    if (how & 16) { /* itself as initrd or module, too */
        request.module[0] = request.kernel;
        request.modules = 1;
    }
    if (how & 32) { /* a file at an address, too, or instead */
        request.raw[0].file = request.kernel;
        request.raw[0].address = size > 8 ? load_le64(data) & 0x1ffffff : 0;
        request.raws = 1;
        request.raw_entry = how & 128 ? UINT64_MAX : request.raw[0].address;
        request.raw_mode = how & 128 ? 0 : entry[how >> 1 & 3];
        if (how & 64)
            request.kernel.data = NULL;
    }
    plan = boot_plan_create(&request, error, sizeof error);
    if (!plan) {
        if (!memchr(error, 0, sizeof error) || !*error)
            FUZZ_FAIL("refused without a word");
        return;
    }
    check_pieces(plan);
    boot_plan_destroy(plan);
}

/* ---- disks */

static void fill_file(const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        FUZZ_FAIL("cannot write %s", path);
}

static void use_disk(unsigned how)
{
    struct log log;
    struct disk_options options = {
        .read_only = how & 2, .snapshot = how & 4, .log = &log};
    static uint8_t buffer[BIG];
    char error[512];
    struct disk *disk;
    uint64_t end;
    log_init(&log, NULL, NULL);
    disk = disk_open(path, &options, error, sizeof error);
    if (!disk)
        return;
    end = disk_size(disk);
    if (end % SECTOR_SIZE || disk_sectors(disk) != end / SECTOR_SIZE)
        FUZZ_FAIL("not whole sectors");
    for (uint64_t at = 0; at < end && at < 8 * BIG; at += BIG)
        disk_read(disk, at, buffer, (size_t)min_u64(BIG, end - at));
    if (end) {
        disk_write(disk, 0, buffer, SECTOR_SIZE);
        disk_write(disk, end / 2 / SECTOR_SIZE * SECTOR_SIZE, buffer,
                   SECTOR_SIZE);
        disk_read(disk, end - SECTOR_SIZE, buffer, SECTOR_SIZE);
        disk_write(disk, end - SECTOR_SIZE, buffer, SECTOR_SIZE);
    }
    disk_flush(disk);
    disk_close(disk);
}

static void remove_file(void)
{
    unlink(path);
}

static void make_file(void)
{
    int file;
    strcpy(path, "/tmp/umbra-fuzz-XXXXXX");
    file = mkstemp(path);
    if (file < 0)
        FUZZ_FAIL("no temporary file");
    close(file);
    atexit(remove_file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    if (!path[0])
        make_file();
    if (data[0] & 1) {
        fill_file(data + 1, size - 1);
        use_disk(data[0]);
    } else {
        load_kernel(data + 1, size - 1, data[0]);
    }
    return 0;
}
