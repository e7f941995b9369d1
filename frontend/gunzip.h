/* gunzip.h - files that boot loaders unpack on the way. */
#ifndef UMBRA_FRONTEND_GUNZIP_H
#define UMBRA_FRONTEND_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 1952, 2.3.1. */
bool gunzip_is_packed(const uint8_t *data, size_t size);
/* The contents, at most `limit` bytes; free() them. NULL: damaged, larger,
 * or no memory. */
uint8_t *gunzip_unpack(const uint8_t *data, size_t size, size_t limit,
                       size_t *unpacked);

#endif
