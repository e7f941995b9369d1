/* machine_fwcfg.c - what firmware finds in the fw_cfg device: RAM, boot
 * order, ACPI and SMBIOS tables, a kernel for UEFI, our own boot record.
 *
 * Names and formats are QEMU's (docs/specs/fw_cfg), so that SeaBIOS and OVMF
 * run unmodified. ACPI tables tell where firmware has put the power
 * management, so they are made anew whenever it asks for them. */
#include <stdio.h>

#include "cpu/cpuid.h"
#include "devices/acpi_tables.h"
#include "devices/boot_image.h"
#include "devices/fw_cfg.h"
#include "devices/hpet.h"
#include "devices/machine_state.h"
#include "devices/pci.h"
#include "devices/smbios.h"

enum {
    PM_DEVFN = PCI_DEVFN(1, 3),
    CFG_PMBASE = 0x40,
    E820_ENTRY = 20,
    E820_RAM = 1,
    IOAPIC_ID = 1,
    BOOT_LINES = 512
};

/* RAM as E820 entries. */
static bool add_memory_map(struct machine *m)
{
    uint8_t table[2 * E820_ENTRY] = {0};
    uint64_t high = m->config.ram_bytes - m->low_end;

    store_le64(table + 8, m->low_end);
    store_le32(table + 16, E820_RAM);
    store_le64(table + 20, 1ull << 32);
    store_le64(table + 28, high);
    store_le32(table + 36, E820_RAM);
    return fw_cfg_add_file(m->fw_cfg, "etc/e820", table,
                           high ? 2 * E820_ENTRY : E820_ENTRY);
}

/* ------------------------------------------------------------- boot order */

static size_t put_line(char *text, size_t used, const char *fmt, unsigned a,
                       unsigned b)
{
    char line[64];
    int n = snprintf(line, sizeof line, fmt, a, b);

    ASSERT(n > 0 && (size_t)n < sizeof line);
    if (used + (size_t)n >= BOOT_LINES)
        return used;
    memcpy(text + used, line, (size_t)n);
    return used + (size_t)n;
}

/* Device paths of Open Firmware, one a line. */
static size_t put_drives(const struct machine *m, char *text, size_t used,
                         char letter)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        const struct machine_media *media = &m->config.media[i];
        unsigned unit = i - DRIVE_HDA;
        if (i < DRIVE_HDA && letter == 'a')
            used = put_line(text, used,
                            "/pci@i0cf8/isa@1/fdc@03f%u/floppy@%u\n", 0, i);
        if (i >= DRIVE_HDA &&
            (letter == 'd' ? media->cdrom
                           : letter == 'c' && media->path && !media->cdrom))
            used = put_line(text, used, "/pci@i0cf8/ide@1,1/drive@%u/disk@%u\n",
                            unit / 2, unit % 2);
    }
    return used;
}

/* Always of one size, zeros at the end: -boot once= ends with a reset. */
bool machine_add_boot_order(struct machine *m)
{
    char text[BOOT_LINES] = "", fallback[4];
    const char *order = machine_boot_order(m, fallback);
    size_t used = 0;

    for (; *order; order++)
        used = put_drives(m, text, used, *order);
    if (used)
        text[used - 1] = 0; /* the last newline */
    return fw_cfg_add_file(m->fw_cfg, "bootorder", text, sizeof text);
}

/* ----------------------------------------------------------------- tables */

/* The diskette controller always has a drive A. */
static uint32_t parts_there(const struct machine *m)
{
    return m->config.serial_ports | (uint32_t)m->config.parallel_ports << 4 |
           1 << 8;
}

