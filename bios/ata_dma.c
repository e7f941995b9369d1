/* Bus-master transfers for ata.c. Sources: Programming Interface for Bus
 * Master IDE Controller 1.0; ATA/ATAPI-6 READ DMA, WRITE DMA. The drive's
 * interrupt is off (nIEN), so the end shows in its status register. */

#include "ata.h"
#include "code16.h"
#include "shared.h"

#define BM_COMMAND   0
#define BM_STATUS    2
#define BM_TABLE     4

#define BM_START     0x01
#define BM_TO_MEMORY 0x08
#define BM_ERROR     0x02
#define BM_INTERRUPT 0x04

#define PRD_LAST     0x8000
#define ATA_STATUS   7
#define STATUS_BUSY  0x88 /* BSY, DRQ */
#define STATUS_ERROR 0x21 /* ERR, DF */

/* Physical region descriptors: a region lies within 64 KiB, and so does this
 * table. 128 sectors cross one boundary at most. */
static struct {
    uint32_t address;
    uint16_t bytes; /* 0 = 64 KiB */
    uint16_t flags;
} regions[2] __attribute__((aligned(16)));

static bool real_mode(void)
{
    uint16_t msw;

    __asm__ volatile("smsw %0" : "=r"(msw));
    return !(msw & 1);
}

/* A virtual-8086 task's memory may be anywhere, so DMA is for real mode; the
 * address must be even, and below 1 MiB as A20 does not bind bus masters. */
bool dma_usable(const struct drive *d, const struct transfer *t, uint32_t count)
{
    uint32_t address = (uint32_t)t->segment * 16 + t->offset;

    return d->dma && shared.ide_bus_master != 0 && !(address & 1) &&
           address + count * 512 <= 0x100000 && real_mode();
}

static void regions_fill(uint32_t address, uint32_t bytes)
{
    uint32_t room = 0x10000 - (address & 0xFFFF);

    regions[0].address = address;
    if (bytes <= room) {
        regions[0].bytes = (uint16_t)bytes;
        regions[0].flags = PRD_LAST;
        return;
    }
    regions[0].bytes = (uint16_t)room;
    regions[0].flags = 0;
    regions[1].address = address + room;
    regions[1].bytes = (uint16_t)(bytes - room);
    regions[1].flags = PRD_LAST;
}

static uint16_t bus_master(const struct drive *d)
{
    return shared.ide_bus_master + d->channel * 8;
}

/* Before the command goes to the drive. */
void dma_prepare(const struct drive *d, const struct transfer *t,
                 uint32_t count, bool write)
{
    uint16_t port = bus_master(d);

    regions_fill((uint32_t)t->segment * 16 + t->offset, count * 512);
    outb(port + BM_COMMAND, write ? 0 : BM_TO_MEMORY);
    outb(port + BM_STATUS, inb(port + BM_STATUS) | BM_ERROR | BM_INTERRUPT);
    outl(port + BM_TABLE, BASE_BIOS + (uint32_t)regions);
}

/* After it: 0 or an INT 13h status. */
uint8_t dma_run(const struct drive *d, bool write, uint32_t ms)
{
    uint16_t port = bus_master(d);
    uint32_t start = timer_now();
    uint8_t direction = write ? 0 : BM_TO_MEMORY, status, result = 0;

    outb(port + BM_COMMAND, direction | BM_START);
    while ((status = inb(d->command + ATA_STATUS)) & STATUS_BUSY) {
        if ((inb(port + BM_STATUS) & BM_ERROR) || timer_expired(start, ms)) {
            result = 0x80;
            break;
        }
        irq_window();
    }
    outb(port + BM_COMMAND, direction);
    if (result == 0 &&
        ((status & STATUS_ERROR) || (inb(port + BM_STATUS) & BM_ERROR)))
        result = 0x20;
    outb(port + BM_STATUS, inb(port + BM_STATUS) | BM_ERROR | BM_INTERRUPT);
    return result;
}
