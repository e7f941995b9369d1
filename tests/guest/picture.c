/* picture.c - size and number of colours of a PNG that umbra wrote:
 *   picture FILE.png   prints "WIDTH HEIGHT COLOURS"
 * Reads 8-bit RGB without interlace, all filters. Not a general reader. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PIXEL = 3, HEAD = 8, IHDR_SIZE = 13 };

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void fail(const char *name, const char *reason)
{
    fprintf(stderr, "picture: %s: %s\n", name, reason);
    exit(1);
}

static uint8_t *read_file(const char *name, size_t *size)
{
    FILE *f = fopen(name, "rb");
    uint8_t *data = NULL;
    size_t room = 0, n = 1;

    if (!f)
        fail(name, "cannot be read");
    for (*size = 0; n; *size += n) {
        room += 1 << 20;
        data = realloc(data, room);
        if (!data)
            fail(name, "no memory");
        n = fread(data + *size, 1, room - *size, f);
    }
    fclose(f);
    return data;
}

/* The bytes of all IDAT chunks, moved together; returns their number. */
static size_t gather(uint8_t *data, size_t size)
{
    size_t at = HEAD, used = 0;

    while (at + 12 <= size && be32(data + at) <= size - at - 12) {
        size_t length = be32(data + at);
        if (!memcmp(data + at + 4, "IDAT", 4)) {
            memmove(data + used, data + at + 8, length);
            used += length;
        }
        at += length + 12;
    }
    return used;
}

static int paeth(int a, int b, int c)
{
    int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);

    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* PNG specification, 9: `above` is the line before, or zeros. */
static bool unfilter(uint8_t kind, uint8_t *line, const uint8_t *above,
                     size_t length)
{
    for (size_t i = 0; i < length; i++) {
        int a = i < PIXEL ? 0 : line[i - PIXEL], b = above[i];
        int c = i < PIXEL ? 0 : above[i - PIXEL];
        const int predicted[] = {0, a, b, (a + b) / 2, paeth(a, b, c)};
        if (kind > 4)
            return false;
        line[i] = (uint8_t)(line[i] + predicted[kind]);
    }
    return true;
}

static unsigned count_colours(const uint8_t *raw, size_t width, size_t height)
{
    uint8_t *seen = calloc(1, 1 << 21);
    unsigned count = 0;

    for (size_t y = 0; seen && y < height; y++) {
        const uint8_t *p = raw + y * (width * PIXEL + 1) + 1;
        for (size_t x = 0; x < width; x++, p += PIXEL) {
            uint32_t colour = (uint32_t)p[0] << 16 | p[1] << 8 | p[2];
            uint8_t bit = (uint8_t)(1 << (colour & 7));
            count += !(seen[colour >> 3] & bit);
            seen[colour >> 3] |= bit;
        }
    }
    free(seen);
    return count;
}

int main(int argc, char *argv[])
{
    const char *name = argc == 2 ? argv[1] : "";
    size_t size, stride;
    uint32_t width, height;
    uint8_t *data, *raw, *zeros;
    uLongf raw_size;

    if (argc != 2)
        fail("usage", "picture FILE.png");
    data = read_file(name, &size);
    if (size < HEAD + 12 + IHDR_SIZE || memcmp(data, "\211PNG", 4) ||
        data[24] != 8 || data[25] != 2 || data[28])
        fail(name, "not a PNG with 8-bit RGB pixels");
    width = be32(data + 16);
    height = be32(data + 20);
    if (!width || !height || width > 65535 || height > 65535)
        fail(name, "odd size");
    stride = width * PIXEL + 1;
    raw_size = stride * height;
    raw = malloc(raw_size);
    zeros = calloc(1, stride);
    if (!raw || !zeros)
        fail(name, "no memory");
    if (uncompress(raw, &raw_size, data, gather(data, size)) != Z_OK ||
        raw_size != stride * height)
        fail(name, "broken picture data");
    for (size_t y = 0; y < height; y++)
        if (!unfilter(raw[y * stride], raw + y * stride + 1,
                      y ? raw + (y - 1) * stride + 1 : zeros, stride - 1))
            fail(name, "unknown filter");
    printf("%u %u %u\n", width, height, count_colours(raw, width, height));
    free(zeros);
    free(raw);
    free(data);
    return 0;
}
