/* png.c - PNG by the W3C's specification, second edition: signature, IHDR,
 * one IDAT, IEND. Each line takes the filter with the smallest sum of
 * absolute differences among None, Sub and Up. zlib compresses and sums. */
#define _POSIX_C_SOURCE 200809L

#include "frontend/png.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { FILTER_NONE, FILTER_SUB, FILTER_UP, FILTERS };
enum { CHUNK_OVERHEAD = 12, IHDR_SIZE = 13 };

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};

static void put_be32(uint8_t *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void unpack_line(const uint32_t *pixels, uint32_t width, uint8_t *rgb)
{
    for (uint32_t x = 0; x < width; x++) {
        *rgb++ = (uint8_t)(pixels[x] >> 16);
        *rgb++ = (uint8_t)(pixels[x] >> 8);
        *rgb++ = (uint8_t)pixels[x];
    }
}

/* One filtered byte; `above` is a line of zeroes for the first one. */
static uint8_t filtered(unsigned filter, const uint8_t *line,
                        const uint8_t *above, size_t i)
{
    switch (filter) {
    case FILTER_SUB:
        return (uint8_t)(line[i] - (i >= 3 ? line[i - 3] : 0));
    case FILTER_UP:
        return (uint8_t)(line[i] - above[i]);
    default:
        return line[i];
    }
}

static void filter_line(const uint8_t *line, const uint8_t *above, size_t bytes,
                        uint8_t *out)
{
    uint64_t best_sum = UINT64_MAX;
    unsigned best = FILTER_NONE;

    for (unsigned filter = 0; filter < FILTERS; filter++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < bytes; i++)
            sum += (uint64_t)abs((int8_t)filtered(filter, line, above, i));
        if (sum < best_sum) {
            best_sum = sum;
            best = filter;
        }
    }
    out[0] = (uint8_t)best;
    for (size_t i = 0; i < bytes; i++)
        out[1 + i] = filtered(best, line, above, i);
}

/* All lines with their filter bytes. */
static uint8_t *filter_picture(const uint32_t *pixels, uint32_t width,
                               uint32_t height, uint32_t stride)
{
    size_t bytes = (size_t)width * 3;
    uint8_t *out = malloc((bytes + 1) * height + 1);
    uint8_t *lines = calloc(2, bytes + 1);

    if (out && lines) {
        for (uint32_t y = 0; y < height; y++) {
            uint8_t *line = lines + (y & 1) * (bytes + 1);
            const uint8_t *above = lines + (~y & 1) * (bytes + 1);
            unpack_line(pixels + (size_t)y * stride, width, line);
            filter_line(line, above, bytes, out + (bytes + 1) * y);
        }
    } else {
        free(out);
        out = NULL;
    }
    free(lines);
    return out;
}

/* Length, type and data are in place; adds the sum over type and data. */
static uint8_t *finish_chunk(uint8_t *chunk, const char *type, size_t size)
{
    uint32_t crc;

    put_be32(chunk, (uint32_t)size);
    memcpy(chunk + 4, type, 4);
    crc = (uint32_t)crc32(0, chunk + 4, (uInt)size + 4);
    put_be32(chunk + 8 + size, crc);
    return chunk + CHUNK_OVERHEAD + size;
}

static uint8_t *put_header(uint8_t *out, uint32_t width, uint32_t height)
{
    memcpy(out, signature, sizeof signature);
    out += sizeof signature;
    put_be32(out + 8, width);
    put_be32(out + 12, height);
    memcpy(out + 16, (const uint8_t[]){8, 2, 0, 0, 0}, 5); /* 8-bit RGB */
    return finish_chunk(out, "IHDR", IHDR_SIZE);
}

uint8_t *png_encode(const uint32_t *pixels, uint32_t width, uint32_t height,
                    uint32_t stride, size_t *size)
{
    size_t raw_size = ((size_t)width * 3 + 1) * height;
    uLongf packed_size = compressBound((uLong)raw_size);
    uint8_t *raw = filter_picture(pixels, width, height, stride);
    uint8_t *out =
        malloc(sizeof signature + 3 * CHUNK_OVERHEAD + IHDR_SIZE + packed_size);
    uint8_t *end;

    if (!raw || !out)
        goto fail;
    end = put_header(out, width, height);
    if (compress2(end + 8, &packed_size, raw, (uLong)raw_size, 6) != Z_OK)
        goto fail;
    end = finish_chunk(end, "IDAT", packed_size);
    end = finish_chunk(end, "IEND", 0);
    *size = (size_t)(end - out);
    free(raw);
    return out;
fail:
    free(raw);
    free(out);
    return NULL;
}

static int report(char *error, size_t error_size, const char *path,
                  const char *reason)
{
    snprintf(error, error_size, "%s: %s; have the picture written elsewhere",
             path, reason);
    return -1;
}

/* 0, or the errno of the first failure. */
static int write_file(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    int failed = 0;

    if (!file)
        return errno;
    if (fwrite(data, 1, size, file) != size || fflush(file) != 0)
        failed = errno ? errno : EIO;
    if (fclose(file) != 0 && !failed)
        failed = errno;
    return failed;
}

/* A picture in the making has another name: who polls for `path` never sees
 * half of it. Devices such as /dev/stdout are written directly. */
static int replace_file(const char *path, const uint8_t *data, size_t size)
{
    size_t length = strlen(path);
    char *temporary;
    int failed;

    if (strncmp(path, "/dev/", 5) == 0)
        return write_file(path, data, size);
    temporary = malloc(length + 5);
    if (!temporary)
        return ENOMEM;
    memcpy(temporary, path, length);
    memcpy(temporary + length, ".new", 5);
    failed = write_file(temporary, data, size);
    if (!failed && rename(temporary, path) != 0)
        failed = errno;
    if (failed)
        unlink(temporary);
    free(temporary);
    return failed;
}

int png_write(const char *path, const uint32_t *pixels, uint32_t width,
              uint32_t height, uint32_t stride, char *error, size_t error_size)
{
    size_t size;
    uint8_t *data = png_encode(pixels, width, height, stride, &size);
    int failed;

    if (!data)
        return report(error, error_size, path, strerror(ENOMEM));
    failed = replace_file(path, data, size);
    free(data);
    return failed ? report(error, error_size, path, strerror(failed)) : 0;
}
