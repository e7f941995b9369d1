/* fake_host.h - files in memory instead of devices/disk_posix.c, with a
 * journal of all that is done to them, so that a test can stop the host
 * between any two writes. Include it in one .c file of a program: it defines
 * the functions of devices/disk_format.h, and the library's are left out. */
#ifndef UMBRA_TESTS_FAKE_HOST_H
#define UMBRA_TESTS_FAKE_HOST_H

#include "devices/disk_format.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAKE_FILES = 16 };

struct fake_file {
    char name[64]; /* empty: none */
    uint8_t *data;
    uint64_t size, room;
    unsigned readers, writers;
};

enum fake_action { FAKE_WRITE, FAKE_RESIZE, FAKE_SYNC };

struct fake_entry {
    enum fake_action action;
    struct fake_file *file;
    uint64_t offset, size;
    uint8_t *data;
};

struct host_file {
    struct fake_file *file;
    bool writable;
};

/* `writes_left`: then every write fails with -ENOSPC; -1: never. */
static struct fake_host {
    struct fake_file file[FAKE_FILES];
    bool recording;
    struct fake_entry *journal;
    size_t entries, room;
    long writes_left;
} fake_host = {.writes_left = -1};

static inline struct fake_file *fake_find(const char *name)
{
    for (unsigned i = 0; i < FAKE_FILES; i++)
        if (!strcmp(fake_host.file[i].name, name))
            return &fake_host.file[i];
    return NULL;
}

static inline void fake_note(enum fake_action action, struct fake_file *file,
                             uint64_t offset, const void *data, uint64_t size)
{
    struct fake_entry *e;

    if (!fake_host.recording)
        return;
    if (fake_host.entries == fake_host.room) {
        fake_host.room = fake_host.room ? 2 * fake_host.room : 1024;
        fake_host.journal = realloc(fake_host.journal,
                                    fake_host.room * sizeof *fake_host.journal);
        ck_assert_ptr_nonnull(fake_host.journal);
    }
    e = &fake_host.journal[fake_host.entries++];
    *e = (struct fake_entry){action, file, offset, size, NULL};
    if (data) {
        e->data = malloc(size + 1);
        memcpy(e->data, data, size);
    }
}

static inline void fake_resize(struct fake_file *file, uint64_t size)
{
    if (!file->data || size > file->room) {
        file->room = 2 * size + 4096;
        file->data = realloc(file->data, file->room);
        ck_assert_ptr_nonnull(file->data);
    }
    if (size > file->size)
        memset(file->data + file->size, 0, size - file->size);
    file->size = size;
}

static inline void fake_put(struct fake_file *file, uint64_t offset,
                            const void *data, uint64_t size)
{
    if (offset + size > file->size)
        fake_resize(file, offset + size);
    memcpy(file->data + offset, data, size);
}

/* A file with these contents; replaces one of that name. */
static inline struct fake_file *fake_add(const char *name, const void *data,
                                         uint64_t size)
{
    struct fake_file *file = fake_find(name);

    if (!file)
        file = fake_find("");
    ck_assert_ptr_nonnull(file);
    snprintf(file->name, sizeof file->name, "%s", name);
    fake_resize(file, size);
    memcpy(file->data, data, size);
    return file;
}

static inline void fake_forget_journal(void)
{
    for (size_t i = 0; i < fake_host.entries; i++)
        free(fake_host.journal[i].data);
    fake_host.entries = 0;
}

static inline void fake_clear(void)
{
    fake_forget_journal();
    free(fake_host.journal);
    for (unsigned i = 0; i < FAKE_FILES; i++)
        free(fake_host.file[i].data);
    memset(&fake_host, 0, sizeof fake_host);
    fake_host.writes_left = -1;
}

/* ------------------------------------------------- what the library asks */

int host_file_open(const char *path, const struct host_file_mode *mode,
                   struct host_file **file)
{
    struct fake_file *f = *path ? fake_find(path) : NULL;

    if (!f)
        return -ENOENT;
    if (f->writers || (mode->writable && f->readers))
        return -EBUSY;
    *file = malloc(sizeof **file);
    **file = (struct host_file){f, mode->writable};
    *(mode->writable ? &f->writers : &f->readers) += 1;
    return 0;
}

int host_file_create(const char *path, struct host_file **file)
{
    fake_add(path, "", 0);
    return host_file_open(path, &(struct host_file_mode){true}, file);
}

int host_file_temporary(struct host_file **file)
{
    return host_file_create("(temporary)", file);
}

void host_file_close(struct host_file *file)
{
    *(file->writable ? &file->file->writers : &file->file->readers) -= 1;
    free(file);
}

int host_file_size(struct host_file *file, uint64_t *size)
{
    *size = file->file->size;
    return 0;
}

int host_file_read(struct host_file *file, uint64_t offset, void *data,
                   size_t size, size_t *done)
{
    uint64_t have = file->file->size;

    *done = offset < have ? (size_t)min_u64(size, have - offset) : 0;
    if (*done)
        memcpy(data, file->file->data + offset, *done);
    return 0;
}

int host_file_write(struct host_file *file, uint64_t offset, const void *data,
                    size_t size)
{
    ck_assert(file->writable);
    if (fake_host.writes_left == 0)
        return -ENOSPC;
    if (fake_host.writes_left > 0)
        fake_host.writes_left--;
    fake_note(FAKE_WRITE, file->file, offset, data, size);
    fake_put(file->file, offset, data, size);
    return 0;
}

int host_file_sync(struct host_file *file)
{
    fake_note(FAKE_SYNC, file->file, 0, NULL, 0);
    return 0;
}

int host_file_resize(struct host_file *file, uint64_t size)
{
    ck_assert(file->writable);
    if (size > 1u << 30)
        return -EFBIG;
    fake_note(FAKE_RESIZE, file->file, 0, NULL, size);
    fake_resize(file->file, size);
    return 0;
}

int host_file_allocated(struct host_file *file, uint64_t *bytes)
{
    *bytes = file->file->size;
    return 0;
}

int host_file_identity(const char *path, uint64_t identity[2])
{
    struct fake_file *file = *path ? fake_find(path) : NULL;

    if (!file)
        return -ENOENT;
    identity[0] = 1;
    identity[1] = (uint64_t)(file - fake_host.file);
    return 0;
}

const char *host_error_text(int error)
{
    return error == DISK_ERROR_DAMAGED ? "damaged" : strerror(-error);
}

const char *host_error_remedy(int error)
{
    (void)error;
    return "look at it";
}

#endif
