/* window.h - a run in a window. */
#ifndef UMBRA_FRONTEND_WINDOW_H
#define UMBRA_FRONTEND_WINDOW_H

#include "frontend/session.h"

/* Run until the session ends or the window is closed. False with one line
 * in error[] when there can be no window. */
bool window_run(struct session *session, const struct options *options,
                char *error, size_t error_size);

#endif
