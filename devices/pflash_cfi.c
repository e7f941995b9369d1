/* pflash_cfi.c - a flash chip of 8 bits with the Common Flash Interface and
 * Intel's command set, for firmware and its variables.
 *
 * Manuals: Intel 290667 "StrataFlash Memory (J3)", tables 10 to 15; JEDEC
 * JESD68 "Common Flash Interface". Modelled: read array, identifier, query
 * and status; program by bytes and by the write buffer; erase of blocks of
 * 4 KiB; sequence and protection errors; write protection of the whole chip
 * (a read-only image). What is programmed reaches the image when the chip
 * leaves programming, 10 ms later at most.
 * Not modelled: the time programming takes (every command is finished at
 * once, so suspending finds nothing), lock bits and protection registers
 * (the query table does not announce them; their commands have no effect).
 * Unlike Intel's chips, but like QEMU's, status reads 00h rather than 80h
 * after Clear Status: firmware for that board knows its flash by this. */
#include "devices/pflash_cfi.h"

#include "devices/disk.h"
#include "mmu/ram.h"

#include <stdlib.h>

enum {
    CMD_PROGRAM_ALT = 0x10,
    CMD_ERASE = 0x20,
    CMD_PROGRAM = 0x40,
    CMD_CLEAR_STATUS = 0x50,
    CMD_LOCK = 0x60,
    CMD_READ_STATUS = 0x70,
    CMD_READ_ID = 0x90,
    CMD_READ_QUERY = 0x98,
    CMD_SUSPEND = 0xB0,
    CMD_CONFIGURE = 0xB8,
    CMD_PROTECT = 0xC0,
    CMD_CONFIRM = 0xD0,
    CMD_BUFFER = 0xE8,
    CMD_READ_ARRAY = 0xFF,

    SR_READY = 1 << 7,
    SR_ERASE_ERROR = 1 << 5,
    SR_PROGRAM_ERROR = 1 << 4,
    SR_PROTECTED = 1 << 1,
    SR_SEQUENCE = SR_ERASE_ERROR | SR_PROGRAM_ERROR,

    MANUFACTURER = 0x89,
    DEVICE = 0x18,

    WRITE_BACK_NS = 10000000
};

enum read_mode { READ_ARRAY, READ_STATUS, READ_ID, READ_QUERY };

/* Which cycle of a command comes next. */
enum cycle {
    CYCLE_COMMAND,
    CYCLE_PROGRAM,
    CYCLE_ERASE,
    CYCLE_IGNORED, /* the second one of a command without effect */
    CYCLE_COUNT,
    CYCLE_DATA,
    CYCLE_CONFIRM
};

/* The region shows the array as ROM in mode READ_ARRAY between commands,
 * and functions else. [dirty, dirty_end) is programmed and not yet in the
 * image; the event is armed while it is not empty. */
struct pflash {
    struct device device;
    uint8_t mode, cycle; /* enum read_mode, enum cycle */
    uint8_t status;
    uint8_t left;  /* bytes the write buffer still takes */
    bool empty;    /* the write buffer got no byte yet */
    uint32_t page; /* offset of what the write buffer covers */
    uint8_t buffer[PFLASH_BUFFER];
    /* TRANSIENT */
    struct addrspace *memory;
    struct ram_block *array;
    struct disk *disk;
    struct sched *sched;
    struct event write_back;
    struct region region;
    uint64_t dirty, dirty_end;
    uint8_t query[0x40];
};

static const struct state_field pflash_fields[] = {
    FIELD(struct pflash, U8, mode),         FIELD(struct pflash, U8, cycle),
    FIELD(struct pflash, U8, status),       FIELD(struct pflash, U8, left),
    FIELD(struct pflash, BOOL, empty),      FIELD(struct pflash, U32, page),
    FIELD_ARRAY(struct pflash, U8, buffer), FIELD_END,
};

/* The image file */

