/* rtc_mc146818.h - real-time clock and CMOS memory of a PC. */
#ifndef UMBRA_RTC_MC146818_H
#define UMBRA_RTC_MC146818_H

#include "devices/core/device.h"
#include "devices/core/irq.h"
#include "devices/core/sched.h"

struct addrspace;
struct rtc;

enum { RTC_CMOS_SIZE = 256, RTC_CENTURY = 0x32 };

struct rtc_config {
    struct addrspace *ports;
    struct sched *sched;
    struct log *log;
    struct irq *irq; /* IRQ 8 */
    /* Date and time at power-on, as the guest shall read it, in seconds
     * since 1970-01-01; before that and after 9999 it is cut off. */
    int64_t base_time;
    bool slew; /* make up for missed periodic interrupts */
    /* Bit 7 of port 70h changed: NMI is masked. May be NULL. */
    void (*nmi_mask)(void *opaque, bool masked);
    void *opaque;
};

struct rtc *rtc_create(const struct rtc_config *config);
struct device *rtc_device(struct rtc *rtc);

/* CMOS bytes from 0Eh on, for the board's set-up and for tests; 80h and up
 * is the bank at ports 72h-73h. */
void rtc_set_cmos(struct rtc *rtc, unsigned index, uint8_t value);
uint8_t rtc_get_cmos(struct rtc *rtc, unsigned index);
/* Sum of 10h-2Dh into 2Eh-2Fh, as every AT BIOS checks it. */
void rtc_set_checksum(struct rtc *rtc);

extern const struct device_ops rtc_mc146818;

#endif
