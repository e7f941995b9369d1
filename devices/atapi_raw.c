/* atapi_raw.c - whole CD-ROM sectors of mode 1, made of their user data.
 *
 * Manual: ECMA-130, section 14 and annex A. A sector of 2352 bytes: 12 sync,
 * 4 header, 2048 user data, 4 EDC, 8 zeros, 172 P parity, 104 Q parity. */
#include "devices/atapi_internal.h"

enum {
    AT_HEADER = 12,
    AT_USER = 16,
    AT_EDC = AT_USER + CD_SECTOR,
    AT_P = AT_EDC + 12,
    RAW_SIZE = 2352,

    P_COLUMNS = 43,
    P_ROWS = 24,
    Q_DIAGONALS = 26,
    Q_ROWS = 43
};

static uint8_t bcd(uint32_t value)
{
    return (uint8_t)(value / 10 % 10 << 4 | value % 10);
}

/* Yellow book: CRC of polynomial 8001801B, least significant bit first. */
static uint32_t cd_edc(const uint8_t *data, size_t size)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xD8018001 : 0);
    }
    return crc;
}

/* Times the primitive element, in the field of x^8 + x^4 + x^3 + x^2 + 1. */
static uint8_t gf_twice(uint8_t x)
{
    return (uint8_t)(x << 1 ^ (x & 0x80 ? 0x1D : 0));
}

/* Divided by 1 + the primitive element, F4h being the reciprocal of 3. */
static uint8_t gf_third(uint8_t x)
{
    uint8_t product = 0;

    for (unsigned factor = 0xF4; factor; factor >>= 1, x = gf_twice(x))
        if (factor & 1)
            product ^= x;
    return product;
}

/* Two parity bytes p, q behind the data: the sum of all is 0, and so is the
 * sum with each multiplied by the primitive element to the power of its
 * distance from the end. */
struct parity {
    uint8_t sum, weighted;
};

static void parity_add(struct parity *parity, uint8_t data)
{
    parity->sum ^= data;
    parity->weighted = gf_twice(parity->weighted) ^ data;
}

static void parity_end(struct parity *parity, uint8_t *p, uint8_t *q)
{
    uint8_t weighted = gf_twice(gf_twice(parity->weighted));

    *p = gf_third(parity->sum ^ weighted);
    *q = parity->sum ^ *p;
}

/* Low and high bytes of the 16-bit words from the header on are coded apart.
 * Q also covers P: its diagonals wrap around within 26 rows. */
static void put_parity(uint8_t *raw)
{
    uint8_t *words = raw + AT_HEADER;
    unsigned rows = P_ROWS + 2, all = rows * P_COLUMNS;

    for (unsigned half = 0; half < 2; half++) {
        for (unsigned n = 0; n < P_COLUMNS; n++) {
            struct parity parity = {0, 0};

            for (unsigned m = 0; m < P_ROWS; m++)
                parity_add(&parity, words[2 * (n + P_COLUMNS * m) + half]);
            parity_end(&parity, &words[2 * (n + P_COLUMNS * P_ROWS) + half],
                       &words[2 * (n + P_COLUMNS * (P_ROWS + 1)) + half]);
        }
        for (unsigned n = 0; n < Q_DIAGONALS; n++) {
            struct parity parity = {0, 0};

            for (unsigned m = 0; m < Q_ROWS; m++)
                parity_add(&parity,
                           words[2 * ((44 * m + 43 * n) % all) + half]);
            parity_end(&parity, &words[2 * (all + n) + half],
                       &words[2 * (all + Q_DIAGONALS + n) + half]);
        }
    }
}

static void put_sector(uint8_t *raw, uint32_t lba, const uint8_t *user)
{
    uint32_t frame = lba + MSF_OFFSET;

    memset(raw, 0xFF, AT_HEADER);
    raw[0] = raw[AT_HEADER - 1] = 0;
    raw[12] = bcd(frame / (75 * 60));
    raw[13] = bcd(frame / 75 % 60);
    raw[14] = bcd(frame % 75);
    raw[15] = 1;
    memcpy(raw + AT_USER, user, CD_SECTOR);
    store_le32(raw + AT_EDC, cd_edc(raw, AT_EDC));
    memset(raw + AT_EDC + 4, 0, 8);
    put_parity(raw);
}

/* THE list of parts, in their order; mode 1 has no subheader. */
static const struct {
    uint8_t part;
    uint16_t at, size;
} parts_of_sector[] = {
    {PART_SYNC, 0, AT_HEADER},
    {PART_HEADER, AT_HEADER, AT_USER - AT_HEADER},
    {PART_USER, AT_USER, CD_SECTOR},
    {PART_EDC_ECC, AT_EDC, RAW_SIZE - AT_EDC},
};

uint32_t atapi_parts_size(unsigned parts)
{
    uint32_t size = 0;

    for (size_t i = 0; i < ARRAY_LEN(parts_of_sector); i++)
        if (parts & parts_of_sector[i].part)
            size += parts_of_sector[i].size;
    return size;
}

void atapi_put_parts(uint8_t *to, unsigned parts, uint32_t lba,
                     const uint8_t user[CD_SECTOR])
{
    uint8_t raw[RAW_SIZE];

    put_sector(raw, lba, user);
    for (size_t i = 0; i < ARRAY_LEN(parts_of_sector); i++)
        if (parts & parts_of_sector[i].part) {
            memcpy(to, raw + parts_of_sector[i].at, parts_of_sector[i].size);
            to += parts_of_sector[i].size;
        }
}
