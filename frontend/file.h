/* file.h - whole files in and out. */
#ifndef UMBRA_FRONTEND_FILE_H
#define UMBRA_FRONTEND_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read at most `limit` bytes of a file, its whole length to *length (may be
 * NULL). The caller frees. NULL with "FILE: reason; remedy". */
uint8_t *file_read(const char *path, size_t limit, size_t *size,
                   uint64_t *length, char *error, size_t error_size);
/* "-" is standard output. */
bool file_write(const char *path, const void *data, size_t size, char *error,
                size_t error_size);

#endif
