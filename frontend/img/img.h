/* img.h - what the commands of umbra-img share. */
#ifndef UMBRA_FRONTEND_IMG_H
#define UMBRA_FRONTEND_IMG_H

#include "umbra_disk.h"

/* As qemu-img's, so that scripts need not know the difference. */
enum img_exit {
    IMG_OK = 0,
    IMG_FAILED = 1,    /* also: wrong options */
    IMG_CORRUPT = 2,   /* check: contradictions */
    IMG_LEAKS = 3,     /* check: leaks only */
    IMG_NO_CHECK = 63, /* check: the format has nothing to check */
    IMG_MAX_FILES = 2
};

/* What the command line said; strings point into it or live as long. */
struct img_options {
    const char *format, *out_format; /* -f, -O */
    struct umbra_disk_create create; /* -b, -F, -o */
    bool compress, quiet, progress, json, chain;
    enum umbra_disk_repair repair;
    const char *file[IMG_MAX_FILES];
    int files;
};

/* img.c: one line to stderr; returns IMG_FAILED. */
int img_fail(const char *line);
/* "64K", "10G", bare numbers are bytes. */
bool img_parse_size(const char *text, uint64_t *bytes);

/* img_progress.c: a line on the terminal that is written over. */
struct img_progress {
    bool shown;
    int percent; /* as written last */
};

void img_progress_init(struct img_progress *progress,
                       const struct img_options *o);
void img_progress_tell(void *progress, uint64_t done, uint64_t of);
void img_progress_end(struct img_progress *progress);

/* img_host_posix.c */
bool img_host_is_terminal(void); /* stderr */

int img_create(const struct img_options *o);
int img_info(const struct img_options *o);
int img_convert(const struct img_options *o);
int img_check(const struct img_options *o);

#endif
