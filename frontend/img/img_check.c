/* img_check.c - umbra-img check: looks for contradictions, repairs some. */
#include <stdio.h>

#include "frontend/img/img.h"

static void say(void *opaque, const char *line)
{
    (void)opaque;
    puts(line);
}

static double percent(uint64_t part, uint64_t of)
{
    return of ? (double)part * 100 / (double)of : 0;
}

static void put_json(const struct img_options *o,
                     const struct umbra_disk_check *r)
{
    printf("{\n    \"format\": \"qcow2\",\n    \"check-errors\": 0,\n"
           "    \"image-end-offset\": %llu,\n",
           (unsigned long long)r->end);
    if (r->corruptions)
        printf("    \"corruptions\": %llu,\n",
               (unsigned long long)r->corruptions);
    if (r->leaks)
        printf("    \"leaks\": %llu,\n", (unsigned long long)r->leaks);
    if (o->repair != UMBRA_DISK_LOOK)
        printf("    \"corruptions-fixed\": %llu,\n    \"leaks-fixed\": %llu,\n",
               (unsigned long long)r->corruptions_fixed,
               (unsigned long long)r->leaks_fixed);
    printf("    \"total-clusters\": %llu,\n    \"allocated-clusters\": %llu,\n"
           "    \"compressed-clusters\": %llu,\n"
           "    \"fragmented-clusters\": %llu\n}\n",
           (unsigned long long)r->clusters, (unsigned long long)r->allocated,
           (unsigned long long)r->compressed,
           (unsigned long long)r->fragmented);
}

static void put_human(const struct umbra_disk_check *r)
{
    if (r->corruptions_fixed || r->leaks_fixed)
        printf("repaired: %llu errors, %llu leaked clusters\n",
               (unsigned long long)r->corruptions_fixed,
               (unsigned long long)r->leaks_fixed);
    if (r->corruptions)
        printf("%llu errors: the image is damaged; restore it, or try -r "
               "all on a copy\n",
               (unsigned long long)r->corruptions);
    if (r->leaks)
        printf("%llu leaked clusters: wasted room, no damage; -r leaks frees "
               "it\n",
               (unsigned long long)r->leaks);
    if (!r->corruptions && !r->leaks)
        puts("No errors were found on the image.");
    printf("%llu/%llu = %.2f%% allocated, %.2f%% fragmented, %.2f%% "
           "compressed clusters\nImage end offset: %llu\n",
           (unsigned long long)r->allocated, (unsigned long long)r->clusters,
           percent(r->allocated, r->clusters),
           percent(r->fragmented, r->allocated),
           percent(r->compressed, r->allocated), (unsigned long long)r->end);
}

int img_check(const struct img_options *o)
{
    char error[UMBRA_DISK_ERROR_SIZE];
    struct img_progress progress;
    struct umbra_disk_check result;
    const struct umbra_disk_watch watch = {
        .opaque = &progress,
        .say = o->json || o->quiet ? NULL : say,
        .progress = img_progress_tell,
    };
    bool done;

    img_progress_init(&progress, o);
    done = umbra_disk_check(o->file[0], o->format, o->repair, &watch, &result,
                            error);
    img_progress_end(&progress);
    if (!done)
        return img_fail(error);
    if (!result.supported) {
        img_fail("this format has nothing to check; only qcow2 has");
        return IMG_NO_CHECK;
    }
    if (o->json)
        put_json(o, &result);
    else if (!o->quiet)
        put_human(&result);
    if (fflush(stdout))
        return img_fail("standard output cannot be written");
    return result.corruptions ? IMG_CORRUPT : result.leaks ? IMG_LEAKS : IMG_OK;
}