/* A failure of the host is told by the disk itself. */
int pflash_write_back(struct pflash *flash)
{
    uint64_t first = flash->dirty, size = flash->dirty_end - first;

    flash->dirty = flash->dirty_end = 0;
    event_cancel(flash->sched, &flash->write_back);
    if (!size)
        return 0;
    return disk_write(flash->disk, first, flash->array->host + first,
                      (size_t)size);
}

static void write_back_fire(void *opaque)
{
    pflash_write_back(opaque);
}

static void pflash_store(struct pflash *flash, uint64_t offset,
                         const uint8_t *data, size_t size)
{
    ram_write(flash->array, offset, data, size);
    if (flash->dirty_end != offset)
        pflash_write_back(flash);
    if (flash->dirty_end == flash->dirty) {
        flash->dirty = flash->dirty_end = offset;
        event_arm(flash->sched, &flash->write_back,
                  sched_now(flash->sched) + WRITE_BACK_NS);
    }
    flash->dirty_end = offset + size;
}

/* Commands */

static bool pflash_protected(struct pflash *flash, uint8_t error)
{
    if (!disk_read_only(flash->disk))
        return false;
    flash->status |= error | SR_PROTECTED;
    return true;
}

/* Programming makes zeros of ones only. */
static void pflash_program(struct pflash *flash, uint64_t offset,
                           const uint8_t *data, size_t size)
{
    const uint8_t *old = flash->array->host + offset;
    uint8_t merged[PFLASH_BUFFER];

    flash->status |= SR_READY;
    if (pflash_protected(flash, SR_PROGRAM_ERROR))
        return;
    for (size_t i = 0; i < size; i++)
        merged[i] = old[i] & data[i];
    pflash_store(flash, offset, merged, size);
}

static void pflash_erase(struct pflash *flash, uint64_t offset)
{
    uint8_t ones[PFLASH_BLOCK];

    flash->status |= SR_READY;
    if (pflash_protected(flash, SR_ERASE_ERROR))
        return;
    memset(ones, 0xFF, sizeof ones);
    pflash_store(flash, offset & ~(uint64_t)(PFLASH_BLOCK - 1), ones,
                 sizeof ones);
    pflash_write_back(flash);
}

static void pflash_sequence_error(struct pflash *flash)
{
    flash->status |= SR_READY | SR_SEQUENCE;
    LOG(flash->device.log, GUEST_ERROR, "%s: a command is not confirmed",
        flash->device.id);
}

/* The first data cycle chooses the page; the others stay in it. */
static void pflash_take_data(struct pflash *flash, uint32_t offset,
                             uint8_t value)
{
    uint32_t page = offset & ~(uint32_t)(PFLASH_BUFFER - 1);

    if (flash->empty) {
        flash->page = page;
        flash->empty = false;
        memset(flash->buffer, 0xFF, sizeof flash->buffer);
    }
    if (page != flash->page) {
        flash->cycle = CYCLE_COMMAND;
        pflash_sequence_error(flash);
        return;
    }
    flash->buffer[offset - page] = value;
    if (--flash->left == 0)
        flash->cycle = CYCLE_CONFIRM;
}

static void pflash_take_count(struct pflash *flash, uint8_t value)
{
    if (value >= PFLASH_BUFFER) {
        flash->cycle = CYCLE_COMMAND;
        pflash_sequence_error(flash);
        return;
    }
    flash->left = value + 1;
    flash->empty = true;
    flash->cycle = CYCLE_DATA;
}

/* The chip shows its status from the first cycle on. */
static void pflash_begin(struct pflash *flash, enum cycle cycle)
{
    flash->cycle = (uint8_t)cycle;
    flash->mode = READ_STATUS;
}