static bool add_acpi(struct machine *m)
{
    struct acpi_tables tables;
    const struct acpi_board board = {
        .low_end = (uint32_t)m->low_end,
        .parts = parts_there(m),
        .pm_base = pci_config_read(m->pci, PM_DEVFN, CFG_PMBASE, 4) & 0xFFC0,
        .cpus = 1,
        .ioapic_id = IOAPIC_ID,
        .hpet_base = HPET_BASE,
    };

    acpi_tables_build(&board, &tables);
    return fw_cfg_add_file(m->fw_cfg, ACPI_TABLES_FILE, tables.tables,
                           sizeof tables.tables) &&
           fw_cfg_add_file(m->fw_cfg, ACPI_RSDP_FILE, tables.rsdp,
                           sizeof tables.rsdp) &&
           fw_cfg_add_file(m->fw_cfg, ACPI_LOADER_FILE, tables.loader,
                           tables.loader_size);
}

/* Without memory for the new tables firmware gets the old ones. */
static void on_acpi_selected(void *machine)
{
    struct machine *m = machine;

    if (!add_acpi(m))
        LOG(&m->log, FWCFG, "no memory for new ACPI tables");
}

static bool watch_acpi(struct machine *m)
{
    return fw_cfg_watch_file(m->fw_cfg, ACPI_TABLES_FILE, on_acpi_selected,
                             m) &&
           fw_cfg_watch_file(m->fw_cfg, ACPI_RSDP_FILE, on_acpi_selected, m) &&
           fw_cfg_watch_file(m->fw_cfg, ACPI_LOADER_FILE, on_acpi_selected, m);
}

/* CPUID's text, 4 registers a leaf. */
static void cpu_text(struct cpu *cpu, uint32_t first, uint32_t last,
                     char text[49])
{
    uint32_t out[4];
    char *p = text;

    memset(text, 0, 49);
    for (uint32_t leaf = first; leaf <= last; leaf++) {
        cpuid_leaf(cpu, leaf, 0, out);
        for (unsigned i = 0; i < 4; i++, p += 4)
            store_le32((uint8_t *)p, out[i]);
    }
}

static bool add_smbios(struct machine *m)
{
    struct smbios_tables tables;
    struct smbios_board board = {
        .ram_bytes = m->config.ram_bytes,
        .low_end = m->low_end,
        .cpu_signature = cpuid_signature(m->cpu),
    };
    uint32_t out[4];
    char maker[13] = "", brand[49] = "";

    cpuid_leaf(m->cpu, 0, 0, out);
    store_le32((uint8_t *)maker, out[1]);
    store_le32((uint8_t *)maker + 4, out[3]);
    store_le32((uint8_t *)maker + 8, out[2]);
    cpuid_leaf(m->cpu, 1, 0, out);
    board.cpu_features = out[3];
    cpuid_leaf(m->cpu, 0x80000000, 0, out);
    if (out[0] >= 0x80000004)
        cpu_text(m->cpu, 0x80000002, 0x80000004, brand);
    board.manufacturer = maker;
    board.brand = brand;
    smbios_build(&board, &tables);
    return fw_cfg_add_file(m->fw_cfg, SMBIOS_ANCHOR_FILE, tables.anchor,
                           sizeof tables.anchor) &&
           fw_cfg_add_file(m->fw_cfg, SMBIOS_TABLES_FILE, tables.data,
                           tables.size);
}

/* ----------------------------------------------------------------- kernel */

static bool add_blob(struct machine *m, uint16_t size_selector,
                     uint16_t data_selector, const void *data, size_t size)
{
    return fw_cfg_add_number(m->fw_cfg, size_selector, size, 4) &&
           fw_cfg_refer_item(m->fw_cfg, data_selector, data, size);
}

