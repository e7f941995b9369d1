/* machine.c - the board: an i440FX/PIIX3 PC with its ISA chips.
 *
 * build_* are the schematic, group by group; the rest are the wires that
 * need a few lines of glue. Not modelled: NMI sources (parity, IOCHK), a
 * second CPU, system-management mode. */
#include <stdio.h>
#include <stdlib.h>

#include "cpu/cpu.h"
#include "cpu/models.h"
#include "devices/boot_image.h"
#include "devices/debugport.h"
#include "devices/dma_i8237.h"
#include "devices/fdc_i82077.h"
#include "devices/fw_cfg.h"
#include "devices/hpet.h"
#include "devices/i440fx.h"
#include "devices/ide_piix.h"
#include "devices/ioapic.h"
#include "devices/kbc_i8042.h"
#include "devices/machine_state.h"
#include "devices/pc_testdev.h"
#include "devices/pci.h"
#include "devices/pic_i8259.h"
#include "devices/piix3.h"
#include "devices/pit_i8254.h"
#include "devices/pm_piix4.h"
#include "devices/port92.h"
#include "devices/ps2_keyboard.h"
#include "devices/ps2_mouse.h"
#include "devices/rtc_mc146818.h"
#include "devices/spd.h"
#include "devices/speaker.h"
#include "devices/vga.h"
#include "devices/vga_draw.h"
#include "mmu/track.h"

/* RAM below 4 GiB ends here at most; the rest goes above 4 GiB. */
#define LOW_RAM_MAX 0xC0000000u
#define FOUR_GIB    (1ull << 32)

enum { VGA_HOLE = 0xA0000, FERR_CLEAR_PORT = 0xF0, FERR_IRQ = 13 };

/* ------------------------------------------------------- interrupt wires */

/* Who drives an ISA interrupt: sources are ORed. */
enum isa_source {
    SOURCE_CHIP,
    SOURCE_PCI,
    SOURCE_SCI,
    SOURCE_TEST,
    SOURCE_COM3,
    SOURCE_COM4,
    SOURCE_LPT3,
    SOURCE_HPET
};
#define ISA_PIN(irq, source) ((unsigned)(irq) | (unsigned)(source) << 4)

/* To both 8259s and the I/O APIC, where IRQ 0 enters at pin 2. */
static void isa_set(void *machine, unsigned pin, bool level)
{
    struct machine *m = machine;
    unsigned irq = pin & 15, bit = 1u << (pin >> 4);

    if (level)
        m->isa_source[irq] |= (uint16_t)bit;
    else
        m->isa_source[irq] &= (uint16_t)~bit;
    pic_set_line(m->pic, irq, m->isa_source[irq] != 0);
    if (irq != 2)
        ioapic_set_pin(m->ioapic, irq ? irq : 2, m->isa_source[irq] != 0);
}

static void connect_isa(struct machine *m, struct irq *wire, unsigned irq,
                        enum isa_source source)
{
    irq_connect(wire, isa_set, m, ISA_PIN(irq, source));
}

/* The test device also reaches the pins of the I/O APIC beyond ISA's. */
static void test_set_line(void *machine, unsigned line, bool level)
{
    struct machine *m = machine;

    if (line < ISA_IRQS)
        isa_set(m, ISA_PIN(line, SOURCE_TEST), level);
    else
        ioapic_set_pin(m->ioapic, line, level);
}

static void cpu_intr_pin(void *machine, unsigned line, bool level)
{
    struct machine *m = machine;

    (void)line;
    cpu_set_intr(m->cpu, level);
}

/* The 8254 and the clock, as long as the HPET's legacy route lets them. */
static void timer_pin(void *machine, unsigned irq, bool level)
{
    struct machine *m = machine;

    isa_set(m, ISA_PIN(irq, SOURCE_CHIP), level && !m->hpet_legacy);
    if (irq == 8 && level && m->pm)
        pm_piix4_rtc(m->pm);
}

static void on_hpet_legacy(void *machine, bool on)
{
    struct machine *m = machine;

    m->hpet_legacy = on;
    timer_pin(m, 0, m->wire.pit.level);
    timer_pin(m, 8, m->wire.rtc.level);
}

static void on_hpet_pin(void *machine, unsigned pin, bool level)
{
    struct machine *m = machine;

    if (pin == HPET_PIN_IRQ0)
        isa_set(m, ISA_PIN(0, SOURCE_HPET), level);
    else if (pin < ISA_IRQS)
        isa_set(m, ISA_PIN(pin, SOURCE_HPET), level);
    else
        ioapic_set_pin(m->ioapic, pin, level);
}

