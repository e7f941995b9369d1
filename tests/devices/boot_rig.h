/* boot_rig.h - for tests of the kernel loaders: an image, a request, a plan. */
#ifndef UMBRA_TESTS_BOOT_RIG_H
#define UMBRA_TESTS_BOOT_RIG_H

#include <check.h>
#include <stdlib.h>

#include "devices/boot.h"
#include "devices/boot_image.h"

enum { MIB = 1 << 20, IMAGE_MAX = 160 << 10 };

static uint8_t image[IMAGE_MAX];
static struct boot_request request;
static char error[512];

static inline void start(uint64_t ram)
{
    memset(image, 0, sizeof image);
    memset(&request, 0, sizeof request);
    request.kernel.data = image;
    request.kernel.name = "k";
    request.linux_entry = 16;
    request.low_end = ram;
    request.high_end = 1ull << 32;
    *error = 0;
}

static inline struct boot_plan *plan_of(uint64_t size)
{
    request.kernel.size = size;
    return boot_plan_create(&request, error, sizeof error);
}

/* Refused with a line "NAME: reason; remedy" that contains `part`. */
static inline void refused(uint64_t size, const char *part)
{
    struct boot_plan *plan = plan_of(size);

    ck_assert_msg(!plan, "accepted; expected: %s", part);
    ck_assert_msg(strstr(error, part) != NULL, "%s", error);
    ck_assert_ptr_nonnull(strstr(error, ": "));
}

static inline const struct boot_piece *piece_at(const struct boot_plan *plan,
                                                gpa_t gpa)
{
    for (unsigned i = 0; i < plan->pieces; i++)
        if (plan->piece[i].gpa == gpa)
            return &plan->piece[i];
    return NULL;
}

/* ELF32, segments of 12 KiB from 1 MiB on, 64 KiB apart; 8 KiB are in the
 * file. */
static inline void make_elf(unsigned segments)
{
    memcpy(image, "\177ELF\1\1\1", 7);
    image[16] = 2;
    image[18] = 3;
    store_le32(image + 24, 0xC0100010); /* entry, linear */
    store_le32(image + 28, 52);
    store_le16(image + 42, 32);
    store_le16(image + 44, (uint16_t)segments);
    for (unsigned i = 0; i < segments; i++) {
        uint8_t *p = image + 52 + 32 * i;
        store_le32(p, 1);
        store_le32(p + 4, 0x1000);
        store_le32(p + 8, 0xC0100000 + i * 0x10000);
        store_le32(p + 12, 0x100000 + i * 0x10000);
        store_le32(p + 16, 0x2000);
        store_le32(p + 20, 0x3000);
    }
}

static inline void make_multiboot(unsigned at, uint32_t flags)
{
    store_le32(image + at, 0x1BADB002);
    store_le32(image + at + 4, flags);
    store_le32(image + at + 8, -0x1BADB002u - flags);
}

#endif
