/* machine_state.h - struct machine, for the files of the board only. */
#ifndef UMBRA_MACHINE_STATE_H
#define UMBRA_MACHINE_STATE_H

#include <stdatomic.h>

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"
#include "devices/fdc_i82077.h"
#include "devices/lapic.h"
#include "devices/machine.h"
#include "mmu/addrspace.h"
#include "mmu/ram.h"
#include "mmu/strict.h"

enum { ISA_IRQS = 16, MACHINE_FLOPPIES = 2 };

struct pflash;

/* Time stamp counter and local APIC run at 1 GHz of the PC's clock. */
#define MACHINE_TSC_HZ 1000000000ull

/* What a part asked for in the middle of cpu_run; done between slices. */
enum machine_pending {
    PENDING_CPU_RESET = 1 << 0, /* pulse from KBC, port 92h, CF9h */
    PENDING_HARD_RESET = 1 << 1,
    PENDING_POWER_OFF = 1 << 2,
    PENDING_DEBUG_EXIT = 1 << 3,
    PENDING_HOST_ERROR = 1 << 4,
    PENDING_INIT = 1 << 5,
    PENDING_SLEEP = 1 << 6,
    PENDING_SUSPEND = 1 << 7,
    PENDING_WAKE = 1 << 8
};

/* The CPU does not run; only memory, clock and power management live
 * through SUSPENDED. */
enum machine_sleep { MACHINE_AWAKE, MACHINE_SLEEPING, MACHINE_SUSPENDED };

/* Interrupt wires, each from one source. */
struct machine_wires {
    struct irq pit, rtc, keyboard, mouse, fdc, sci, ferr;
    struct irq uart[MACHINE_UARTS], parallel[MACHINE_PARALLELS], ide[2],
        pci[ISA_IRQS];
    struct irq pic_intr; /* 8259 -> LINT0 */
    struct irq cpu_intr; /* local APIC -> CPU */
};

/* What a port's callbacks know of it. */
struct machine_port {
    struct machine *machine;
    unsigned number;
};

/* `board` heads the list of parts: it stands for the glue that has state. */
struct machine {
    struct device board;
    bool a20;         /* off: bit 20 of addresses is 0 */
    bool ferr;        /* latch between FERR# and IRQ 13, cleared by F0h */
    uint8_t sleep;    /* enum machine_sleep */
    uint64_t idle_ns; /* time that passed without instructions */
    uint64_t port_ns; /* time that accesses to ports took */
    uint16_t isa_source[ISA_IRQS]; /* bit n: source n drives it high */

    /* TRANSIENT */
    struct machine_config config;
    struct log log;
    struct sched sched;
    struct device_list devices;
    struct machine_wires wire;

    struct addrspace *memory, *ports;
    struct track *track;
    struct ram_block *ram, *bios_rom, *vga_rom;
    struct ram_block *flash_array[MACHINE_FLASHES];
    struct disk *flash_disk[MACHINE_FLASHES];
    uint64_t low_end; /* end of RAM below 4 GiB */
    struct region low, extended, high, bios_top, ferr_port;

    struct cpu *cpu;
    struct apic_bus apic;
    struct lapic *lapic;
    struct ioapic *ioapic;
    struct pic *pic;
    struct pit *pit;
    struct hpet *hpet;
    bool hpet_legacy; /* as the HPET told */
    struct speaker *speaker;
    struct rtc *rtc;
    struct dma *dma;
    struct pci_bus *pci;
    struct i440fx *i440fx;
    struct piix3 *piix3;
    struct ide_piix *ide;
    struct pm_piix4 *pm;
    struct spd *spd;
    struct vga *vga;
    struct vga_draw *draw;
    struct fdc_i82077 *fdc;
    struct uart *uart[MACHINE_UARTS];             /* NULL: none there */
    struct parallel *parallel[MACHINE_PARALLELS]; /* NULL: none there */
    struct machine_port serial_port[MACHINE_UARTS];
    struct machine_port parallel_port[MACHINE_PARALLELS];
    struct gameport *gameport;
    struct kbc *kbc;
    struct ps2_keyboard *keyboard;
    struct ps2_mouse *mouse;
    struct debugport *debugport;
    struct port92 *port92;
    struct fw_cfg *fw_cfg;
    struct pc_testdev *testdev;            /* or NULL */
    struct pflash *flash[MACHINE_FLASHES]; /* or NULL */
    struct strict strict;                  /* counts, if config.strict */

