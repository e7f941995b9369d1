/* Waking from suspend to RAM (S3): the chipset is as after a reset, memory as
 * the system left it. Source: ACPI 2.0, 9.3.2. The board hands this over as
 * shutdown code FEh in CMOS byte 0Fh; reset.S comes here without filling the
 * shadow RAM, so that all variables are still there. PCI functions get their
 * resources and routing as at POST, the clock keeps its alarm. Not done:
 * bringing the video card up, which keeps its picture on this board. */

#include "post.h"

#define APM_PORT    0xB2
#define ACPI_ENABLE 0xF1

uint32_t wake_main(void)
{
    uint32_t vector = acpi_waking_vector();

    if (vector == 0)
        return 0;
    debug_puts("Umbra BIOS: waking\n");
    chips_setup();
    pm_setup();
    cpu_setup();
    pci_setup();
    outb(APM_PORT, ACPI_ENABLE);
    return vector;
}
