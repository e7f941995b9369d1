/* host_none.c - a host whose processor is no x86-64, or whose system does
 * not let programs see what it does: recorded vectors only. */
#include "tests/oracle/oracle.h"

const char *oracle_host_open(void)
{
    return "not x86-64 Linux";
}

bool oracle_host_cpuid(uint32_t leaf, unsigned word, unsigned bit)
{
    (void)leaf;
    (void)word;
    (void)bit;
    return false;
}

const char *oracle_host_name(void)
{
    return "none";
}

bool oracle_host_is_amd(void)
{
    return false;
}

bool oracle_host_run(const struct oracle_case *cases,
                     struct oracle_result *results, unsigned count,
                     unsigned *done)
{
    (void)cases;
    (void)results;
    (void)count;
    *done = 0;
    return false;
}
