/* gunzip.c - files that boot loaders unpack on the way: kernels for Multiboot
 * come packed by gzip, and GRUB does not mind. */
#include "frontend/gunzip.h"

#include <stdlib.h>
#include <zlib.h>

enum { FIRST_ROOM = 1 << 20, GZIP_WINDOW = 16 + MAX_WBITS };

bool gunzip_is_packed(const uint8_t *data, size_t size)
{
    return size > 18 && data[0] == 0x1F && data[1] == 0x8B && data[2] == 8;
}

/* Twice the room, within the limit. */
static bool grow(uint8_t **out, size_t *room, size_t limit)
{
    size_t more = *room > limit / 2 ? limit : *room * 2;
    uint8_t *larger = *room < limit ? realloc(*out, more) : NULL;

    if (!larger)
        return false;
    *out = larger;
    *room = more;
    return true;
}

uint8_t *gunzip_unpack(const uint8_t *data, size_t size, size_t limit,
                       size_t *unpacked)
{
    size_t room = FIRST_ROOM < limit ? FIRST_ROOM : limit, used = 0;
    uint8_t *out = malloc(room);
    z_stream z = {0};
    int result = Z_OK;

    if (!out || size > UINT32_MAX || limit > UINT32_MAX ||
        inflateInit2(&z, GZIP_WINDOW) != Z_OK) {
        free(out);
        return NULL;
    }
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)size;
    while (result == Z_OK && (used < room || grow(&out, &room, limit))) {
        z.next_out = out + used;
        z.avail_out = (uInt)(room - used);
        result = inflate(&z, Z_NO_FLUSH);
        used = room - z.avail_out;
    }
    inflateEnd(&z);
    if (result != Z_STREAM_END) {
        free(out);
        return NULL;
    }
    *unpacked = used;
    return out;
}