static void pflash_command(struct pflash *flash, uint8_t value)
{
    switch (value) {
    case CMD_PROGRAM:
    case CMD_PROGRAM_ALT:
        pflash_begin(flash, CYCLE_PROGRAM);
        break;
    case CMD_ERASE:
        pflash_begin(flash, CYCLE_ERASE);
        break;
    case CMD_BUFFER:
        flash->status |= SR_READY; /* the buffer is free at once */
        pflash_begin(flash, CYCLE_COUNT);
        break;
    case CMD_LOCK:
    case CMD_CONFIGURE:
    case CMD_PROTECT:
        pflash_begin(flash, CYCLE_IGNORED);
        break;
    case CMD_CLEAR_STATUS:
        flash->status = 0;
        break;
    case CMD_READ_STATUS:
    case CMD_SUSPEND:
        flash->mode = READ_STATUS;
        break;
    case CMD_READ_ID:
        flash->mode = READ_ID;
        break;
    case CMD_READ_QUERY:
        flash->mode = READ_QUERY;
        break;
    case CMD_CONFIRM: /* resume: nothing is suspended */
        break;
    default:
        if (value != CMD_READ_ARRAY && value != 0)
            LOG(flash->device.log, GUEST_ERROR, "%s: no command %02Xh",
                flash->device.id, value);
        flash->mode = READ_ARRAY;
        pflash_write_back(flash);
    }
}

static void pflash_cycle(struct pflash *flash, uint32_t offset, uint8_t value)
{
    enum cycle cycle = flash->cycle;

    if (cycle == CYCLE_PROGRAM || cycle == CYCLE_ERASE ||
        cycle == CYCLE_IGNORED || cycle == CYCLE_CONFIRM)
        flash->cycle = CYCLE_COMMAND;
    switch (cycle) {
    case CYCLE_PROGRAM:
        pflash_program(flash, offset, &value, 1);
        break;
    case CYCLE_ERASE:
        if (value == CMD_CONFIRM)
            pflash_erase(flash, offset);
        else
            pflash_sequence_error(flash);
        break;
    case CYCLE_IGNORED:
        flash->status |= SR_READY;
        break;
    case CYCLE_COUNT:
        pflash_take_count(flash, value);
        break;
    case CYCLE_DATA:
        pflash_take_data(flash, offset, value);
        break;
    case CYCLE_CONFIRM:
        if (value == CMD_CONFIRM)
            pflash_program(flash, flash->page, flash->buffer, PFLASH_BUFFER);
        else
            pflash_sequence_error(flash);
        break;
    default:
        pflash_command(flash, value);
    }
}

/* Accesses */

/* Mapped as ROM, reading and executing take the fast path; writes come to
 * the functions in both shapes. */
static void pflash_map(struct pflash *flash)
{
    bool array = flash->mode == READ_ARRAY;

    flash->region.kind = array ? REGION_ROM : REGION_MMIO;
    addrspace_map(flash->memory, &flash->region);
}

static uint8_t pflash_read_id(uint32_t offset)
{
    switch (offset % PFLASH_BLOCK) {
    case 0:
        return MANUFACTURER;
    case 1:
        return DEVICE;
    default:
        return 0; /* 2: the block is not locked */
    }
}

static uint64_t pflash_read(void *opaque, uint64_t offset, unsigned size)
{
    struct pflash *flash = opaque;

    (void)size;
    switch (flash->mode) {
    case READ_STATUS:
        return flash->status;
    case READ_ID:
        return pflash_read_id((uint32_t)offset);
    case READ_QUERY:
        return (offset & 0xFF) < sizeof flash->query
                   ? flash->query[offset & 0xFF]
                   : 0;
    default:
        return flash->array->host[offset];
    }
}

static void pflash_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    struct pflash *flash = opaque;

    (void)size;
    pflash_cycle(flash, (uint32_t)offset, (uint8_t)value);
    pflash_map(flash);
}

static const struct region_ops pflash_ops = {pflash_read, pflash_write, 1};

/* JESD68, table 1 to 4: one region of equal blocks; Intel's extended table
 * at 31h without optional features. Times are in powers of two. */
