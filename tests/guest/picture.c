/* picture.c - what the guest tests do with a PNG that umbra wrote:
 *   picture FILE.png            prints "WIDTH HEIGHT COLOURS"
 *   picture FILE.png REF.png    ... and how alike they are, in percent
 *   picture -r FILE.png OUT.png writes it with a palette, for documents; of
 *                               256 colours at most
 * Reads 8-bit RGB without interlace, all filters. Not a general reader.
 *
 * "Alike": both are cut into squares of 8 x 8 pixels; squares that have the
 * most frequent colour of REF only, in both pictures, do not count. Of the
 * others those are alike whose mean colours differ by TOLERANCE at most. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PIXEL = 3, HEAD = 8, IHDR_SIZE = 13 };
enum { SQUARE = 8, TOLERANCE = 24, PALETTE = 256 };

/* `raw` is what a PNG holds: lines of a filter byte (0 once read) and
 * pixels, `stride` bytes each. */
struct picture {
    uint32_t width, height;
    size_t stride;
    uint8_t *raw;
};

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

static struct picture read_picture(const char *name)
{
    size_t size;
    uint8_t *data = read_file(name, &size), *zeros;
    struct picture p;
    uLongf raw_size;

    if (size < HEAD + 12 + IHDR_SIZE || memcmp(data, "\211PNG", 4) ||
        data[24] != 8 || data[25] != 2 || data[28])
        fail(name, "not a PNG with 8-bit RGB pixels");
    p.width = be32(data + 16);
    p.height = be32(data + 20);
    if (!p.width || !p.height || p.width > 65535 || p.height > 65535)
        fail(name, "odd size");
    p.stride = (size_t)p.width * PIXEL + 1;
    raw_size = (uLongf)(p.stride * p.height);
    p.raw = malloc(raw_size);
    zeros = calloc(1, p.stride);
    if (!p.raw || !zeros)
        fail(name, "no memory");
    if (uncompress(p.raw, &raw_size, data, (uLong)gather(data, size)) != Z_OK ||
        raw_size != p.stride * p.height)
        fail(name, "broken picture data");
    for (size_t y = 0; y < p.height; y++) {
        uint8_t *line = p.raw + y * p.stride;
        if (!unfilter(line[0], line + 1, y ? line + 1 - p.stride : zeros,
                      p.stride - 1))
            fail(name, "unknown filter");
        line[0] = 0;
    }
    free(zeros);
    free(data);
    return p;
}

static const uint8_t *pixel(const struct picture *p, size_t x, size_t y)
{
    return p->raw + y * p->stride + 1 + x * PIXEL;
}

static uint32_t colour_at(const struct picture *p, size_t x, size_t y)
{
    const uint8_t *at = pixel(p, x, y);

    return (uint32_t)at[0] << 16 | at[1] << 8 | at[2];
}

/* How often each colour of 24 bits occurs. */
static uint32_t *count_each(const struct picture *p)
{
    uint32_t *times = calloc(1 << 24, sizeof *times);

    if (!times)
        fail("picture", "no memory");
    for (size_t y = 0; y < p->height; y++)
        for (size_t x = 0; x < p->width; x++)
            times[colour_at(p, x, y)]++;
    return times;
}

static unsigned count_colours(const struct picture *p)
{
    uint32_t *times = count_each(p);
    unsigned count = 0;

    for (size_t i = 0; i < 1 << 24; i++)
        count += times[i] != 0;
    free(times);
    return count;
}

/* ------------------------------------------------------------ comparison */

static uint32_t most_frequent(const struct picture *p)
{
    uint32_t *times = count_each(p), best = 0;

    for (uint32_t i = 0; i < 1 << 24; i++)
        if (times[i] > times[best])
            best = i;
    free(times);
    return best;
}

/* Mean colour of a square; whether it has another colour than `plain`. */
static bool survey(const struct picture *p, size_t x0, size_t y0,
                   uint32_t plain, unsigned mean[PIXEL])
{
    unsigned sum[PIXEL] = {0}, n = 0;
    bool other = false;

    for (size_t y = y0; y < y0 + SQUARE && y < p->height; y++)
        for (size_t x = x0; x < x0 + SQUARE && x < p->width; x++, n++) {
            for (unsigned i = 0; i < PIXEL; i++)
                sum[i] += pixel(p, x, y)[i];
            other |= colour_at(p, x, y) != plain;
        }
    for (unsigned i = 0; i < PIXEL; i++)
        mean[i] = sum[i] / n;
    return other;
}

