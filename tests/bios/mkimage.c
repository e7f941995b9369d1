/* mkimage - disks and CDs for tests/bios/run.
 *
 * mkimage disk OUT BYTES BOOT MARK [HEADS SPT]
 *     a disk of so many bytes (sparse): the boot sector from BOOT, the word
 *     LAST at sector MARK; with HEADS and SPT a partition to the end of the
 *     last whole cylinder but for beyond 1024.
 * mkimage cd OUT KIND:FILE[:ID] ...
 *     a CD with a boot catalog (El Torito 1.0). KIND is none, 1200, 1440,
 *     2880, hd or dead (not bootable); the first is the default entry, each
 *     other has a section.
 * mkimage next FILE
 * mkimage chain FILE BLOCK
 *     the probe in FILE gives up by INT 18h, or boots the diskette at a block
 *     of its CD (bios/check/probe.S). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512, BLOCK = 2048, CATALOG = 19, FIRST_IMAGE = 20 };

static void fail(const char *what)
{
    fprintf(stderr, "mkimage: %s\n", what);
    exit(1);
}

static void put(FILE *f, uint64_t at, const void *data, size_t size)
{
    if (fseek(f, (long)at, SEEK_SET) || fwrite(data, 1, size, f) != size)
        fail("cannot write");
}

static void put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value & 0xFFFF);
    put16(p + 2, value >> 16);
}

static FILE *create(const char *path)
{
    FILE *f = fopen(path, "wb+");

    if (!f)
        fail("cannot create the image");
    return f;
}

/* ------------------------------------------------------------------ disks */

static void put_chs(uint8_t *p, uint32_t lba, unsigned heads, unsigned spt)
{
    uint32_t cylinder = lba / (heads * spt);

    p[0] = (uint8_t)(lba / spt % heads);
    p[1] = (uint8_t)(lba % spt + 1);
    if (cylinder > 1023)
        cylinder = 1023;
    p[1] |= (uint8_t)(cylinder >> 2 & 0xC0);
    p[2] = (uint8_t)cylinder;
}

static void add_partition(uint8_t *sector, uint64_t sectors, unsigned heads,
                          unsigned spt)
{
    uint32_t cylinder = heads * spt;
    uint32_t end = (uint32_t)(sectors / cylinder * cylinder);
    uint8_t *p = sector + 446;

    p[0] = 0x80;
    put_chs(p + 1, spt, heads, spt);
    p[4] = 6;
    put_chs(p + 5, end - 1, heads, spt);
    put32(p + 8, spt);
    put32(p + 12, end - spt);
}

static void make_disk(int argc, char **argv)
{
    uint8_t sector[SECTOR];
    uint64_t bytes = strtoull(argv[3], NULL, 0);
    uint64_t mark = strtoull(argv[5], NULL, 0);
    FILE *boot = fopen(argv[4], "rb"), *f = create(argv[2]);

    if (!boot || fread(sector, 1, SECTOR, boot) != SECTOR)
        fail("no boot sector");
    fclose(boot);
    if (argc > 7)
        add_partition(sector, bytes / SECTOR, (unsigned)atoi(argv[6]),
                      (unsigned)atoi(argv[7]));
    put(f, bytes - 1, "", 1);
    put(f, mark * SECTOR, "LAST", 4);
    put(f, 0, sector, SECTOR);
    if (fclose(f))
        fail("cannot write");
}

/* What the probe does in the end, and with which block of the CD. */
static void change_probe(const char *path, unsigned next, uint32_t image)
{
    FILE *f = fopen(path, "rb+");
    uint8_t bytes[5];

    if (!f)
        fail("no image");
    put32(bytes, image);
    bytes[4] = (uint8_t)next;
    put(f, 441, bytes, sizeof bytes);
    if (fclose(f))
        fail("cannot write");
}

/* -------------------------------------------------------------------- CDs */

static const char *const kinds[] = {"none", "1200", "1440", "2880", "hd"};

static void put_entry(uint8_t *p, const char *kind, uint32_t block)
{
    p[0] = 0x88;
    for (unsigned i = 0; i < 5; i++)
        if (!strcmp(kind, kinds[i]))
            p[1] = (uint8_t)i;
    if (!strcmp(kind, "dead"))
        p[0] = 0;
    put16(p + 6, 4);
    put32(p + 8, block);
}

static uint32_t copy_image(FILE *f, const char *path, uint32_t block)
{
    uint8_t data[BLOCK];
    FILE *in = fopen(path, "rb");
    size_t size;

    if (!in)
        fail("no image for the CD");
    while (memset(data, 0, BLOCK), (size = fread(data, 1, BLOCK, in)) > 0)
        put(f, (uint64_t)block++ * BLOCK, data, BLOCK);
    fclose(in);
    return block;
}

static void put_descriptors(FILE *f)
{
    uint8_t block[BLOCK] = {1, 'C', 'D', '0', '0', '1', 1};

    put(f, 16 * BLOCK, block, BLOCK);
    memset(block, 0, BLOCK);
    memcpy(block, "\0CD001\1EL TORITO SPECIFICATION", 30);
    put32(block + 0x47, CATALOG);
    put(f, 17 * BLOCK, block, BLOCK);
    memset(block, 0, BLOCK);
    memcpy(block, "\377CD001\1", 7);
    put(f, 18 * BLOCK, block, BLOCK);
}

static void put_validation(uint8_t *p)
{
    unsigned sum = 0;

    p[0] = 1;
    memcpy(p + 4, "default", 7);
    p[30] = 0x55;
    p[31] = 0xAA;
    for (int i = 0; i < 32; i += 2)
        sum += p[i] | p[i + 1] << 8;
    put16(p + 28, 0x10000 - (sum & 0xFFFF));
}

static void make_cd(int argc, char **argv)
{
    uint8_t catalog[BLOCK] = {0}, *p = catalog + 32;
    uint32_t block = FIRST_IMAGE;
    FILE *f = create(argv[2]);

    put_descriptors(f);
    put_validation(catalog);
    for (int i = 3; i < argc; i++) {
        char *kind = strtok(argv[i], ":"), *file = strtok(NULL, ":");
        char *id = strtok(NULL, ":");

        if (!kind || !file)
            fail("what is an image without a file?");
        if (i > 3) {
            p[0] = i + 1 < argc ? 0x90 : 0x91;
            put16(p + 2, 1);
            memcpy(p + 4, id ? id : "", strlen(id ? id : ""));
            p += 32;
        }
        put_entry(p, kind, block);
        p += 32;
        block = copy_image(f, file, block);
    }
    put(f, CATALOG * BLOCK, catalog, BLOCK);
    put(f, (uint64_t)(block + 150) * BLOCK - 1, "", 1);
    if (fclose(f))
        fail("cannot write");
}

int main(int argc, char **argv)
{
    if (argc >= 6 && !strcmp(argv[1], "disk"))
        make_disk(argc, argv);
    else if (argc >= 4 && !strcmp(argv[1], "cd"))
        make_cd(argc, argv);
    else if (argc == 3 && !strcmp(argv[1], "next"))
        change_probe(argv[2], 1, 0);
    else if (argc == 4 && !strcmp(argv[1], "chain"))
        change_probe(argv[2], 2, (uint32_t)strtoul(argv[3], NULL, 0));
    else
        fail("disk OUT BYTES BOOT MARK [HEADS SPT] | cd OUT KIND:FILE... | "
             "next FILE | chain FILE BLOCK");
    return 0;
}
