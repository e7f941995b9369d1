/* file.c - whole files in and out. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "frontend/file.h"

static const char *remedy(int code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR:
        return "check the name";
    case EACCES:
        return "change its permissions";
    case EISDIR:
        return "name a file in it";
    case ENOSPC:
        return "make room on the disk";
    case ENOMEM:
        return "free some memory";
    default:
        return "use another file";
    }
}

static void explain(const char *path, int code, char *error, size_t size)
{
    snprintf(error, size, "%s: %s; %s", path, strerror(code), remedy(code));
}

/* Regular files tell their size; of pipes the limit is read. */
static uint8_t *read_open(FILE *file, size_t limit, size_t *size,
                          uint64_t *length)
{
    struct stat st;
    uint8_t *data;
    size_t room = limit;

    if (fstat(fileno(file), &st))
        return NULL;
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return NULL;
    }
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size < room)
        room = (size_t)st.st_size;
    data = malloc(room + 1);
    if (!data) {
        errno = ENOMEM;
        return NULL;
    }
    errno = 0;
    *size = fread(data, 1, room, file);
    if (ferror(file)) {
        free(data);
        return NULL;
    }
    if (length)
        *length = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : *size;
    return data;
}

uint8_t *file_read(const char *path, size_t limit, size_t *size,
                   uint64_t *length, char *error, size_t error_size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = file ? read_open(file, limit, size, length) : NULL;

    if (!data)
        explain(path, errno ? errno : EIO, error, error_size);
    if (file)
        fclose(file);
    return data;
}

bool file_write(const char *path, const void *data, size_t size, char *error,
                size_t error_size)
{
    bool is_stdout = !strcmp(path, "-");
    FILE *file = is_stdout ? stdout : fopen(path, "wb");
    bool done = file && fwrite(data, 1, size, file) == size && !fflush(file);
    int code = errno;

    if (file && !is_stdout && fclose(file) && done) {
        done = false;
        code = errno;
    }
    if (!done)
        explain(is_stdout ? "standard output" : path, code, error, error_size);
    return done;
}
