/* fdc_internal.h - what the files of the floppy controller share. */
#ifndef UMBRA_FDC_INTERNAL_H
#define UMBRA_FDC_INTERNAL_H

#include "devices/disk.h"
#include "devices/dma_i8237.h"
#include "devices/fdc_i82077.h"

/* Status registers 0-3; manual, section 5.1. */
enum {
    ST0_HDS = 1 << 2,
    ST0_EC = 1 << 4, /* equipment check */
    ST0_SE = 1 << 5, /* seek end */
    ST0_ABNORMAL = 1 << 6,
    ST0_INVALID = 2 << 6,
    ST0_READY_CHANGED = 3 << 6,

    ST1_MA = 1 << 0, /* missing address mark */
    ST1_NW = 1 << 1, /* not writable */
    ST1_ND = 1 << 2, /* no data: sector not found */
    ST1_DE = 1 << 5, /* data error */
    ST1_EN = 1 << 7, /* end of cylinder */

    ST2_SN = 1 << 2, /* scan not satisfied */
    ST2_SH = 1 << 3, /* scan equal hit */
    ST2_WC = 1 << 4, /* wrong cylinder */
    ST2_DD = 1 << 5, /* data error in data field */
    ST2_CM = 1 << 6, /* control mark */

    ST3_HDS = 1 << 2,
    ST3_TWO_SIDE = 1 << 3,
    ST3_TRACK0 = 1 << 4,
    ST3_READY = 1 << 5,
    ST3_WP = 1 << 6,

    FDC_COMMAND_SIZE = 9,
    FDC_RESULT_SIZE = 10,
    FDC_BUFFER_SIZE = 1024, /* a sector, or the IDs of a FORMAT */
    FDC_N = 2,              /* images have 512-byte sectors */

    FDC_UNITS = 4 /* that commands can name; the first two can exist */
};

enum fdc_phase { FDC_COMMAND, FDC_EXECUTION, FDC_RESULT };

/* What the data command in progress does with its sectors. */
enum fdc_action { FDC_READ, FDC_WRITE, FDC_SCAN, FDC_CHECK, FDC_FORMAT };

/* What the controller does when its event fires. */
enum fdc_job { FDC_JOB_NONE, FDC_JOB_RESET, FDC_JOB_DATA, FDC_JOB_READ_ID };

struct fdc_drive {
    uint8_t cylinder;  /* where the heads are */
    bool changed;      /* disk change line */
    uint64_t seek_due; /* ns; SCHED_NEVER: no seek runs */
    uint8_t seek_to;
    uint8_t seek_st0; /* what SENSE INTERRUPT will tell ... */
    bool seek_done;   /* ... if it has not yet */
    /* TRANSIENT */
    struct fdc_i82077 *fdc;
    struct event seek;
    enum fdc_drive_type type; /* FDC_DRIVE_NONE: it is not there */
    struct disk *disk;
    struct fdc_geometry geometry; /* of the disk */
};

/* In FDC_COMMAND `fifo[0..fifo_pos)` are the bytes so far; in FDC_RESULT
 * fifo[fifo_pos..fifo_end) are still to be read. In FDC_EXECUTION the
 * buffer is at `buffer_pos` of `buffer_end`, which is 0 before the sector
 * was reached. */
struct fdc_i82077 {
    struct device device;
    uint8_t dor, tdr, dsr, ccr;
    uint8_t phase, job;
    uint64_t due;        /* ns, of `job` */
    bool interrupt;      /* INT before DMAGATE */
    uint8_t reset_polls; /* drives whose state change is not told yet */
    uint8_t fifo[16], fifo_pos, fifo_end;
    uint8_t config, pretrk; /* CONFIGURE */
    bool lock;
    uint8_t specify[2];
    uint8_t perpendicular;
    uint8_t action;       /* enum fdc_action */
    uint8_t unit, head;   /* of the data command */
    uint8_t c, h, r, eot; /* sector to come */
    uint8_t sectors_left; /* VERIFY with EC, FORMAT */
    uint8_t st1, st2;
    bool tc;         /* terminal count was seen */
    bool pio;        /* non-DMA: the CPU moves the bytes */
    uint8_t next_id; /* READ ID: the sector that passes next */
    uint16_t buffer_pos, buffer_end;
    uint8_t buffer[FDC_BUFFER_SIZE];
    struct fdc_drive drive[FDC_UNITS];
    /* TRANSIENT */
    bool seeks; /* EIS is set after a reset */
    struct addrspace *ports;
    struct sched *sched;
    struct dma *dma;
    struct irq *irq;
    struct event event;
    struct region low_region, high_region;
};

/* fdc_i82077.c */
void fdc_start(struct fdc_i82077 *fdc, enum fdc_job job, uint64_t ns);
void fdc_set_interrupt(struct fdc_i82077 *fdc, bool level);
/* Enter the result phase with `count` bytes that are in fifo[] already. */
void fdc_result(struct fdc_i82077 *fdc, unsigned count, bool interrupt);
uint8_t fdc_rate(const struct fdc_i82077 *fdc);

/* fdc_transfer.c: the commands that move data. */
void fdc_command_transfer(struct fdc_i82077 *fdc);
void fdc_command_format(struct fdc_i82077 *fdc);
void fdc_command_read_id(struct fdc_i82077 *fdc);
void fdc_run_data(struct fdc_i82077 *fdc);
void fdc_run_read_id(struct fdc_i82077 *fdc);
/* A byte moved by the CPU in the execution phase. */
uint8_t fdc_pio_read(struct fdc_i82077 *fdc);
void fdc_pio_write(struct fdc_i82077 *fdc, uint8_t value);
/* Is the next byte to the CPU? */
bool fdc_pio_to_host(const struct fdc_i82077 *fdc);

#endif
