/* ata_protect.c - what keeps a host from a disk's sectors: the host protected
 * area and the security mode.
 *
 * Manual: ATA/ATAPI-6 (T13/1410D), clauses 6 (both feature sets) and 8 (READ
 * NATIVE MAX, SET MAX, SECURITY). Modelled: READ NATIVE MAX ADDRESS and SET
 * MAX ADDRESS, both also EXT, volatile or not; SET MAX passwords, lock and
 * freeze; user and master password, both levels, five tries, freeze, ERASE
 * PREPARE and ERASE UNIT, which writes zeroes. After a power-on or reset of
 * the PC the area and the passwords are as a drive keeps them.
 * Not modelled: the image does not keep them: with the next run of the
 * emulator area and passwords are gone, so nobody locks himself out of a
 * file. No enhanced erase. */
#include "devices/ata_internal.h"

enum {
    SECURITY_SET_PASSWORD = 0xF1,
    SECURITY_UNLOCK = 0xF2,
    SECURITY_ERASE_PREPARE = 0xF3,
    SECURITY_ERASE_UNIT = 0xF4,
    SECURITY_FREEZE_LOCK = 0xF5,
    SECURITY_DISABLE_PASSWORD = 0xF6,
    SET_MAX = 0xF9,
    READ_NATIVE_MAX = 0xF8,
    READ_NATIVE_MAX_EXT = 0x27,

    /* features of SET MAX */
    MAX_SET_PASSWORD = 1,
    MAX_LOCK = 2,
    MAX_UNLOCK = 3,
    MAX_FREEZE_LOCK = 4,
    COUNT_NON_VOLATILE = 1,

    /* the sector with a password: word 0, words 1-16, word 17 */
    WORD_MASTER = 1 << 0,
    WORD_ENHANCED = 1 << 1,
    WORD_MAXIMUM = 1 << 8,
    PASSWORD_AT = 2,
    REVISION_AT = 34,

    TRIES = 5,
    FACTORY_REVISION = 0xFFFE,
    LBA28_SECTORS = 0x0FFFFFFF, /* what words 60-61 can tell */

    COMMAND_NS = 2000,
    ERASE_NS = 64000 /* a bufferful */
};

enum max_state { MAX_INACTIVE, MAX_UNLOCKED, MAX_LOCKED, MAX_FROZEN };

static void protect_abort(struct ata_drive *drive)
{
    ata_fail(drive, 0, ERROR_ABRT);
}

static void protect_done(struct ata_drive *drive)
{
    ata_start(drive, JOB_FINISH, COMMAND_NS);
}

static uint64_t native_sectors(const struct ata_drive *drive)
{
    return disk_sectors(drive->disk);
}

uint64_t ata_protect_sectors(const struct ata_drive *drive)
{
    uint64_t hidden = drive->protect.hidden;

    return native_sectors(drive) - hidden;
}

/* The host protected area */

/* What a command without EXT can name: by LBA 28 bits, else whole cylinders
 * of the current translation. */
static uint64_t nameable_sectors(const struct ata_drive *drive)
{
    uint64_t total = native_sectors(drive);
    unsigned cylinder = (unsigned)drive->heads * drive->sectors;

    if (drive->reg[ATA_DEVICE] & DEVICE_LBA)
        return min_u64(total, LBA28_SECTORS);
    return cylinder ? min_u64(total / cylinder, UINT16_MAX) * cylinder : 0;
}

void ata_protect_native_max(struct ata_drive *drive, unsigned ext)
{
    uint64_t total = ext ? native_sectors(drive) : nameable_sectors(drive);

    drive->flags = (uint8_t)ext;
    ata_disk_put_address(drive, total ? total - 1 : 0);
    protect_done(drive);
}

/* A second maximum that shall last is refused until power-on. Only the
 * command right before can have told the host what there is. */
static void set_max_address(struct ata_drive *drive, bool ext)
{
    struct ata_protect *p = &drive->protect;
    bool keep = drive->reg[ATA_COUNT] & COUNT_NON_VOLATILE;
    uint8_t asked = ext ? READ_NATIVE_MAX_EXT : READ_NATIVE_MAX;
    uint64_t last;

    if (drive->previous != asked || p->max_state >= MAX_LOCKED ||
        !ata_disk_get_address(drive, ext, &last) ||
        last >= native_sectors(drive)) {
        protect_abort(drive);
        return;
    }
    if (keep && p->max_kept) {
        ata_fail(drive, 0, ERROR_IDNF);
        return;
    }
    p->hidden = native_sectors(drive) - last - 1;
    if (keep) {
        p->hidden_kept = p->hidden;
        p->max_kept = true;
    }
    ata_disk_translate(drive);
    protect_done(drive);
}

