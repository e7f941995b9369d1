/* codebuf.h - memory for host code: written through one mapping, executed
 * through another, never both through one. */
#ifndef UMBRA_CPU_JIT_CODEBUF_H
#define UMBRA_CPU_JIT_CODEBUF_H

#include "devices/core/base.h"

struct codebuf {
    uint8_t *write;
    const uint8_t *exec;
    size_t size, used, reserved; /* `reserved` bytes at the start stay */
};

bool codebuf_init(struct codebuf *buf, size_t size, char *error,
                  size_t error_size);
void codebuf_free(struct codebuf *buf);

#endif
