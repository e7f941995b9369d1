/* base.h - types, bits, little-endian access and ASSERT for every part.
 *
 * Address kinds are told apart by type and by suffix: gva_t is a linear
 * (guest-virtual) address, gpa_t a guest-physical one, gfn_t a physical
 * frame number (gpa >> 12); host pointers are plain pointers. */
#ifndef UMBRA_CORE_BASE_H
#define UMBRA_CORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t gva_t;
typedef uint64_t gpa_t;
typedef uint64_t gfn_t;

enum { PAGE_SHIFT = 12, PAGE_SIZE = 1 << PAGE_SHIFT };
#define PAGE_MASK     (~(uint64_t)(PAGE_SIZE - 1))

#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)
#define NOINLINE      __attribute__((noinline))
#define NORETURN      __attribute__((noreturn))
#define PRINTF(f, a)  __attribute__((format(printf, f, a)))
#define ALWAYS_INLINE inline __attribute__((always_inline))

#define ARRAY_LEN(a)  (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member)                                        \
    ((type *)((char *)(ptr)-offsetof(type, member)))

/* Bits [low, low + count) of a value. */
static inline uint64_t bits(uint64_t value, unsigned low, unsigned count)
{
    return (value >> low) & (count >= 64 ? ~0ull : (1ull << count) - 1);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Guest memory is little-endian whatever the host is; the pointers need
 * not be aligned. Compilers turn these into one move on x86. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LE16(x) __builtin_bswap16(x)
#define LE32(x) __builtin_bswap32(x)
#define LE64(x) __builtin_bswap64(x)
#else
#define LE16(x) (x)
#define LE32(x) (x)
#define LE64(x) (x)
#endif

static inline uint8_t load_le8(const void *p)
{
    return *(const uint8_t *)p;
}

static inline uint16_t load_le16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return LE16(v);
}

static inline uint32_t load_le32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return LE32(v);
}

static inline uint64_t load_le64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return LE64(v);
}

static inline void store_le8(void *p, uint8_t v)
{
    *(uint8_t *)p = v;
}

static inline void store_le16(void *p, uint16_t v)
{
    v = LE16(v);
    memcpy(p, &v, sizeof v);
}

static inline void store_le32(void *p, uint32_t v)
{
    v = LE32(v);
    memcpy(p, &v, sizeof v);
}

static inline void store_le64(void *p, uint64_t v)
{
    v = LE64(v);
    memcpy(p, &v, sizeof v);
}

/* Any width of 1, 2, 4 or 8 bytes. */
static inline uint64_t load_le(const void *p, unsigned size)
{
    switch (size) {
    case 1:
        return load_le8(p);
    case 2:
        return load_le16(p);
    case 4:
        return load_le32(p);
    default:
        return load_le64(p);
    }
}

static inline void store_le(void *p, uint64_t v, unsigned size)
{
    switch (size) {
    case 1:
        store_le8(p, (uint8_t)v);
        break;
    case 2:
        store_le16(p, (uint16_t)v);
        break;
    case 4:
        store_le32(p, (uint32_t)v);
        break;
    default:
        store_le64(p, v);
        break;
    }
}

/* ASSERT states what only our own mistake can break; guest behaviour is
 * never asserted. It stops the process with a report in every build. */
NORETURN void assert_failed(const char *expr, const char *file, int line);
#define ASSERT(e)                                                              \
    do {                                                                       \
        if (unlikely(!(e)))                                                    \
            assert_failed(#e, __FILE__, __LINE__);                             \
    } while (0)

#endif