/* Firmware puts set-up and kernel together again: only Linux has the first. */
static bool add_efi_kernel(struct machine *m)
{
    const struct boot_request *r = &m->config.boot;
    const uint8_t *data = r->kernel.data;
    size_t size = (size_t)r->kernel.size, setup = 0;
    const char *cmdline = r->cmdline ? r->cmdline : "";

    if (boot_image_kernel(data, size) == BOOT_IMAGE_LINUX)
        setup = boot_image_setup_size(data);
    if (setup > size)
        setup = 0;
    return add_blob(m, FW_CFG_SETUP_SIZE, FW_CFG_SETUP_DATA, data, setup) &&
           add_blob(m, FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA, data + setup,
                    size - setup) &&
           add_blob(m, FW_CFG_CMDLINE_SIZE, FW_CFG_CMDLINE_DATA, cmdline,
                    strlen(cmdline) + 1) &&
           (!r->modules ||
            add_blob(m, FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA,
                     r->module[0].data, (size_t)r->module[0].size));
}

static bool add_kernel(struct machine *m)
{
    uint8_t record[BOOT_RECORD_SIZE];

    if (m->efi_kernel)
        return add_efi_kernel(m);
    if (!m->boot)
        return true;
    boot_record_encode(&m->boot->record, record);
    return fw_cfg_add_file(m->fw_cfg, BOOT_RECORD_FILE, record, sizeof record);
}

/* Files that only our own firmware knows are under opt/umbra. */
static bool add_boot_files(struct machine *m)
{
    const struct machine_config *c = &m->config;
    uint8_t wait[2], retry[4], ways[4];

    store_le16(wait, (uint16_t)min_u64(c->boot_menu_ms, 0xFFFF));
    store_le32(retry, c->boot_retry_ms);
    for (unsigned i = 0; i < 4; i++)
        ways[i] = c->media[DRIVE_HDA + i].translation;
    return (!c->boot_menu_ms || fw_cfg_add_file(m->fw_cfg, "etc/boot-menu-wait",
                                                wait, sizeof wait)) &&
           (!c->boot_retry_ms ||
            fw_cfg_add_file(m->fw_cfg, "etc/boot-fail-wait", retry,
                            sizeof retry)) &&
           (!c->no_boot_menu ||
            fw_cfg_add_file(m->fw_cfg, "opt/umbra/no-boot-menu", "", 1)) &&
           fw_cfg_add_file(m->fw_cfg, "opt/umbra/disk-translation", ways,
                           sizeof ways) &&
           fw_cfg_add_number(m->fw_cfg, FW_CFG_BOOT_MENU, c->boot_menu, 2);
}

/* Where QEMU's firmware looks for them, under the files' own names; a number
 * keeps equal names apart. */
static bool add_option_roms(struct machine *m)
{
    for (unsigned i = 0; i < m->config.option_roms; i++) {
        const struct boot_blob *rom = &m->config.option_rom[i];
        const char *slash = rom->name ? strrchr(rom->name, '/') : NULL;
        char name[FW_CFG_NAME_SIZE];

        snprintf(name, sizeof name, "genroms/%u-%.36s", i,
                 slash       ? slash + 1
                 : rom->name ? rom->name
                             : "rom");
        if (!fw_cfg_add_file(m->fw_cfg, name, rom->data, rom->size))
            return false;
    }
    return true;
}

static bool add_sleep_states(struct machine *m)
{
    uint8_t states[ACPI_STATES];

    acpi_sleep_states(states);
    return fw_cfg_add_file(m->fw_cfg, ACPI_STATES_FILE, states, sizeof states);
}

bool machine_fill_fw_cfg(struct machine *m)
{
    return add_kernel(m) && add_memory_map(m) && machine_add_boot_order(m) &&
           add_acpi(m) && watch_acpi(m) && add_sleep_states(m) &&
           add_smbios(m) &&
           fw_cfg_add_number(m->fw_cfg, FW_CFG_RAM_SIZE, m->config.ram_bytes,
                             8) &&
           fw_cfg_add_number(m->fw_cfg, FW_CFG_NB_CPUS, 1, 2) &&
           fw_cfg_add_number(m->fw_cfg, FW_CFG_MAX_CPUS, 1, 2) &&
           add_boot_files(m) && add_option_roms(m);
}