static void on_message(void *machine, uint64_t address, uint32_t data)
{
    struct machine *m = machine;

    apic_bus_message(&m->apic, address, data);
}

static void build_wires(struct machine *m)
{
    struct machine_wires *w = &m->wire;

    irq_connect(&w->pit, timer_pin, m, 0);
    connect_isa(m, &w->keyboard, 1, SOURCE_CHIP);
    connect_isa(m, &w->uart[3], 3, SOURCE_COM4);
    connect_isa(m, &w->uart[1], 3, SOURCE_CHIP);
    connect_isa(m, &w->uart[2], 4, SOURCE_COM3);
    connect_isa(m, &w->uart[0], 4, SOURCE_CHIP);
    connect_isa(m, &w->parallel[1], 5, SOURCE_CHIP);
    connect_isa(m, &w->fdc, 6, SOURCE_CHIP);
    connect_isa(m, &w->parallel[0], 7, SOURCE_CHIP);
    connect_isa(m, &w->parallel[2], 7, SOURCE_LPT3);
    irq_connect(&w->rtc, timer_pin, m, 8);
    connect_isa(m, &w->sci, 9, SOURCE_SCI);
    connect_isa(m, &w->mouse, 12, SOURCE_CHIP);
    connect_isa(m, &w->ferr, FERR_IRQ, SOURCE_CHIP);
    connect_isa(m, &w->ide[0], 14, SOURCE_CHIP);
    connect_isa(m, &w->ide[1], 15, SOURCE_CHIP);
    for (unsigned irq = 0; irq < ISA_IRQS; irq++)
        connect_isa(m, &w->pci[irq], irq, SOURCE_PCI);
    irq_connect(&w->pic_intr, lapic_lint, NULL, 0); /* build_cpu: to whom */
    irq_connect(&w->cpu_intr, cpu_intr_pin, m, 0);
}

/* ------------------------------------------------------------ board glue */

void machine_set_a20(void *machine, bool on)
{
    struct machine *m = machine;

    m->a20 = on;
    cpu_set_a20(m->cpu, on);
}

static bool get_a20(void *machine)
{
    return ((struct machine *)machine)->a20;
}

/* CR0.NE = 0: FERR# raises IRQ 13 until the handler writes port F0h. */
static void board_ferr(void *machine, bool level)
{
    struct machine *m = machine;

    if (level)
        m->ferr = true;
    irq_set(&m->wire.ferr, m->ferr);
}

static uint64_t ferr_read(void *machine, uint64_t offset, unsigned size)
{
    (void)machine, (void)offset;
    return UINT64_MAX >> (64 - 8 * size);
}

static void ferr_write(void *machine, uint64_t offset, uint64_t value,
                       unsigned size)
{
    struct machine *m = machine;

    (void)offset, (void)value, (void)size;
    m->ferr = false;
    irq_lower(&m->wire.ferr);
}

static const struct state_field board_fields[] = {
    FIELD(struct machine, BOOL, a20),
    FIELD(struct machine, BOOL, ferr),
    FIELD(struct machine, U8, sleep),
    FIELD(struct machine, U64, idle_ns),
    FIELD(struct machine, U64, port_ns),
    FIELD_ARRAY(struct machine, U16, isa_source),
    FIELD_END,
};

/* Time goes on over a reset; isa_source follows the chips. */
static void board_glue_reset(struct device *device)
{
    struct machine *m = CONTAINER_OF(device, struct machine, board);

    m->a20 = true;
    m->ferr = false;
    m->sleep = MACHINE_AWAKE;
    irq_lower(&m->wire.ferr);
}

static const struct device_ops board_ops = {
    .name = "board",
    .description = "glue logic of the board",
    .version = 1,
    .fields = board_fields,
    .reset = board_glue_reset,
};

static void on_pulse_reset(void *machine)
{
    machine_ask(machine, PENDING_CPU_RESET);
}

static void on_cf9_reset(void *machine, bool hard)
{
    machine_ask(machine, hard ? PENDING_HARD_RESET : PENDING_CPU_RESET);
}

static void on_pm_action(void *machine, enum pm_action action)
{
    static const enum machine_pending pending[] = {
        [PM_POWER_OFF] = PENDING_POWER_OFF,
        [PM_POWER_ON_SUSPEND] = PENDING_SLEEP,
        [PM_SUSPEND_TO_RAM] = PENDING_SUSPEND,
        [PM_WAKE] = PENDING_WAKE,
    };

    machine_ask(machine, pending[action]);
}

