/* machine_boot.c - direct load: who starts the kernel.
 *
 * Our own BIOS enters what boot.c has placed in RAM. UEFI firmware loads the
 * kernel itself, from fw_cfg, if it is an application for UEFI, as Linux'
 * bzImage is one. Other BIOSes would overwrite what lies in RAM. */
#include <stdio.h>

#include "devices/boot_image.h"
#include "devices/machine_state.h"

#define FOUR_GIB (1ull << 32)

static bool refuse(char *error, const struct boot_blob *kernel,
                   const char *reason)
{
    snprintf(error, MACHINE_ERROR_SIZE, "%s: %s",
             kernel->name ? kernel->name : "kernel", reason);
    return false;
}

static bool plan_uefi(struct machine *m, char *error)
{
    const struct boot_request *r = &m->config.boot;

    if (r->raws)
        return refuse(error, &r->raw[0].file,
                      "UEFI firmware leaves no address to a file; leave -bios "
                      "out");
    m->efi_kernel = boot_image_efi(r->kernel.data, r->kernel.size) != 0;
    if (!m->efi_kernel)
        return refuse(error, &r->kernel,
                      "UEFI firmware starts EFI applications and Linux kernels "
                      "with an EFI stub, and this has no PE header of such; "
                      "leave -bios out");
    if (r->modules > 1)
        return refuse(error, &r->module[1],
                      "UEFI firmware takes one -initrd; join the archives to "
                      "one file");
    return true;
}

bool machine_firmware_is(const struct machine *m,
                         bool (*kind)(const uint8_t *rom, uint64_t size))
{
    const struct ram_block *rom = m->flash[0] ? m->flash_array[0] : m->bios_rom;

    return kind(rom->host, rom->size);
}

bool machine_plan_boot(struct machine *m, char *error)
{
    struct boot_request *r = &m->config.boot;

    r->low_end = m->low_end;
    r->high_end = FOUR_GIB + (m->config.ram_bytes - m->low_end);
    if (!r->kernel.data && !r->raws)
        return true;
    if (machine_firmware_is(m, boot_image_is_uefi))
        return plan_uefi(m, error);
    m->boot = boot_plan_create(r, error, MACHINE_ERROR_SIZE);
    if (m->boot && !machine_firmware_is(m, boot_image_is_ours))
        return refuse(error, r->kernel.data ? &r->kernel : &r->raw[0].file,
                      "a foreign BIOS cannot start it; leave -bios out, or "
                      "boot a disk");
    return m->boot != NULL;
}
