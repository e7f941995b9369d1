/* Advanced Power Management: what apm.c keeps. It lies among the variables of
 * segment EC00, which is the data segment that APM tells its callers of. */
#ifndef APM_H
#define APM_H

#include "bios.h"

enum apm_connection { APM_NONE, APM_REAL, APM_PM16, APM_PM32 };

struct apm_state {
    uint8_t connection;
    bool disabled, disengaged;
};

extern struct apm_state apm_state; /* system.c */

#ifdef CODE32
#define apm_function apm_function32
#endif
/* The function in r->al; called with GS = SS and FS = EC00. */
void apm_function(struct regs *r);

#endif