static void on_power_off(void *machine)
{
    machine_ask(machine, PENDING_POWER_OFF);
}

static void on_debug_exit(void *machine, uint32_t value)
{
    struct machine *m = machine;

    m->exit_status = value * 2 + 1;
    machine_ask(m, PENDING_DEBUG_EXIT);
}

static void on_tone(void *machine, uint32_t millihertz)
{
    struct machine *m = machine;

    if (m->config.host.tone)
        m->config.host.tone(m->config.host.opaque, millihertz);
}

/* --------------------------------------------------- what the CPU asks */

static int on_ack(void *machine)
{
    return lapic_ack(((struct machine *)machine)->lapic);
}

static int on_pic_ack(void *machine)
{
    return pic_ack(((struct machine *)machine)->pic);
}

static uint64_t on_tsc(void *machine)
{
    return machine_clock(machine);
}

enum { MSR_APIC_BASE = 0x1B, MSR_TSC_DEADLINE = 0x6E0 };

static bool on_rdmsr(void *machine, uint32_t msr, uint64_t *value)
{
    struct machine *m = machine;

    if (msr == MSR_APIC_BASE)
        *value = lapic_get_base(m->lapic);
    else if (msr == MSR_TSC_DEADLINE)
        *value = lapic_get_tsc_deadline(m->lapic);
    else
        return lapic_read_msr(m->lapic, msr, value);
    return true;
}

static bool on_wrmsr(void *machine, uint32_t msr, uint64_t value)
{
    struct machine *m = machine;

    if (msr == MSR_APIC_BASE)
        return lapic_set_base(m->lapic, value, m->cpu->maxphyaddr);
    if (msr != MSR_TSC_DEADLINE)
        return lapic_write_msr(m->lapic, msr, value);
    lapic_set_tsc_deadline(m->lapic, value);
    return true;
}

static uint8_t on_get_tpr(void *machine)
{
    return (uint8_t)(lapic_get_cr8(((struct machine *)machine)->lapic) << 4);
}

static void on_set_tpr(void *machine, uint8_t tpr)
{
    lapic_set_cr8(((struct machine *)machine)->lapic, tpr >> 4);
}

static void on_apic_nmi(void *machine)
{
    cpu_set_nmi(((struct machine *)machine)->cpu);
}

static void on_apic_init(void *machine)
{
    machine_ask(machine, PENDING_INIT);
}

/* ---------------------------------------------------------- the schematic */

static bool refuse(char *error, const char *what)
{
    snprintf(error, MACHINE_ERROR_SIZE,
             "%s: the host has no memory for it; free some", what);
    return false;
}

