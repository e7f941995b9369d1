/* check_gunzip - packed kernels: whole, cut short, damaged, too large.
 * Run alone: make tests/frontend/check_gunzip && tests/frontend/check_gunzip */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "frontend/gunzip.h"
#include "tests/suite.h"

enum { SIZE = 3 << 20 };

static uint8_t *plain, *packed;
static size_t packed_size;

static void setup(void)
{
    z_stream z = {0};

    plain = malloc(SIZE);
    packed = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        plain[i] = (uint8_t)(i >> 8 ^ i * i >> 20);
    ck_assert_int_eq(
        deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    z.next_in = plain;
    z.avail_in = SIZE;
    z.next_out = packed;
    z.avail_out = SIZE;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    packed_size = z.total_out;
    deflateEnd(&z);
}

static void teardown(void)
{
    free(plain);
    free(packed);
}

START_TEST(whole)
{
    size_t size = 0;
    uint8_t *out;

    ck_assert(gunzip_is_packed(packed, packed_size));
    ck_assert(!gunzip_is_packed(plain, SIZE));
    ck_assert(!gunzip_is_packed(packed, 10));
    out = gunzip_unpack(packed, packed_size, SIZE, &size);
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(size, SIZE);
    ck_assert_mem_eq(out, plain, SIZE);
    free(out);
}
END_TEST

START_TEST(not_whole)
{
    size_t size;

    ck_assert_ptr_null(gunzip_unpack(packed, packed_size, SIZE - 1, &size));
    ck_assert_ptr_null(gunzip_unpack(packed, packed_size - 9, SIZE, &size));
    ck_assert_ptr_null(gunzip_unpack(packed, 20, SIZE, &size));
    packed[packed_size / 2] ^= 0x55;
    ck_assert_ptr_null(gunzip_unpack(packed, packed_size, SIZE, &size));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gunzip");
    TCase *c = tcase_create("gunzip");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, whole);
    tcase_add_test(c, not_whole);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
