/* Build tool: finishes a ROM image. "bios": 128 KiB whose bytes sum to zero
 * (last byte). "option": padded to 512 bytes, length byte and checksum. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BIOS_SIZE  0x20000
#define OPTION_MAX 0x10000

static uint8_t image[BIOS_SIZE];

static int finish(const char *kind, size_t size, size_t *out)
{
    uint8_t sum = 0;
    size_t i;

    if (strcmp(kind, "option") == 0) {
        if (size + 1 > OPTION_MAX)
            return -1;
        *out = (size + 1 + 511) / 512 * 512;
        image[2] = (uint8_t)(*out / 512);
        image[(image[0x18] | image[0x19] << 8) + 0x10] = image[2];
    } else {
        if (size > BIOS_SIZE)
            return -1;
        *out = BIOS_SIZE;
    }
    for (i = 0; i < *out - 1; i++)
        sum += image[i];
    image[*out - 1] = (uint8_t)-sum;
    return 0;
}

int main(int argc, char **argv)
{
    FILE *f;
    size_t size, out;

    if (argc != 4) {
        fprintf(stderr, "usage: mkrom bios|option IN OUT\n");
        return 2;
    }
    f = fopen(argv[2], "rb");
    if (!f) {
        perror(argv[2]);
        return 1;
    }
    size = fread(image, 1, sizeof(image), f);
    fclose(f);
    if (finish(argv[1], size, &out) != 0) {
        fprintf(stderr, "mkrom: %s is too large\n", argv[2]);
        return 1;
    }
    f = fopen(argv[3], "wb");
    if (!f || fwrite(image, 1, out, f) != out || fclose(f) != 0) {
        perror(argv[3]);
        return 1;
    }
    return 0;
}
