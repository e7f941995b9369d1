/* machine_run.c - lets time pass on the board.
 *
 * Virtual clock: time = instructions * 2^icount_shift ns + PORT_NS for each
 * access to a port + idle time; a halted CPU jumps to the next event. Memory
 * of devices takes no longer than any other. Host clock: time is what the host
 * says; a halted CPU returns MACHINE_IDLE, and the budget of a slice follows
 * from the measured speed. Events fire between slices only. */
#include "config.h"
#include "cpu/block.h"
#include "cpu/cpu.h"
#include "cpu/report.h"
#include "devices/machine_state.h"
#include "devices/pm_piix4.h"
#include "devices/rtc_mc146818.h"
#include "devices/vga.h"

/* A request to stop from outside is seen that often. */
enum { MAX_SLICE = 2000000, MIN_HOST_SLICE = 500 };

/* Debug builds check the invariants of MMU and blocks that often; a prime, so
 * that the moments fall anywhere in what the guest repeats. */
enum { AUDIT_INSTRUCTIONS = 999983 };

/* The reset line is held that long; a guest that resets in a loop gets on. */
enum { RESET_NS = 1000000 };

/* A cycle on the ISA bus, 8 bits wide, takes 6 of its clocks of 120 ns, one of
 * the PCI bus less. Programs and drivers wait by reading ports, and count how
 * often they did before they give up. */
enum { PORT_NS = 500 };

/* CMOS register 0Fh, shutdown status: after these resets the BIOS returns to
 * a program that left protected mode (IBM AT Technical Reference), or to a
 * system that was suspended to RAM (as QEMU's board). */
enum { CMOS_SHUTDOWN = 0x0F, SHUTDOWN_SUSPENDED = 0xFE };

static bool is_mode_switch(struct machine *m)
{
    uint8_t code = rtc_get_cmos(m->rtc, CMOS_SHUTDOWN);

    return code == 0x05 || (code >= 0x09 && code <= 0x0C);
}

/* ----------------------------------------------------------------- time */

uint64_t machine_clock(void *machine)
{
    const struct machine *m = machine;

    if (m->config.host_time)
        return m->config.host.clock(m->config.host.opaque) - m->host_start;
    if (!m->cpu) /* the board is being built */
        return 0;
    return m->idle_ns + m->port_ns +
           (cpu_icount(m->cpu) << m->config.icount_shift);
}

uint64_t machine_now(const struct machine *m)
{
    return machine_clock((struct machine *)m);
}

uint64_t machine_instructions(const struct machine *m)
{
    return cpu_icount(m->cpu);
}

/* Instructions that fit before `when`, at least one. */
static int64_t budget_until(const struct machine *m, uint64_t now,
                            uint64_t when)
{
    uint64_t ns = when > now ? when - now : 0, n;

    if (m->config.host_time) {
        n = ns / 1024 < MAX_SLICE ? ns * m->rate / 1024 : MAX_SLICE;
        n = n < MIN_HOST_SLICE ? MIN_HOST_SLICE : n;
    } else {
        n = (ns >> m->config.icount_shift) +
            !!(ns & ((1u << m->config.icount_shift) - 1));
    }
    return (int64_t)(n < 1 ? 1 : n > MAX_SLICE ? MAX_SLICE : n);
}

/* What is left of the slice ends at `when`, too: so that it does not matter
 * where slices begin, the running instruction counts as one of it. */
static void shorten_until(struct machine *m, uint64_t when)
{
    uint64_t now = machine_clock(m);

    cpu_shorten(m->cpu, when > now ? budget_until(m, now, when) - 1 : 0);
}

void machine_rearmed(void *machine)
{
    struct machine *m = machine;
    uint64_t deadline = sched_deadline(&m->sched);

    if (m->cpu && deadline != SCHED_NEVER)
        shorten_until(m, deadline);
}

/* Virtual clock only. */
void machine_port_cycle(void *machine)
{
    struct machine *m = machine;

    m->port_ns += PORT_NS;
    shorten_until(m, min_u64(sched_deadline(&m->sched), m->slice_end));
}

