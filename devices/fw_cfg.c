/* fw_cfg.c - firmware configuration device, as QEMU's firmware knows it.
 *
 * Ports: 510h selector (16-bit, write), 511h data (8-bit, read), and, when
 * memory is given, 514h-51Bh the address of a DMA request (big-endian, the
 * low half starts it). Items are numbers and blobs under a selector; files
 * are items with a name, listed in the directory (selector 19h). The board
 * may be told when a file is selected and change what it holds.
 * Not modelled: writing to items. */
#include "devices/fw_cfg.h"

#include <stdlib.h>

enum {
    PORT_SELECTOR = 0x510,
    PORT_DMA = 0x514,

    SELECTOR_WRITE = 1 << 14, /* the write channel of an item */

    ID_TRADITIONAL = 1 << 0,
    ID_DMA = 1 << 1,

    DMA_ERROR = 1 << 0,
    DMA_READ = 1 << 1,
    DMA_SKIP = 1 << 2,
    DMA_SELECT = 1 << 3,
    DMA_WRITE = 1 << 4,

    MAX_ITEMS = 32 + FW_CFG_MAX_FILES,
    DIR_HEADER = 4,
    DIR_ENTRY = 8 + FW_CFG_NAME_SIZE,
    /* Zeros that a DMA read beyond an item's end may ask for. */
    MAX_ZEROS = 1 << 20
};

struct fw_item {
    uint16_t selector;
    const uint8_t *data; /* `copy`, or somebody else's */
    uint8_t *copy;
    uint32_t size;
};

struct fw_file {
    char name[FW_CFG_NAME_SIZE];
    void (*selected)(void *opaque); /* may be NULL */
    void *opaque;
};

/* What the firmware can read is configuration and not saved: who loads a
 * state makes the same board first. */
struct fw_cfg {
    struct device device;
    uint16_t selector;
    uint32_t offset; /* next byte of the selected item */
    uint32_t dma_high;
    /* TRANSIENT */
    struct addrspace *ports, *memory;
    struct region port_region, dma_region;
    struct fw_item item[MAX_ITEMS];
    unsigned item_count;
    struct fw_file file[FW_CFG_MAX_FILES];
    unsigned file_count;
};

static const struct state_field fw_cfg_fields[] = {
    FIELD(struct fw_cfg, U16, selector),
    FIELD(struct fw_cfg, U32, offset),
    FIELD(struct fw_cfg, U32, dma_high),
    FIELD_END,
};

