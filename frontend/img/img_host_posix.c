/* img_host_posix.c - what umbra-img asks of a POSIX system. */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "frontend/img/img.h"

bool img_host_is_terminal(void)
{
    return isatty(STDERR_FILENO);
}
