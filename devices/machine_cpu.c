/* machine_cpu.c - the processor's models, seen from outside. */
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

const char *machine_cpu_feature(unsigned n)
{
    return models_feature(n);
}
