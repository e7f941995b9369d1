/* png.h - writes a picture as a PNG file (8-bit RGB). */
#ifndef UMBRA_FRONTEND_PNG_H
#define UMBRA_FRONTEND_PNG_H

#include <stddef.h>
#include <stdint.h>

/* The whole file in memory of malloc; NULL when there is none. `pixels` are
 * 0x00RRGGBB, `stride` counts pixels. */
uint8_t *png_encode(const uint32_t *pixels, uint32_t width, uint32_t height,
                    uint32_t stride, size_t *size);

/* Write to `path`, replacing it only when the picture is complete. 0, or -1
 * with one line naming file and reason in error[]. */
int png_write(const char *path, const uint32_t *pixels, uint32_t width,
              uint32_t height, uint32_t stride, char *error, size_t error_size);

#endif