void ata_protect_set_max_ext(struct ata_drive *drive, unsigned flags)
{
    (void)flags;
    set_max_address(drive, true);
}

/* Right after READ NATIVE MAX it is SET MAX ADDRESS, whatever Features says. */
void ata_protect_set_max(struct ata_drive *drive, unsigned flags)
{
    struct ata_protect *p = &drive->protect;
    enum max_state state = p->max_state;

    (void)flags;
    if (drive->previous == READ_NATIVE_MAX) {
        set_max_address(drive, false);
        return;
    }
    switch (drive->reg[ATA_FEATURES]) {
    case MAX_SET_PASSWORD:
        if (state >= MAX_LOCKED)
            break;
        ata_pio_out(drive, SECTOR_SIZE, false);
        return;
    case MAX_LOCK:
        if (state != MAX_UNLOCKED && state != MAX_LOCKED)
            break;
        p->max_tries = TRIES;
        p->max_state = MAX_LOCKED;
        protect_done(drive);
        return;
    case MAX_UNLOCK:
        if (state != MAX_LOCKED || p->max_tries == 0)
            break;
        ata_pio_out(drive, SECTOR_SIZE, false);
        return;
    case MAX_FREEZE_LOCK:
        if (state == MAX_FROZEN)
            break;
        p->max_state = MAX_FROZEN;
        protect_done(drive);
        return;
    default:
        break;
    }
    protect_abort(drive);
}

static bool same_password(const struct ata_drive *drive, const uint8_t *kept)
{
    return memcmp(drive->buffer + PASSWORD_AT, kept, ATA_PASSWORD) == 0;
}

static void set_max_data(struct ata_drive *drive)
{
    struct ata_protect *p = &drive->protect;

    if (drive->reg[ATA_FEATURES] == MAX_SET_PASSWORD) {
        memcpy(p->max_password, drive->buffer + PASSWORD_AT, ATA_PASSWORD);
        p->max_state = MAX_UNLOCKED;
    } else if (same_password(drive, p->max_password)) {
        p->max_state = MAX_UNLOCKED;
    } else {
        p->max_tries--;
        protect_abort(drive);
        return;
    }
    protect_done(drive);
}

/* Security mode */

/* Which of these commands runs in which state. */
static bool security_allows(const struct ata_drive *drive, uint8_t command)
{
    const struct ata_protect *p = &drive->protect;

    switch (command) {
    case SECURITY_SET_PASSWORD:
    case SECURITY_DISABLE_PASSWORD:
        return !p->locked && !p->frozen;
    case SECURITY_UNLOCK:
        return !p->frozen && p->tries;
    case SECURITY_ERASE_PREPARE:
        return !p->frozen;
    case SECURITY_ERASE_UNIT:
        return !p->frozen && p->tries && !disk_read_only(drive->disk) &&
               drive->previous == SECURITY_ERASE_PREPARE;
    default: /* SECURITY FREEZE LOCK */
        return !p->locked;
    }
}

void ata_protect_security(struct ata_drive *drive, unsigned flags)
{
    (void)flags;
    if (!security_allows(drive, drive->command)) {
        protect_abort(drive);
        return;
    }
    switch (drive->command) {
    case SECURITY_FREEZE_LOCK:
        drive->protect.frozen = true;
        protect_done(drive);
        break;
    case SECURITY_ERASE_PREPARE:
        protect_done(drive);
        break;
    default:
        ata_pio_out(drive, SECTOR_SIZE, false);
    }
}

/* The level comes with the user's password, the revision with the master's;
 * FFFFh and 0000h are no revisions and change nothing. */
static void set_password(struct ata_drive *drive, unsigned word)
{
    struct ata_protect *p = &drive->protect;
    uint16_t revision = load_le16(drive->buffer + REVISION_AT);

    if (word & WORD_MASTER) {
        memcpy(p->master, drive->buffer + PASSWORD_AT, ATA_PASSWORD);
        if (revision != 0 && revision != 0xFFFF)
            p->revision = revision;
    } else {
        memcpy(p->user, drive->buffer + PASSWORD_AT, ATA_PASSWORD);
        p->enabled = true;
        p->maximum = word & WORD_MAXIMUM;
    }
    protect_done(drive);
}