static unsigned likeness(const struct picture *p, const struct picture *ref)
{
    uint32_t plain = most_frequent(ref);
    unsigned a[PIXEL], b[PIXEL], counted = 0, alike = 0;

    if (p->width != ref->width || p->height != ref->height)
        return 0;
    for (size_t y = 0; y < p->height; y += SQUARE)
        for (size_t x = 0; x < p->width; x += SQUARE) {
            bool here = survey(p, x, y, plain, a);
            bool there = survey(ref, x, y, plain, b), same = true;
            for (unsigned i = 0; i < PIXEL; i++)
                same &= abs((int)a[i] - (int)b[i]) <= TOLERANCE;
            counted += here || there;
            alike += (here || there) && same;
        }
    return counted ? alike * 100 / counted : 100;
}

/* ------------------------------------------------------------- reduction */

static void put_be32(uint8_t *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void put_chunk(FILE *f, const char *type, const void *data, size_t size)
{
    uint8_t head[8], tail[4];
    uLong crc;

    put_be32(head, (uint32_t)size);
    memcpy(head + 4, type, 4);
    crc = crc32(crc32(0, head + 4, 4), data, (uInt)size);
    put_be32(tail, (uint32_t)crc);
    fwrite(head, 1, sizeof head, f);
    fwrite(data, 1, size, f);
    fwrite(tail, 1, sizeof tail, f);
}

/* Lines of 8-bit palette indices with filter 0; the palette's size. */
static unsigned index_pixels(const struct picture *p, uint8_t *out,
                             uint8_t palette[PALETTE * PIXEL])
{
    uint32_t *number = calloc(1 << 24, sizeof *number); /* + 1; 0 = new */
    unsigned used = 0;

    if (!number)
        fail("picture", "no memory");
    for (size_t y = 0; y < p->height; y++) {
        *out++ = 0;
        for (size_t x = 0; x < p->width; x++) {
            uint32_t *n = &number[colour_at(p, x, y)];
            if (!*n) {
                memcpy(palette + used * PIXEL, pixel(p, x, y), PIXEL);
                *n = ++used;
            }
            *out++ = (uint8_t)(*n - 1);
        }
    }
    free(number);
    return used;
}

static void write_reduced(const struct picture *p, const char *name)
{
    uint8_t head[IHDR_SIZE] = {0}, palette[PALETTE * PIXEL];
    size_t size = ((size_t)p->width + 1) * p->height;
    uLongf packed_size = compressBound((uLong)size);
    uint8_t *out = malloc(size), *packed = malloc(packed_size);
    unsigned used;
    FILE *f;

    if (count_colours(p) > PALETTE)
        fail(name, "too many colours");
    f = fopen(name, "wb");
    if (!f || !out || !packed)
        fail(name, "cannot be written");
    used = index_pixels(p, out, palette);
    if (compress2(packed, &packed_size, out, (uLong)size, 9) != Z_OK)
        fail(name, "cannot be packed");
    put_be32(head, p->width);
    put_be32(head + 4, p->height);
    head[8] = 8;
    head[9] = 3; /* palette */
    fwrite("\211PNG\r\n\032\n", 1, HEAD, f);
    put_chunk(f, "IHDR", head, sizeof head);
    put_chunk(f, "PLTE", palette, (size_t)used * PIXEL);
    put_chunk(f, "IDAT", packed, packed_size);
    put_chunk(f, "IEND", "", 0);
    if (ferror(f) | fclose(f))
        fail(name, "cannot be written");
    free(packed);
    free(out);
}

int main(int argc, char *argv[])
{
    bool smaller = argc == 4 && !strcmp(argv[1], "-r");
    struct picture p, ref;

    if (!smaller && argc != 2 && argc != 3)
        fail("usage", "picture FILE.png [REF.png] | -r FILE.png OUT.png");
    p = read_picture(argv[smaller ? 2 : 1]);
    if (smaller) {
        write_reduced(&p, argv[3]);
    } else {
        printf("%u %u %u", p.width, p.height, count_colours(&p));
        if (argc == 3) {
            ref = read_picture(argv[2]);
            printf(" %u", likeness(&p, &ref));
            free(ref.raw);
        }
        putchar('\n');
    }
    free(p.raw);
    return 0;
}
