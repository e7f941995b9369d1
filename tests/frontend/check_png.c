/* check_png - pictures are decoded again here by the letter of the format.
 * Run alone: make tests/frontend/check_png && tests/frontend/check_png */
#define _POSIX_C_SOURCE 200809L

#include "frontend/png.h"
#include "tests/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

/* Checks length and sum of the chunk at *at, moves on to the next. */
static const uint8_t *chunk(const uint8_t **at, const uint8_t *end,
                            const char *type, uint32_t *size)
{
    const uint8_t *data = *at + 8;

    ck_assert_uint_ge((size_t)(end - *at), 12);
    *size = be32(*at);
    ck_assert_uint_ge((size_t)(end - data), (size_t)*size + 4);
    ck_assert_mem_eq(*at + 4, type, 4);
    ck_assert_uint_eq(be32(data + *size), crc32(0, *at + 4, (uInt)(*size + 4)));
    *at = data + *size + 4;
    return data;
}

static void unfilter(uint8_t *raw, uint32_t width, uint32_t height)
{
    size_t line = (size_t)width * 3 + 1;

    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = raw + y * line;
        ck_assert_uint_le(row[0], 2);
        for (size_t i = 1; i < line; i++) {
            if (row[0] == 1 && i > 3)
                row[i] = (uint8_t)(row[i] + row[i - 3]);
            if (row[0] == 2 && y > 0)
                row[i] = (uint8_t)(row[i] + row[i - line]);
        }
    }
}

static void check_picture(const uint8_t *png, size_t size,
                          const uint32_t *pixels, uint32_t width,
                          uint32_t height, uint32_t stride)
{
    const uint8_t *at = png + 8, *end = png + size, *data;
    uLongf raw_size = ((uLongf)width * 3 + 1) * height, got = raw_size;
    uint8_t *raw = malloc(raw_size);
    uint32_t length;

    ck_assert_mem_eq(png, "\x89PNG\r\n\x1A\n", 8);
    data = chunk(&at, end, "IHDR", &length);
    ck_assert_uint_eq(length, 13);
    ck_assert_uint_eq(be32(data), width);
    ck_assert_uint_eq(be32(data + 4), height);
    ck_assert_mem_eq(data + 8, "\x08\x02\0\0\0", 5);
    data = chunk(&at, end, "IDAT", &length);
    ck_assert_int_eq(uncompress(raw, &got, data, length), Z_OK);
    ck_assert_uint_eq(got, raw_size);
    chunk(&at, end, "IEND", &length);
    ck_assert_uint_eq(length, 0);
    ck_assert_ptr_eq(at, end);
    unfilter(raw, width, height);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            const uint8_t *p = raw + y * ((size_t)width * 3 + 1) + 1 + x * 3;
            uint32_t color = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
            ck_assert_uint_eq(color, pixels[y * stride + x] & 0xFFFFFF);
        }
    }
    free(raw);
}

static void round_trip(const uint32_t *pixels, uint32_t width, uint32_t height,
                       uint32_t stride)
{
    size_t size;
    uint8_t *png = png_encode(pixels, width, height, stride, &size);

    ck_assert_ptr_nonnull(png);
    check_picture(png, size, pixels, width, height, stride);
    free(png);
}

enum { SIDE = 40 };

static void fill_noise(uint32_t *pixels, size_t count)
{
    uint32_t state = 12345;

    for (size_t i = 0; i < count; i++) {
        state = state * 1664525 + 1013904223;
        pixels[i] = state >> 3;
    }
}

START_TEST(pixels_come_back)
{
    uint32_t pixels[SIDE * SIDE];

    memset(pixels, 0, sizeof pixels);
    round_trip(pixels, SIDE, SIDE, SIDE);
    for (unsigned i = 0; i < SIDE * SIDE; i++)
        pixels[i] = i % SIDE * 0x030201 + i / SIDE * 0x010203;
    round_trip(pixels, SIDE, SIDE, SIDE);
    fill_noise(pixels, SIDE * SIDE);
    round_trip(pixels, SIDE, SIDE, SIDE);
    round_trip(pixels, 1, 1, 1);
    round_trip(pixels, 1, SIDE, 1);
    round_trip(pixels, SIDE, 1, SIDE);
}
END_TEST

START_TEST(stride_is_respected)
{
    uint32_t pixels[SIDE * SIDE];

    fill_noise(pixels, SIDE * SIDE);
    round_trip(pixels, SIDE - 7, SIDE, SIDE);
}
END_TEST

START_TEST(plain_pictures_are_small)
{
    static uint32_t pixels[640 * 480];
    size_t size;
    uint8_t *png = png_encode(pixels, 640, 480, 640, &size);

    ck_assert_ptr_nonnull(png);
    ck_assert_uint_lt(size, 5000);
    free(png);
}
END_TEST

START_TEST(files_are_replaced_as_a_whole)
{
    char directory[] = "/tmp/umbra-png-XXXXXX", path[64], temporary[80];
    uint32_t pixels[4] = {0xFF0000, 0x00FF00, 0x0000FF, 0xFFFFFF};
    uint8_t data[1000];
    char error[256] = "";
    size_t size;
    FILE *file;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/a.png", directory);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_int_eq(png_write(path, pixels, 2, 2, 2, error, sizeof error),
                         0);
        pixels[0] ^= 0x123456;
    }
    pixels[0] ^= 0x123456;
    ck_assert_int_ne(access(temporary, F_OK), 0);
    file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size = fread(data, 1, sizeof data, file);
    fclose(file);
    check_picture(data, size, pixels, 2, 2, 2);
    unlink(path);
    rmdir(directory);
}
END_TEST

START_TEST(failures_name_the_file)
{
    uint32_t pixel = 0;
    char error[256] = "";

    ck_assert_int_eq(
        png_write("/nonexistent/x.png", &pixel, 1, 1, 1, error, sizeof error),
        -1);
    ck_assert_ptr_nonnull(strstr(error, "/nonexistent/x.png"));
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
    if (access("/dev/full", W_OK) == 0) {
        ck_assert_int_eq(
            png_write("/dev/full", &pixel, 1, 1, 1, error, sizeof error), -1);
        ck_assert_ptr_nonnull(strstr(error, "No space"));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("png");
    TCase *tcase = tcase_create("png");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, pixels_come_back);
    tcase_add_test(tcase, stride_is_respected);
    tcase_add_test(tcase, plain_pictures_are_small);
    tcase_add_test(tcase, files_are_replaced_as_a_whole);
    tcase_add_test(tcase, failures_name_the_file);
    return suite_run(suite);
}