/* Make a part, put it on the board's list. */
#define PART(member, make, device)                                             \
    do {                                                                       \
        m->member = make;                                                      \
        if (!m->member)                                                        \
            return refuse(error, #member);                                     \
        device_add(&m->devices, device(m->member));                            \
    } while (0)

static void map_ram(struct machine *m, struct region *region, const char *name,
                    uint64_t base, uint64_t offset, uint64_t end)
{
    if (end <= offset)
        return;
    *region = (struct region){
        .name = name,
        .base = base,
        .size = end - offset,
        .kind = REGION_RAM,
        .ram = m->ram,
        .ram_offset = offset,
    };
    addrspace_map(m->memory, region);
}

static bool build_memory(struct machine *m, char *error)
{
    uint64_t bytes = m->config.ram_bytes;

    m->memory = addrspace_create("memory", UINT64_MAX >> 12, &m->log);
    m->ports = addrspace_create("ports", 0xFFFF, &m->log);
    m->track = track_create();
    if (!m->memory || !m->ports || !m->track)
        return refuse(error, "memory map");
    m->ram = ram_create("RAM", bytes, m->track, error, MACHINE_ERROR_SIZE);
    if (!m->ram) {
        snprintf(error, MACHINE_ERROR_SIZE,
                 "RAM: the host has no %llu MiB for it; give the PC less "
                 "with -m",
                 (unsigned long long)(bytes >> 20));
        return false;
    }
    m->low_end = min_u64(bytes, LOW_RAM_MAX);
    /* A0000-BFFFF is the VGA's; C0000-FFFFF the host bridge's. */
    map_ram(m, &m->low, "ram.low", 0, 0, VGA_HOLE);
    map_ram(m, &m->extended, "ram.extended", BOOT_HIGH_START, BOOT_HIGH_START,
            m->low_end);
    map_ram(m, &m->high, "ram.high", FOUR_GIB, LOW_RAM_MAX, bytes);
    return true;
}

static void on_translated(void *opaque, uint64_t host, size_t size,
                          uint64_t rip)
{
    struct machine *m = opaque;
    m->config.host.translated(m->config.host.opaque, host, size, rip);
}

static bool build_cpu(struct machine *m, char *error)
{
    static const struct lapic_cpu_ops apic_pins = {
        .nmi = on_apic_nmi,
        .init = on_apic_init,
    };
    struct cpu_choice choice;

    if (!models_choose(&choice, m->config.cpu, error, MACHINE_ERROR_SIZE))
        return false;
    m->cpu = cpu_create(
        &(struct cpu_config){
            .memory = m->memory,
            .ports = m->ports,
            .track = m->track,
            .log = &m->log,
            .policy = m->config.mmu_policy,
            .accel = m->config.accel,
            .jit_cache = m->config.jit_cache,
            .translated = m->config.host.translated ? on_translated : NULL,
            .ack = on_ack,
            .ferr = board_ferr,
            .apic_rdmsr = on_rdmsr,
            .apic_wrmsr = on_wrmsr,
            .get_tpr = on_get_tpr,
            .set_tpr = on_set_tpr,
            .random_seed = m->config.random_seed,
            .tsc = on_tsc,
            .port_cycle = m->config.host_time ? NULL : machine_port_cycle,
            .opaque = m,
            .strict = m->config.strict ? &m->strict : NULL,
            .choice = &choice,
        },
        error, MACHINE_ERROR_SIZE);
    if (!m->cpu)
        return *error ? false : refuse(error, "cpu");
    device_add(&m->devices, cpu_device(m->cpu));
    PART(lapic,
         lapic_create(&(struct lapic_config){
             .bus = &m->apic,
             .id = 0,
             .memory = m->memory,
             .intr = &m->wire.cpu_intr,
             .sched = &m->sched,
             .log = &m->log,
             .cpu = &apic_pins,
             .cpu_opaque = m,
             .pic_ack = on_pic_ack,
             .pic_opaque = m,
             .x2apic = cpu_has(m->cpu, F_X2APIC),
             .bus_hz = MACHINE_TSC_HZ,
             .tsc_hz = MACHINE_TSC_HZ,
             .tsc = on_tsc,
             .tsc_opaque = m,
         }),
         lapic_device);
    m->wire.pic_intr.opaque = m->lapic;
    PART(ioapic,
         ioapic_create(&(struct ioapic_config){
             .bus = &m->apic,
             .memory = m->memory,
             .id = 1,
             .log = &m->log,
         }),
         ioapic_device);
    apic_bus_map(&m->apic, m->memory);
    return true;
}

static bool build_timers(struct machine *m, char *error)
{
    PART(pic,
         pic_create(&(struct pic_config){
             .ports = m->ports,
             .log = &m->log,
             .intr = &m->wire.pic_intr,
         }),
         pic_device);
    PART(pit,
         pit_create(&(struct pit_config){
             .ports = m->ports,
             .sched = &m->sched,
             .log = &m->log,
             .irq = &m->wire.pit,
         }),
         pit_device);
    PART(hpet,
         hpet_create(&(struct hpet_config){
             .memory = m->memory,
             .sched = &m->sched,
             .log = &m->log,
             .set_pin = on_hpet_pin,
             .message = on_message,
             .legacy = on_hpet_legacy,
             .opaque = m,
         }),
         hpet_device);
    PART(speaker,
         speaker_create(&(struct speaker_config){
             .ports = m->ports,
             .sched = &m->sched,
             .log = &m->log,
             .pit = m->pit,
             .tone = on_tone,
             .opaque = m,
         }),
         speaker_device);
    PART(rtc,
         rtc_create(&(struct rtc_config){
             .ports = m->ports,
             .sched = &m->sched,
             .log = &m->log,
             .irq = &m->wire.rtc,
             .base_time = m->config.rtc_base,
             .slew = m->config.rtc_slew,
         }),
         rtc_device);
    PART(dma,
         dma_create(&(struct dma_config){
             .ports = m->ports,
             .memory = m->memory,
             .log = &m->log,
         }),
         dma_device);
    return true;
}

static bool build_pci(struct machine *m, char *error)
{
    PART(pci,
         pci_bus_create(&(struct pci_bus_config){
             .memory = m->memory,
             .ports = m->ports,
             .log = &m->log,
             .message = on_message,
             .opaque = m,
         }),
         pci_bus_device);
    PART(i440fx,
         i440fx_create(&(struct i440fx_config){
             .bus = m->pci,
             .ram = m->ram,
             .log = &m->log,
         }),
         i440fx_device);
    PART(piix3,
         piix3_create(&(struct piix3_config){
             .bus = m->pci,
             .devfn = PCI_DEVFN(1, 0),
             .irq = m->wire.pci,
             .reset = on_cf9_reset,
             .opaque = m,
             .log = &m->log,
         }),
         piix3_device);
    PART(ide,
         ide_piix_create(&(struct ide_piix_config){
             .bus = m->pci,
             .devfn = PCI_DEVFN(1, 1),
             .irq = m->wire.ide,
             .sched = &m->sched,
             .log = &m->log,
         }),
         ide_piix_device);
    device_add(&m->devices, ata_device(ide_piix_channel(m->ide, 0)));
    device_add(&m->devices, ata_device(ide_piix_channel(m->ide, 1)));
    PART(pm,
         pm_piix4_create(&(struct pm_piix4_config){
             .bus = m->pci,
             .devfn = PCI_DEVFN(1, 3),
             .sci = &m->wire.sci,
             .sched = &m->sched,
             .log = &m->log,
             .action = on_pm_action,
             .opaque = m,
         }),
         pm_piix4_device);
    PART(spd, spd_create(m->config.ram_bytes, pm_piix4_smbus(m->pm), &m->log),
         spd_device);
    return true;
}

static bool build_vga(struct machine *m, char *error)
{
    m->vga = vga_create(
        &(struct vga_config){
            .memory = m->memory,
            .io = m->ports,
            .sched = &m->sched,
            .log = &m->log,
            .track = m->track,
            .pci = m->pci,
            .pci_devfn = PCI_DEVFN(2, 0),
            .rom = m->config.vgabios_size ? m->config.vgabios : NULL,
            .rom_size = m->config.vgabios_size,
        },
        error, MACHINE_ERROR_SIZE);
    if (!m->vga)
        return false;
    device_add(&m->devices, vga_device(m->vga));
    return true;
}

static bool build_display(struct machine *m, char *error)
{
    if (!m->config.no_display && !build_vga(m, error))
        return false;
    m->draw = vga_draw_create(m->vga);
    return m->draw || refuse(error, "picture");
}

static bool build_input(struct machine *m, char *error)
{
    PART(keyboard,
         keyboard_create(&(struct keyboard_config){
             .sched = &m->sched,
             .log = &m->log,
         }),
         keyboard_device);
    PART(mouse,
         mouse_create(&(struct mouse_config){
             .sched = &m->sched,
             .log = &m->log,
         }),
         mouse_device);
    PART(kbc,
         kbc_create(&(struct kbc_config){
             .ports = m->ports,
             .sched = &m->sched,
             .log = &m->log,
             .keyboard = m->keyboard,
             .mouse = m->mouse,
             .keyboard_irq = &m->wire.keyboard,
             .mouse_irq = &m->wire.mouse,
             .set_a20 = machine_set_a20,
             .get_a20 = get_a20,
             .reset = on_pulse_reset,
             .opaque = m,
         }),
         kbc_device);
    PART(port92,
         port92_create(&(struct port92_config){
             .ports = m->ports,
             .log = &m->log,
             .set_a20 = machine_set_a20,
             .get_a20 = get_a20,
             .reset = on_pulse_reset,
             .opaque = m,
         }),
         port92_device);
    return true;
}

static bool build_isa(struct machine *m, char *error)
{
    static const struct region_ops ferr_ops = {ferr_read, ferr_write, 1};
    const struct machine_media *media = m->config.media;

    if (!machine_build_ports(m, error))
        return false;
    PART(fdc,
         fdc_create(&(struct fdc_i82077_config){
             .ports = m->ports,
             .irq = &m->wire.fdc,
             .sched = &m->sched,
             .log = &m->log,
             .dma = m->dma,
             .drive = {machine_floppy_type(m, 0),
                       media[DRIVE_FDB].path ? machine_floppy_type(m, 1)
                                             : FDC_DRIVE_NONE},
             .implied_seek = machine_firmware_is(m, boot_image_is_bochs),
         }),
         fdc_device);
    PART(debugport,
         debugport_create(&(struct debugport_config){
             .ports = m->ports,
             .log = &m->log,
             .exit = on_debug_exit,
             .exit_base = m->config.exit_port,
             .exit_size = m->config.exit_size,
             .power_off = on_power_off,
             .opaque = m,
         }),
         debugport_device);
    PART(fw_cfg,
         fw_cfg_create(&(struct fw_cfg_config){
             .ports = m->ports,
             .memory = m->memory,
             .log = &m->log,
         }),
         fw_cfg_device);
    if (m->config.pc_testdev)
        PART(testdev,
             pc_testdev_create(&(struct pc_testdev_config){
                 .ports = m->ports,
                 .memory = m->memory,
                 .log = &m->log,
                 .set_line = test_set_line,
                 .opaque = m,
             }),
             pc_testdev_device);
    m->ferr_port = (struct region){
        .name = "ferr",
        .base = FERR_CLEAR_PORT,
        .size = 1,
        .kind = REGION_MMIO,
        .ops = &ferr_ops,
        .opaque = m,
    };
    addrspace_map(m->ports, &m->ferr_port);
    machine_attach_drives(m);
    return true;
}

/* ------------------------------------------------------------- direct load */

/* The kernel is planned before the record is given to the firmware. */
static bool build_boot(struct machine *m, char *error)
{
    if (!machine_plan_boot(m, error))
        return false;
    machine_fill_cmos(m);
    return machine_fill_fw_cfg(m) || refuse(error, "firmware configuration");
}

/* --------------------------------------------------------- create, destroy */

static bool build(struct machine *m, char *error)
{
    build_wires(m);
    return machine_check_firmware(&m->config, error) &&
           machine_open_drives(m, error) && build_memory(m, error) &&
           build_cpu(m, error) && build_timers(m, error) &&
           build_pci(m, error) && build_display(m, error) &&
           build_input(m, error) && machine_build_firmware(m, error) &&
           build_isa(m, error) && build_boot(m, error);
}

/* Parts take their memory with them, of which the CPU may know code. */
static void release(struct machine *m)
{
    if (m->cpu)
        machine_drop_derived(m);
    vga_draw_destroy(m->draw);
    device_destroy_all(&m->devices);
    machine_close_drives(m);
    boot_plan_destroy(m->boot);
    sched_free(&m->sched);
    if (m->memory)
        addrspace_destroy(m->memory);
    if (m->ports)
        addrspace_destroy(m->ports);
    machine_release_firmware(m);
    if (m->ram)
        ram_destroy(m->ram);
    if (m->track)
        track_destroy(m->track);
    log_flush(&m->log);
    free(m);
}

struct machine *machine_create(const struct machine_config *config,
                               char error[MACHINE_ERROR_SIZE])
{
    struct machine *m = calloc(1, sizeof *m);

    if (!m) {
        refuse(error, "board");
        return NULL;
    }
    m->config = *config;
    m->rate = 64;
    if (config->host_time)
        m->host_start = config->host.clock(config->host.opaque);
    log_init(&m->log, config->host.log, config->host.opaque);
    m->log.enabled = config->log_mask;
    sched_init(&m->sched, machine_clock, machine_rearmed, m);
    device_list_init(&m->devices);
    device_init(&m->board, &board_ops, "board", &m->log);
    device_add(&m->devices, &m->board);
    *error = 0;
    if (!build(m, error)) {
        release(m);
        return NULL;
    }
    machine_reset(m);
    return m;
}

bool machine_destroy(struct machine *m, char error[MACHINE_ERROR_SIZE])
{
    bool flushed = machine_flush_drives(m, error);

    release(m);
    return flushed;
}

/* ------------------------------------------------------- input and output */

void machine_key(struct machine *m, unsigned code, bool down)
{
    if (down)
        pm_piix4_wake(m->pm);
    keyboard_key(m->keyboard, code, down);
}

bool machine_key_ready(const struct machine *m)
{
    return keyboard_has_room(m->keyboard);
}

unsigned machine_leds(const struct machine *m)
{
    return keyboard_leds(m->keyboard);
}

void machine_pointer(struct machine *m, int dx, int dy, int dz,
                     unsigned buttons)
{
    mouse_move(m->mouse, dx, dy, dz, buttons);
}

const struct vga_frame *machine_frame(struct machine *m)
{
    return vga_draw_frame(m->draw, machine_now(m));
}

size_t machine_text(struct machine *m, char *text, size_t size)
{
    if (m->vga)
        return vga_text(m->vga, text, size);
    if (size)
        text[0] = '\0';
    return 0;
}