/* At maximum level the master's password only erases. */
static bool password_fits(const struct ata_drive *drive, unsigned word)
{
    const struct ata_protect *p = &drive->protect;

    if (!(word & WORD_MASTER))
        return p->enabled && same_password(drive, p->user);
    if (p->enabled && p->maximum && drive->command != SECURITY_ERASE_UNIT)
        return false;
    return same_password(drive, p->master);
}

static void security_off(struct ata_protect *p)
{
    p->enabled = p->locked = p->maximum = false;
    p->tries = TRIES;
    memset(p->user, 0, sizeof p->user);
}

static void erase_start(struct ata_drive *drive)
{
    memset(drive->buffer, 0, sizeof drive->buffer);
    drive->lba = 0;
    ata_start(drive, JOB_ERASE, ERASE_NS);
}

/* All sectors, also those that the host does not see. */
void ata_protect_erase(struct ata_drive *drive)
{
    uint64_t total = native_sectors(drive);
    uint64_t left = drive->lba < total ? total - drive->lba : 0;
    uint64_t n = min_u64(left, ATA_BUFFER_SIZE / SECTOR_SIZE);
    int result;

    if (n)
        result = disk_write(drive->disk, drive->lba * SECTOR_SIZE,
                            drive->buffer, (size_t)n * SECTOR_SIZE);
    else
        result = disk_flush(drive->disk);
    if (result < 0) {
        ata_fail(drive, STATUS_DF, ERROR_ABRT);
        return;
    }
    drive->lba += n;
    if (n) {
        ata_start(drive, JOB_ERASE, ERASE_NS);
        return;
    }
    security_off(&drive->protect);
    ata_finish(drive, true);
}

/* Only a failed UNLOCK of a locked drive counts as a try. */
static void security_data(struct ata_drive *drive)
{
    struct ata_protect *p = &drive->protect;
    unsigned word = load_le16(drive->buffer);
    bool fits = password_fits(drive, word);

    switch (drive->command) {
    case SECURITY_SET_PASSWORD:
        set_password(drive, word);
        return;
    case SECURITY_UNLOCK:
        if (!fits && p->locked)
            p->tries--;
        if (!fits)
            break;
        p->locked = false;
        p->tries = TRIES;
        protect_done(drive);
        return;
    case SECURITY_DISABLE_PASSWORD:
        if (!fits)
            break;
        security_off(p);
        protect_done(drive);
        return;
    default: /* SECURITY ERASE UNIT */
        if (!fits || (word & WORD_ENHANCED))
            break;
        erase_start(drive);
        return;
    }
    protect_abort(drive);
}

/* Both together */

bool ata_protect_data(struct ata_drive *drive)
{
    uint8_t command = drive->command;

    if (command == SET_MAX)
        set_max_data(drive);
    else if (command >= SECURITY_SET_PASSWORD &&
             command <= SECURITY_DISABLE_PASSWORD)
        security_data(drive);
    else
        return false;
    return true;
}

bool ata_protect_sane(const struct ata_drive *drive)
{
    const struct ata_protect *p = &drive->protect;

    return p->max_state <= MAX_FROZEN && p->max_tries <= TRIES &&
           p->tries <= TRIES &&
           (drive->kind != ATA_DISK ||
            (p->hidden <= native_sectors(drive) &&
             p->hidden_kept <= native_sectors(drive)));
}

void ata_protect_identify(const struct ata_drive *drive, uint8_t *data)
{
    const struct ata_protect *p = &drive->protect;

    store_le16(data + 2 * 89, 1); /* erased within two minutes */
    store_le16(data + 2 * 92, p->revision);
    store_le16(data + 2 * 128,
               (uint16_t)(0x0001 | p->enabled << 1 | p->locked << 2 |
                          p->frozen << 3 | (p->tries == 0) << 4 |
                          p->maximum << 8));
}

/* What the maker set. */
void ata_protect_create(struct ata_drive *drive)
{
    drive->protect = (struct ata_protect){.revision = FACTORY_REVISION};
}

void ata_protect_power_on(struct ata_drive *drive)
{
    struct ata_protect *p = &drive->protect;

    p->hidden = p->hidden_kept;
    p->max_kept = false;
    p->max_state = MAX_INACTIVE;
    p->max_tries = p->tries = TRIES;
    memset(p->max_password, 0, sizeof p->max_password);
    p->locked = p->enabled;
    p->frozen = false;
}