static void pflash_fill_query(struct pflash *flash)
{
    static const uint8_t head[] = {
        'Q',  'R', 'Y',                      /* 10h */
        0x01, 0,                             /* Intel's extended command set */
        0x31, 0,                             /* its table */
        0,    0,   0,   0, 0x27, 0x36, 0, 0, /* 2.7 to 3.6 V, no VPP */
        7,    7,   10,  0, /* program 128 us, buffer 128 us, erase 1 s */
        4,    4,   4,   0, /* at most so much longer */
        0,                 /* 27h: size */
        0,    0,           /* 8 bits */
        5,    0,           /* write buffer of 2^5 */
        1,                 /* one region of blocks */
    };
    static const uint8_t extended[] = {'P', 'R', 'I', '1', '1'};
    uint64_t size = flash->array->size;
    uint32_t blocks = (uint32_t)(size / PFLASH_BLOCK) - 1;

    memcpy(flash->query + 0x10, head, sizeof head);
    while (1ull << flash->query[0x27] < size)
        flash->query[0x27]++;
    store_le16(flash->query + 0x2D, (uint16_t)blocks);
    store_le16(flash->query + 0x2F, PFLASH_BLOCK / 256);
    memcpy(flash->query + 0x31, extended, sizeof extended);
    flash->query[0x3D] = 0x33; /* VCC 3.3 V */
}

/* The device */

static void pflash_reset(struct device *device)
{
    struct pflash *flash = CONTAINER_OF(device, struct pflash, device);

    pflash_write_back(flash);
    flash->mode = READ_ARRAY;
    flash->cycle = CYCLE_COMMAND;
    flash->status = SR_READY;
    flash->left = 0;
    flash->empty = true;
    flash->page = 0;
    memset(flash->buffer, 0xFF, sizeof flash->buffer);
    pflash_map(flash);
}

static int pflash_post_load(struct device *device, uint32_t version)
{
    struct pflash *flash = CONTAINER_OF(device, struct pflash, device);

    (void)version;
    if (flash->mode > READ_QUERY || flash->cycle > CYCLE_CONFIRM ||
        flash->left > PFLASH_BUFFER ||
        flash->page > flash->array->size - PFLASH_BUFFER ||
        (flash->cycle == CYCLE_DATA && !flash->left))
        return -1;
    pflash_map(flash);
    return 0;
}

static uint64_t pflash_hash(struct device *device, uint64_t hash)
{
    struct pflash *flash = CONTAINER_OF(device, struct pflash, device);

    return state_hash_bytes(flash->array->host, flash->array->size, hash);
}

static void pflash_destroy(struct device *device)
{
    struct pflash *flash = CONTAINER_OF(device, struct pflash, device);

    pflash_write_back(flash);
    event_free(flash->sched, &flash->write_back);
    addrspace_unmap(flash->memory, &flash->region);
    free(flash);
}

static const struct device_ops pflash_device_ops = {
    .name = "pflash",
    .description = "flash memory with CFI, Intel's commands",
    .version = 1,
    .fields = pflash_fields,
    .reset = pflash_reset,
    .post_load = pflash_post_load,
    .destroy = pflash_destroy,
    .hash_extra = pflash_hash,
};

struct device *pflash_device(struct pflash *flash)
{
    return &flash->device;
}

struct pflash *pflash_create(const struct pflash_config *config)
{
    struct pflash *flash = calloc(1, sizeof *flash);

    ASSERT(config->array->size % PFLASH_BLOCK == 0);
    if (!flash)
        return NULL;
    device_init(&flash->device, &pflash_device_ops, config->id, config->log);
    flash->memory = config->memory;
    flash->array = config->array;
    flash->disk = config->disk;
    flash->sched = config->sched;
    event_init(flash->sched, &flash->write_back, config->id, write_back_fire,
               flash);
    pflash_fill_query(flash);
    flash->region = (struct region){
        .name = config->id,
        .base = config->base,
        .size = config->array->size,
        .ram = config->array,
        .ops = &pflash_ops,
        .opaque = flash,
    };
    pflash_reset(&flash->device);
    return flash;
}
