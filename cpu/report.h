/* report.h - what led to a triple fault, as text (report.c). */
#ifndef UMBRA_CPU_REPORT_H
#define UMBRA_CPU_REPORT_H

#include "cpu/cpu.h"

/* After EXIT_SHUTDOWN, before the reset: line by line. */
void cpu_report_triple(struct cpu *cpu,
                       void (*put)(void *opaque, const char *line),
                       void *opaque);

#endif
