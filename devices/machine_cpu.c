/* machine_cpu.c - the processor's models, seen from outside; what it counted
 * of the guest's liberties. */
#include <inttypes.h>
#include <stdio.h>

#include "cpu/models.h"
#include "devices/machine_state.h"

bool machine_cpu_check(const char *cpu, char error[MACHINE_ERROR_SIZE])
{
    struct cpu_choice choice;

    *error = 0;
    return models_choose(&choice, cpu, error, MACHINE_ERROR_SIZE);
}

const char *machine_cpu_model(unsigned n, const char **help)
{
    const struct cpu_model *model = models_list(n);

    if (!model)
        return NULL;
    *help = model->help;
    return model->name;
}

void machine_strict_report(struct machine *m)
{
    const char *name, *text;
    char line[160];

    if (!m->config.strict || !m->config.host.report)
        return;
    m->config.host.report(m->config.host.opaque,
                          "strict report: what hardware would not forgive");
    m->config.host.report(m->config.host.opaque,
                          "       count  first at          what");
    for (unsigned n = 0; (name = strict_name(n, &text)); n++) {
        snprintf(line, sizeof line, "%12" PRIu64 "  %016" PRIx64 "  %s: %s",
                 m->strict.count[n], m->strict.first_rip[n], name, text);
        m->config.host.report(m->config.host.opaque, line);
    }
}

const char *machine_cpu_feature(unsigned n)
{
    return models_feature(n);
}
