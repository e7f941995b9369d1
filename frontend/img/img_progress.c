/* img_progress.c - how far long work is: on a terminal, or when asked. */
#include <stdio.h>

#include "frontend/img/img.h"

void img_progress_init(struct img_progress *progress,
                       const struct img_options *o)
{
    progress->shown = !o->quiet && (o->progress || img_host_is_terminal());
    progress->percent = -1;
}

void img_progress_tell(void *opaque, uint64_t done, uint64_t of)
{
    struct img_progress *progress = opaque;
    int percent = of ? (int)((double)done * 100 / (double)of) : 100;

    if (!progress->shown || percent == progress->percent)
        return;
    progress->percent = percent;
    fprintf(stderr, "\r%3d %%", percent);
    fflush(stderr);
}

void img_progress_end(struct img_progress *progress)
{
    if (progress->shown && progress->percent >= 0)
        fputs("\r      \r", stderr);
}