/* Speed as a running mean, for the next budget under host time. */
static void measure(struct machine *m, uint64_t ns, uint64_t instructions)
{
    uint64_t rate;

    if (instructions < MIN_HOST_SLICE || !ns || ns > NS_PER_SEC)
        return;
    rate = instructions * 1024 / ns;
    m->rate = (m->rate * 7 + rate) / 8;
    m->rate += !m->rate;
}

/* -------------------------------------------------------------- requests */

void machine_ask(struct machine *m, enum machine_pending what)
{
    m->pending |= what;
    cpu_stop(m->cpu);
}

void machine_disk_failed(void *machine, const char *line)
{
    struct machine *m = machine;
    size_t n = strlen(line);

    if (*m->error)
        return;
    n = n < sizeof m->error - 1 ? n : sizeof m->error - 1;
    memcpy(m->error, line, n);
    m->error[n] = 0;
    if (m->cpu)
        machine_ask(m, PENDING_HOST_ERROR);
}

void machine_request_stop(struct machine *m)
{
    atomic_store(&m->stop_requested, true);
}

void machine_power_button(struct machine *m)
{
    pm_piix4_power_button(m->pm);
}

static void board_reset(struct machine *m)
{
    device_reset_all(&m->devices);
    machine_fill_boot_order(m);
    if (!machine_add_boot_order(m))
        LOG(&m->log, FWCFG, "no memory for a new boot order");
    m->started_once = true;
    machine_set_a20(m, true);
    if (m->boot)
        boot_plan_apply(m->boot, m->memory);
}

void machine_reset(struct machine *m)
{
    m->pending = 0;
    m->final = MACHINE_BUDGET;
    m->halted = false;
    *m->error = 0;
    board_reset(m);
}

static void reset_by_guest(struct machine *m, enum machine_stop reason)
{
    if (m->config.no_reboot) {
        m->final = reason;
        return;
    }
    LOG(&m->log, CPU, "reset");
    m->idle_ns += RESET_NS;
    board_reset(m);
}

/* A reset of the CPU. The chips are reset with it, as POST would do anyway,
 * unless a program only wants to leave protected mode. */
static void cpu_was_reset(struct machine *m, enum machine_stop reason)
{
    if (!is_mode_switch(m)) {
        reset_by_guest(m, reason);
        return;
    }
    LOG(&m->log, CPU, "reset to leave protected mode");
    machine_set_a20(m, true); /* as chipsets do, to fetch the vector */
    cpu_reset(m->cpu);
}

/* The reset that ends a suspend to RAM spares the clock, whose alarm the
 * system asks for, and the video card, so that the picture comes back. */
static void resume_from_ram(struct machine *m)
{
    pm_piix4_resume(m->pm);
    for (struct device *d = m->devices.first; d; d = d->next)
        if (!(m->vga && d == vga_device(m->vga)) && d != rtc_device(m->rtc) &&
            d->ops->reset)
            d->ops->reset(d);
    machine_set_a20(m, true);
    rtc_set_cmos(m->rtc, CMOS_SHUTDOWN, SHUTDOWN_SUSPENDED);
}

/* A wake event may be there already when the PC goes to sleep. */
static void change_sleep(struct machine *m, unsigned pending)
{
    enum machine_sleep before;

    if (pending & PENDING_SUSPEND)
        m->sleep = MACHINE_SUSPENDED;
    else if (pending & PENDING_SLEEP)
        m->sleep = MACHINE_SLEEPING;
    before = (enum machine_sleep)m->sleep;
    if (!(pending & PENDING_WAKE))
        return;
    LOG(&m->log, ACPI, "awake");
    m->sleep = MACHINE_AWAKE;
    if (before == MACHINE_SUSPENDED)
        resume_from_ram(m);
}