    struct boot_plan *boot;            /* our own BIOS enters a kernel */
    bool efi_kernel;                   /* UEFI firmware loads it */
    struct disk *disk[MACHINE_DRIVES]; /* what is in the drives */

    /* Running. */
    unsigned pending;        /* enum machine_pending */
    enum machine_stop final; /* MACHINE_BUDGET while it can run */
    /* a word: bytes would need a library on some hosts */
    atomic_uint stop_requested;
    bool halted;           /* the last slice ended in HLT */
    bool started_once;     /* boot_once is over */
    uint64_t host_start;   /* host clock at time 0 */
    uint64_t host_idle_ns; /* host time: halted for that long */
    uint64_t idle_since;   /* host time: when MACHINE_IDLE was returned */
    uint64_t rate;         /* host time: instructions per 1024 ns */
    uint64_t slice_end;    /* that the CPU runs until, at most */
    unsigned exit_status;
    uint64_t next_audit; /* instructions; with UMBRA_AUDIT */
    char error[MACHINE_ERROR_SIZE];
};

/* machine.c */
void machine_set_a20(void *machine, bool on);

/* machine_run.c: from parts, in the middle of an instruction. */
void machine_ask(struct machine *machine, enum machine_pending what);
uint64_t machine_clock(void *machine);
void machine_rearmed(void *machine);
void machine_port_cycle(void *machine);
/* A disk image failed on the host; the run ends with this line. */
void machine_disk_failed(void *machine, const char *line);

/* machine_media.c: open before the controllers are made, then attach. */
bool machine_open_drives(struct machine *machine, char *error);
void machine_attach_drives(struct machine *machine);
/* Of drive A (0) or B, after its image. */
enum fdc_drive_type machine_floppy_type(struct machine *machine,
                                        unsigned drive);
void machine_close_drives(struct machine *machine);
/* First failure in error[]. */
bool machine_flush_drives(struct machine *machine, char *error);

/* machine_firmware.c: ROM, flash; released after the devices. */
bool machine_check_firmware(const struct machine_config *config, char *error);
bool machine_build_firmware(struct machine *machine, char *error);
bool machine_flush_flash(struct machine *machine, char *error);
void machine_release_firmware(struct machine *machine);

/* machine_ports.c: serial, parallel, game. */
bool machine_build_ports(struct machine *machine, char *error);
/* The run is over: what the ports still hold goes to the host. */
void machine_finish_ports(struct machine *machine);

/* machine_cmos.c: the bytes that firmware reads. */
void machine_fill_cmos(struct machine *machine);
/* At each start: -boot once= holds for the first. */
void machine_fill_boot_order(struct machine *machine);
/* Letters of "acdn"; the default order is written to fallback[]. */
const char *machine_boot_order(const struct machine *machine, char fallback[4]);

/* machine_boot.c: asks one of boot_image.h; what happens to a kernel under this
 * firmware. */
bool machine_firmware_is(const struct machine *machine,
                         bool (*kind)(const uint8_t *rom, uint64_t size));
bool machine_plan_boot(struct machine *machine, char *error);

/* machine_fwcfg.c: what firmware reads from fw_cfg. */
bool machine_fill_fw_cfg(struct machine *machine);
/* At each start, as machine_fill_boot_order. */
bool machine_add_boot_order(struct machine *machine);

#endif
