/* disk_posix.c - image files on a POSIX host.
 *
 * The only file of the library that opens files for the guest. Offsets are
 * 64-bit everywhere. A writable image is locked against a second writer,
 * where the file system can lock. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#define _FILE_OFFSET_BITS 64

#include "devices/disk_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct host_file {
    int fd;
};

/* Closes `fd` on failure. */
static int host_file_wrap(int fd, struct host_file **file)
{
    *file = malloc(sizeof **file);
    if (!*file) {
        close(fd);
        return -ENOMEM;
    }
    (*file)->fd = fd;
    return 0;
}

/* Some file systems cannot lock; that is no reason to refuse. */
static bool host_file_lock(int fd, bool alone)
{
    return flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 ||
           errno != EWOULDBLOCK;
}

/* Only files and block devices: reading a pipe or a terminal would hang. */
int host_file_open(const char *path, const struct host_file_mode *mode,
                   struct host_file **file)
{
    int flags = (mode->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK;
    struct stat status;
    int error;
    int fd = open(path, flags);

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0) {
        error = -errno;
        close(fd);
        return error;
    }
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        close(fd);
        return S_ISDIR(status.st_mode) ? -EISDIR : -ENODEV;
    }
    if (!host_file_lock(fd, mode->writable)) {
        close(fd);
        return -EBUSY;
    }
    return host_file_wrap(fd, file);
}

/* Emptied only when nobody else has it. */
int host_file_create(const char *path, struct host_file **file)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    int error = 0;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0)
        error = -errno;
    else if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        error = -ENODEV;
    else if (!host_file_lock(fd, true))
        error = -EBUSY;
    else if (S_ISREG(status.st_mode) && ftruncate(fd, 0) < 0)
        error = -errno;
    if (error) {
        close(fd);
        return error;
    }
    return host_file_wrap(fd, file);
}

/* /var/tmp is on a disk where /tmp may be in memory. */
int host_file_temporary(struct host_file **file)
{
    char in_var[] = "/var/tmp/umbra-XXXXXX";
    char in_tmp[] = "/tmp/umbra-XXXXXX";
    char *name = in_var;
    int fd = mkstemp(name);

    if (fd < 0) {
        name = in_tmp;
        fd = mkstemp(name);
    }
    if (fd < 0)
        return -errno;
    unlink(name);
    return host_file_wrap(fd, file);
}

void host_file_close(struct host_file *file)
{
    close(file->fd);
    free(file);
}

int host_file_size(struct host_file *file, uint64_t *size)
{
    off_t end = lseek(file->fd, 0, SEEK_END);

    if (end < 0)
        return -errno;
    *size = (uint64_t)end;
    return 0;
}

/* The host may give less than it was asked for; only 0 is the end. */
int host_file_read(struct host_file *file, uint64_t offset, void *data,
                   size_t size, size_t *done)
{
    uint8_t *to = data;

    *done = 0;
    while (*done < size) {
        ssize_t got =
            pread(file->fd, to + *done, size - *done, (off_t)(offset + *done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        *done += (size_t)got;
    }
    return 0;
}

int host_file_write(struct host_file *file, uint64_t offset, const void *data,
                    size_t size)
{
    const uint8_t *from = data;
    size_t done = 0;

    while (done < size) {
        ssize_t put =
            pwrite(file->fd, from + done, size - done, (off_t)(offset + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        if (put == 0)
            return -EIO;
        done += (size_t)put;
    }
    return 0;
}

/* Data and size, not times: that is what a guest's flush is about. */
int host_file_sync(struct host_file *file)
{
    while (fdatasync(file->fd) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int host_file_resize(struct host_file *file, uint64_t size)
{
    struct stat status;
    uint64_t now = 0;
    int result;

    if (fstat(file->fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode)) {
        result = host_file_size(file, &now);
        return result < 0 ? result : size <= now ? 0 : -ENOSPC;
    }
    if (size > INT64_MAX)
        return -EFBIG;
    while (ftruncate(file->fd, (off_t)size) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

/* POSIX leaves the unit open; everywhere it is 512 bytes. */
int host_file_allocated(struct host_file *file, uint64_t *bytes)
{
    struct stat status;

    if (fstat(file->fd, &status) < 0)
        return -errno;
    *bytes = (uint64_t)status.st_blocks * 512;
    return 0;
}

int host_file_identity(const char *path, uint64_t identity[2])
{
    struct stat status;

    if (stat(path, &status) < 0)
        return -errno;
    identity[0] = (uint64_t)status.st_dev;
    identity[1] = (uint64_t)status.st_ino;
    return 0;
}

/* THE list of host errors that users meet; others get the host's words. */
static const struct {
    int error;
    const char *text, *remedy;
} host_errors[] = {
    {ENOENT, "no such file", "check the name"},
    {EACCES, "permission denied", "change its permissions or use -snapshot"},
    {EPERM, "permission denied", "change its permissions or use -snapshot"},
    {EROFS, "the file system is read-only", "copy it or use -snapshot"},
    {EISDIR, "is a directory", "name an image file"},
    {ENODEV, "is neither a file nor a block device", "name an image file"},
    {EBUSY, "is in use by another program", "close that program first"},
    {ETXTBSY, "is in use by another program", "close that program first"},
    {ENOSPC, "no space left on the host's disk",
     "free some space; the guest was told of the error"},
    {EDQUOT, "the disk quota is used up",
     "free some space; the guest was told of the error"},
    {EFBIG, "the file would become too large", "raise the file size limit"},
    {EIO, "input/output error of the host", "check the host's disk"},
    {ENOMEM, "out of memory", "close other programs"},
    {EMFILE, "too many open files", "raise the limit (ulimit -n)"},
    {ENAMETOOLONG, "the name is too long", "check the name"},
    {-DISK_ERROR_SHRUNK, "the file is shorter than when it was opened",
     "restore it; the guest was told of the error"},
    {-DISK_ERROR_DAMAGED, "the image is damaged: a table points astray",
     "look at it with umbra-img check, or restore it"},
};

const char *host_error_text(int error)
{
    for (size_t i = 0; i < ARRAY_LEN(host_errors); i++)
        if (host_errors[i].error == -error)
            return host_errors[i].text;
    return strerror(-error);
}

const char *host_error_remedy(int error)
{
    for (size_t i = 0; i < ARRAY_LEN(host_errors); i++)
        if (host_errors[i].error == -error)
            return host_errors[i].remedy;
    return "check the file";
}
