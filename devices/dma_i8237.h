/* dma_i8237.h - the two 8237A DMA controllers of a PC. */
#ifndef UMBRA_DMA_I8237_H
#define UMBRA_DMA_I8237_H

#include "devices/core/device.h"

struct addrspace;
struct dma;

struct dma_config {
    struct addrspace *ports;
    struct addrspace *memory;
    struct log *log;
};

enum dma_direction { DMA_TO_MEMORY, DMA_FROM_MEMORY };

struct dma *dma_create(const struct dma_config *config);
struct device *dma_device(struct dma *dma);

/* `granted` is called when the guest has made a channel ready whose request
 * line is up (it may call dma_transfer). A part connects its channel once. */
void dma_connect(struct dma *dma, unsigned channel,
                 void (*granted)(void *opaque), void *opaque);
/* The DREQ line. The part drives it again in post_load. */
void dma_set_request(struct dma *dma, unsigned channel, bool level);
/* Would a transfer happen now? */
bool dma_is_ready(struct dma *dma, unsigned channel);
/* Move up to `size` bytes (even for channels 4-7) between the buffer and
 * guest memory. Ends early at terminal count, then *tc is true. Returns the
 * number of bytes that were taken or filled; 0 while the channel is masked.
 * If the guest programmed the other direction or verify, memory is left
 * alone and a buffer to be filled gets FFh. */
size_t dma_transfer(struct dma *dma, unsigned channel, void *buffer,
                    size_t size, enum dma_direction direction, bool *tc);

extern const struct device_ops dma_i8237;

#endif