/* The directory and DMA requests are big-endian, items are not. */
static void put_be(uint8_t *p, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        p[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

static uint64_t get_be(const uint8_t *p, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value = value << 8 | p[i];
    return value;
}

/* Items */

static struct fw_item *fw_find(struct fw_cfg *fw, uint16_t selector)
{
    for (unsigned i = 0; i < fw->item_count; i++)
        if (fw->item[i].selector == selector)
            return &fw->item[i];
    return NULL;
}

bool fw_cfg_refer_item(struct fw_cfg *fw, uint16_t selector, const void *data,
                       size_t size)
{
    struct fw_item *item = fw_find(fw, selector);

    if (size > UINT32_MAX || (!item && fw->item_count == MAX_ITEMS))
        return false;
    if (!item) {
        item = &fw->item[fw->item_count++];
        item->selector = selector;
        item->copy = NULL;
    }
    free(item->copy);
    item->copy = NULL;
    item->data = data;
    item->size = (uint32_t)size;
    return true;
}

/* The copy is made first: on failure the old item stays. */
static bool fw_add_item(struct fw_cfg *fw, uint16_t selector, const void *data,
                        size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (copy && size)
        memcpy(copy, data, size);
    if (!copy || !fw_cfg_refer_item(fw, selector, copy, size)) {
        free(copy);
        return false;
    }
    fw_find(fw, selector)->copy = copy;
    return true;
}

bool fw_cfg_add_number(struct fw_cfg *fw, uint16_t selector, uint64_t value,
                       unsigned size)
{
    uint8_t data[8];

    store_le(data, value, size);
    return fw_add_item(fw, selector, data, size);
}

/* Made anew whenever a file is added: sizes may have changed. */
static bool fw_write_directory(struct fw_cfg *fw)
{
    uint8_t data[DIR_HEADER + FW_CFG_MAX_FILES * DIR_ENTRY] = {0};

    put_be(data, fw->file_count, 4);
    for (unsigned i = 0; i < fw->file_count; i++) {
        uint16_t selector = (uint16_t)(FW_CFG_FILE_FIRST + i);
        const struct fw_item *item = fw_find(fw, selector);
        uint8_t *entry = data + DIR_HEADER + i * DIR_ENTRY;

        put_be(entry, item ? item->size : 0, 4);
        put_be(entry + 4, selector, 2);
        memcpy(entry + 8, fw->file[i].name, FW_CFG_NAME_SIZE);
    }
    return fw_add_item(fw, FW_CFG_FILE_DIR, data,
                       DIR_HEADER + fw->file_count * DIR_ENTRY);
}

static unsigned fw_find_file(const struct fw_cfg *fw, const char *name)
{
    unsigned i = 0;

    while (i < fw->file_count && strcmp(fw->file[i].name, name) != 0)
        i++;
    return i;
}

bool fw_cfg_add_file(struct fw_cfg *fw, const char *name, const void *data,
                     size_t size)
{
    unsigned i = fw_find_file(fw, name);

    if (strlen(name) >= FW_CFG_NAME_SIZE)
        return false;
    if (i == FW_CFG_MAX_FILES ||
        !fw_add_item(fw, (uint16_t)(FW_CFG_FILE_FIRST + i), data, size))
        return false;
    if (i == fw->file_count) {
        strcpy(fw->file[i].name, name);
        fw->file_count++;
    }
    return fw_write_directory(fw);
}

bool fw_cfg_watch_file(struct fw_cfg *fw, const char *name,
                       void (*selected)(void *opaque), void *opaque)
{
    unsigned i = fw_find_file(fw, name);

    if (i == fw->file_count)
        return false;
    fw->file[i].selected = selected;
    fw->file[i].opaque = opaque;
    return true;
}

/* Copies what the item has, zeros beyond it. */
static void fw_take(struct fw_cfg *fw, uint8_t *data, uint32_t size)
{
    const struct fw_item *item = fw_find(fw, fw->selector);
    uint32_t left = 0;

    if (item && fw->offset < item->size)
        left = item->size - fw->offset;
    if (left > size)
        left = size;
    if (left)
        memcpy(data, item->data + fw->offset, left);
    memset(data + left, 0, size - left);
    fw->offset += left;
}

/* Selecting an item starts it from its first byte. */
static void fw_select(struct fw_cfg *fw, uint16_t selector)
{
    unsigned file;

    fw->selector = selector & (uint16_t)~SELECTOR_WRITE;
    fw->offset = 0;
    file = (unsigned)fw->selector - FW_CFG_FILE_FIRST;
    if (file < fw->file_count && fw->file[file].selected)
        fw->file[file].selected(fw->file[file].opaque);
    LOG(fw->device.log, FWCFG, "select %04x%s", fw->selector,
        fw_find(fw, fw->selector) ? "" : ", which is empty");
}

/* Ports */

static uint64_t port_read(void *opaque, uint64_t offset, unsigned size)
{
    struct fw_cfg *fw = opaque;
    uint8_t value;

    if (offset != 1 || size != 1)
        return UINT64_MAX;
    fw_take(fw, &value, 1);
    return value;
}

static void port_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    if (offset == 0 && size == 2)
        fw_select(opaque, (uint16_t)value);
}

static const struct region_ops port_ops = {port_read, port_write, 2};

/* The DMA interface */

/* Bounded: an item is as long as it is, and the zeros have a limit. */
static bool fw_dma_read(struct fw_cfg *fw, uint64_t address, uint32_t size)
{
    const struct fw_item *item = fw_find(fw, fw->selector);
    uint32_t left =
        item && fw->offset < item->size ? item->size - fw->offset : 0;
    uint8_t chunk[4096];

    if (size > left && size - left > MAX_ZEROS)
        return false;
    while (size) {
        uint32_t piece = (uint32_t)min_u64(size, sizeof chunk);

        fw_take(fw, chunk, piece);
        addrspace_write_block(fw->memory, address, chunk, piece);
        address += piece;
        size -= piece;
    }
    return true;
}

static void fw_dma_skip(struct fw_cfg *fw, uint32_t size)
{
    const struct fw_item *item = fw_find(fw, fw->selector);
    uint32_t end = item ? item->size : 0;

    if (fw->offset < end)
        fw->offset += (uint32_t)min_u64(size, end - fw->offset);
}

/* The request: control, length, address; control becomes the result. */
static void fw_dma_run(struct fw_cfg *fw, uint64_t request_gpa)
{
    uint8_t request[16];
    uint32_t control, size;
    uint64_t address;
    bool good = true;

    addrspace_read_block(fw->memory, request_gpa, request, sizeof request);
    control = (uint32_t)get_be(request, 4);
    size = (uint32_t)get_be(request + 4, 4);
    address = get_be(request + 8, 8);
    if (control & DMA_SELECT)
        fw_select(fw, (uint16_t)(control >> 16));
    if (control & DMA_READ)
        good = fw_dma_read(fw, address, size);
    else if (control & DMA_WRITE)
        good = false;
    else if (control & DMA_SKIP)
        fw_dma_skip(fw, size);
    put_be(request, good ? 0 : DMA_ERROR, 4);
    addrspace_write_block(fw->memory, request_gpa, request, 4);
}

/* The signature tells that the interface is there. */
static uint64_t dma_port_read(void *opaque, uint64_t offset, unsigned size)
{
    static const char signature[] = "QEMU CFG";
    uint64_t value = 0;

    (void)opaque;
    for (unsigned i = 0; i < size && offset + i < 8; i++)
        value |= (uint64_t)(uint8_t)signature[offset + i] << (8 * i);
    return value;
}

/* Firmware below 4 GB writes the low half only. */
static void dma_port_write(void *opaque, uint64_t offset, uint64_t value,
                           unsigned size)
{
    struct fw_cfg *fw = opaque;
    uint8_t bytes[4];
    uint64_t half;

    if (size != 4)
        return;
    store_le32(bytes, (uint32_t)value);
    half = get_be(bytes, 4);
    if (offset == 0) {
        fw->dma_high = (uint32_t)half;
    } else if (offset == 4) {
        fw_dma_run(fw, (uint64_t)fw->dma_high << 32 | half);
        fw->dma_high = 0;
    }
}

static const struct region_ops dma_ops = {dma_port_read, dma_port_write, 4};

/* The device */

static void fw_cfg_reset(struct device *device)
{
    struct fw_cfg *fw = CONTAINER_OF(device, struct fw_cfg, device);

    fw->selector = 0;
    fw->offset = 0;
    fw->dma_high = 0;
}

static void fw_cfg_destroy(struct device *device)
{
    struct fw_cfg *fw = CONTAINER_OF(device, struct fw_cfg, device);

    addrspace_unmap(fw->ports, &fw->port_region);
    addrspace_unmap(fw->ports, &fw->dma_region);
    for (unsigned i = 0; i < fw->item_count; i++)
        free(fw->item[i].copy);
    free(fw);
}

static const struct device_ops fw_cfg_ops = {
    .name = "fw_cfg",
    .description = "firmware configuration device",
    .version = 1,
    .fields = fw_cfg_fields,
    .reset = fw_cfg_reset,
    .destroy = fw_cfg_destroy,
};

struct device *fw_cfg_device(struct fw_cfg *fw)
{
    return &fw->device;
}

struct fw_cfg *fw_cfg_create(const struct fw_cfg_config *config)
{
    struct fw_cfg *fw = calloc(1, sizeof *fw);
    unsigned id = ID_TRADITIONAL | (config->memory ? ID_DMA : 0);

    if (!fw)
        return NULL;
    device_init(&fw->device, &fw_cfg_ops, "fw_cfg", config->log);
    fw->ports = config->ports;
    fw->memory = config->memory;
    if (!fw_add_item(fw, FW_CFG_SIGNATURE, "QEMU", 4) ||
        !fw_cfg_add_number(fw, FW_CFG_ID, id, 4) || !fw_write_directory(fw)) {
        fw_cfg_destroy(&fw->device);
        return NULL;
    }
    fw->port_region = (struct region){
        .name = "fw_cfg",
        .base = PORT_SELECTOR,
        .size = 2,
        .kind = REGION_MMIO,
        .ops = &port_ops,
        .opaque = fw,
    };
    fw->dma_region = fw->port_region;
    fw->dma_region.base = PORT_DMA;
    fw->dma_region.size = 8;
    fw->dma_region.ops = &dma_ops;
    addrspace_map(fw->ports, &fw->port_region);
    if (fw->memory)
        addrspace_map(fw->ports, &fw->dma_region);
    return fw;
}