static void do_pending(struct machine *m)
{
    unsigned pending = m->pending;

    m->pending = 0;
    if (pending & PENDING_HOST_ERROR) {
        m->final = MACHINE_HOST_ERROR;
    } else if (pending & PENDING_DEBUG_EXIT) {
        m->final = MACHINE_DEBUG_EXIT;
    } else if (pending & PENDING_POWER_OFF) {
        m->final = MACHINE_POWER_OFF;
    } else if (pending & PENDING_HARD_RESET) {
        reset_by_guest(m, MACHINE_RESET);
    } else if (pending & PENDING_CPU_RESET) {
        cpu_was_reset(m, MACHINE_RESET);
    } else if (pending & PENDING_INIT) {
        cpu_init_pin(m->cpu);
        lapic_init_reset(m->lapic);
    }
    if (pending & (PENDING_SLEEP | PENDING_SUSPEND | PENDING_WAKE))
        change_sleep(m, pending);
}

/* ---------------------------------------------------------------- running */

static void audit(struct machine *m)
{
    const char *wrong;

    if (cpu_icount(m->cpu) < m->next_audit)
        return;
    m->next_audit = cpu_icount(m->cpu) + AUDIT_INSTRUCTIONS;
    wrong = mmu_audit(&m->cpu->mmu);
    if (!wrong)
        wrong = block_audit(m->cpu);
    if (wrong)
        assert_failed(wrong, __FILE__, __LINE__);
}

static void run_slice(struct machine *m, uint64_t now, uint64_t until)
{
    uint64_t before = cpu_icount(m->cpu);
    int64_t budget = budget_until(m, now, until);

    m->slice_end = until;
    if (UMBRA_AUDIT && budget > AUDIT_INSTRUCTIONS)
        budget = AUDIT_INSTRUCTIONS;
    switch (cpu_run(m->cpu, budget)) {
    case EXIT_HALTED:
        m->halted = !m->pending;
        break;
    case EXIT_SHUTDOWN:
        if (!is_mode_switch(m) && m->config.host.report)
            cpu_report_triple(m->cpu, m->config.host.report,
                              m->config.host.opaque);
        cpu_was_reset(m, MACHINE_TRIPLE_FAULT);
        break;
    default:
        break;
    }
    if (UMBRA_AUDIT)
        audit(m);
    if (m->config.host_time)
        measure(m, machine_clock(m) - now, cpu_icount(m->cpu) - before);
}

/* HLT: under the virtual clock the time to the next event (which the slice
 * may have armed) passes at once. */
static bool pass_idle_time(struct machine *m, uint64_t end)
{
    uint64_t now = machine_clock(m);
    uint64_t until = min_u64(sched_deadline(&m->sched), end);

    if (m->config.host_time)
        return now >= until;
    if (until > now)
        m->idle_ns += until - now;
    return true;
}

/* A run without an end ends before the clock overflows. */
static uint64_t end_of_run(uint64_t now, uint64_t ns)
{
    uint64_t far = UINT64_MAX / 4;

    return now < far && ns < far - now ? now + ns : far;
}

enum machine_stop machine_run(struct machine *m, uint64_t ns)
{
    uint64_t now = machine_clock(m), end = end_of_run(now, ns);

    if (m->config.host_time && m->halted)
        m->host_idle_ns += now - m->idle_since;
    while (m->final == MACHINE_BUDGET) {
        sched_run(&m->sched, now);
        if (m->pending)
            do_pending(m);
        if (atomic_exchange(&m->stop_requested, false))
            return MACHINE_STOPPED;
        if (now >= end)
            return MACHINE_BUDGET;
        if (m->final != MACHINE_BUDGET)
            break;
        m->halted = m->sleep != MACHINE_AWAKE;
        if (!m->halted)
            run_slice(m, now, min_u64(sched_deadline(&m->sched), end));
        if (m->halted && !pass_idle_time(m, end)) {
            m->idle_since = machine_clock(m);
            return MACHINE_IDLE;
        }
        now = machine_clock(m);
    }
    machine_finish_ports(m);
    return m->final;
}

uint64_t machine_idle_for(const struct machine *m)
{
    uint64_t now = machine_now(m), deadline = sched_deadline(&m->sched);

    if (!m->halted || m->pending)
        return 0;
    return deadline > now ? deadline - now : 0;
}

uint64_t machine_idle_total(const struct machine *m)
{
    return m->config.host_time ? m->host_idle_ns : m->idle_ns;
}

unsigned machine_exit_status(const struct machine *m)
{
    return m->exit_status;
}

const char *machine_error(const struct machine *m)
{
    return m->error;
}
