/* headless.h - a run without a window. */
#ifndef UMBRA_FRONTEND_HEADLESS_H
#define UMBRA_FRONTEND_HEADLESS_H

#include "frontend/session.h"

/* Run until the session ends. Under the virtual clock an idle guest's time
 * passes at once, except while serial input may still arrive. */
void headless_run(struct session *session);

#endif
