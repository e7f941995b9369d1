/* disk_layer.c - opens one image of a chain: which format, whose file.
 *
 * Modelled: formats by name or by the file's first bytes, circles of backing
 * files, a refusal by name for images of other programs' formats, which as
 * raw disks would be nonsense. Not modelled: those formats. */
#include "devices/disk_format.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* Probed in this order; raw accepts everything and stays last. */
static const struct disk_format *const formats[] = {
    &disk_format_qcow2,
    &disk_format_raw,
};

enum { PROBE_SIZE = 4096, MAX_DEPTH = 64 };

/* THE list of formats that are recognised only to be refused. */
static const struct {
    const char *name;
    unsigned offset;
    const char *magic;
} foreign[] = {
    {"VMDK", 0, "KDMV"},
    {"VMDK", 0, "COWD"},
    {"VMDK", 0, "# Disk DescriptorFile"},
    {"VDI", 0x40, "\x7f\x10\xda\xbe"},
    {"VHD", 0, "conectix"},
    {"VHDX", 0, "vhdxfile"},
    {"QED", 0, "QED"},
    {"Parallels", 0, "WithoutFreeSpace"},
    {"Parallels", 0, "WithouFreSpacExt"},
    {"Bochs growing", 0, "Bochs Virtual HD Image"},
    {"LUKS", 0, "LUKS\xba\xbe"},
};

static const char *foreign_name(const uint8_t *head, size_t size)
{
    static const uint8_t qcow1[8] = {'Q', 'F', 'I', 0xFB, 0, 0, 0, 1};

    for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
        size_t length = strlen(foreign[i].magic);
        if (foreign[i].offset + length <= size &&
            !memcmp(head + foreign[i].offset, foreign[i].magic, length))
            return foreign[i].name;
    }
    if (size >= sizeof qcow1 && !memcmp(head, qcow1, sizeof qcow1))
        return "qcow version 1";
    return NULL;
}

const struct disk_format *disk_format_by_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (!strcmp(formats[i]->name, name))
            return formats[i];
    return NULL;
}

static const struct disk_format *format_by_head(const uint8_t *head,
                                                size_t size)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (formats[i]->probe(head, size))
            return formats[i];
    return &disk_format_raw;
}

bool disk_head_is_image(const uint8_t *head, size_t size)
{
    return format_by_head(head, size) != &disk_format_raw ||
           foreign_name(head, size) != NULL;
}

PRINTF(3, 4)
static int refuse(char *error, size_t error_size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(error, error_size, fmt, ap);
    va_end(ap);
    return -EINVAL;
}

/* A file that cannot be read here fails again, with a message, later. */
static int choose_format(struct disk_layer *layer, struct host_file *file,
                         const char *path,
                         const struct disk_layer_options *options, char *error,
                         size_t error_size)
{
    uint8_t head[PROBE_SIZE];
    const char *other;
    size_t got = 0;

    if (options->format) {
        layer->format = disk_format_by_name(options->format);
        if (layer->format)
            return 0;
        return refuse(error, error_size,
                      "%s: its format is said to be %s, which is unknown; "
                      "use raw or qcow2",
                      path, options->format);
    }
    if (host_file_read(file, 0, head, sizeof head, &got) < 0)
        got = 0;
    other = foreign_name(head, got);
    if (other)
        return refuse(error, error_size,
                      "%s: is a %s image; convert it with qemu-img convert "
                      "-O qcow2, or say format=raw if it is none",
                      path, other);
    layer->format = format_by_head(head, got);
    layer->probed = true;
    return 0;
}

/* By the files' identities, before locks would call a circle "in use". */
static int check_circle(const char *path, const struct disk_above *here,
                        char *error, size_t error_size)
{
    const struct disk_above *a = here->above;

    if (here->depth > MAX_DEPTH)
        return refuse(error, error_size,
                      "%s: more than %d backing files in a row; convert the "
                      "image to one without",
                      path, MAX_DEPTH);
    for (; a; a = a->above)
        if (a->identity[0] == here->identity[0] &&
            a->identity[1] == here->identity[1])
            return refuse(error, error_size,
                          "%s: is, through its backing files, its own "
                          "backing file; correct the chain",
                          path);
    return 0;
}

static int open_file(struct disk_layer *layer, const struct disk_source *source,
                     const struct disk_layer_options *options, char *error,
                     size_t error_size)
{
    char reason[512] = "";
    int result = choose_format(layer, source->file, source->path, options,
                               error, error_size);

    if (result < 0)
        return result;
    result = layer->format->open(source, &layer->image, &layer->size, reason,
                                 sizeof reason);
    if (result >= 0)
        return 0;
    layer->image = NULL;
    /* A backing file's message begins with that file's name. */
    if (reason[0] == '\n')
        return refuse(error, error_size, "%s", reason + 1);
    if (reason[0])
        return refuse(error, error_size, "%s: %s", source->path, reason);
    return refuse(error, error_size, "%s: %s; %s", source->path,
                  host_error_text(result), host_error_remedy(result));
}

int disk_layer_open(struct disk_layer *layer, const char *path,
                    const struct disk_layer_options *options, char *error,
                    size_t error_size)
{
    const struct host_file_mode mode = {.writable = options->writable};
    struct disk_above here = {
        .above = options->above,
        .depth = options->above ? options->above->depth + 1 : 0,
    };
    struct disk_source source = {
        .path = path,
        .writable = options->writable,
        .lax = options->lax,
        .alone = options->alone,
        .above = &here,
    };
    int result = host_file_identity(path, here.identity);

    memset(layer, 0, sizeof *layer);
    if (result >= 0 && check_circle(path, &here, error, error_size) < 0)
        return -EINVAL;
    if (result >= 0)
        result = host_file_open(path, &mode, &source.file);
    if (result < 0) {
        refuse(error, error_size, "%s: %s; %s", path, host_error_text(result),
               host_error_remedy(result));
        return result;
    }
    result = open_file(layer, &source, options, error, error_size);
    if (result < 0)
        host_file_close(source.file);
    return result;
}

int disk_layer_close(struct disk_layer *layer)
{
    int result = layer->image ? layer->format->close(layer->image) : 0;

    layer->image = NULL;
    return result;
}

int disk_layer_read(const struct disk_layer *layer, uint64_t offset, void *data,
                    size_t size)
{
    size_t present = 0;
    int result = 0;

    if (offset < layer->size)
        present = (size_t)min_u64(size, layer->size - offset);
    if (present)
        result = layer->format->read(layer->image, offset, data, present);
    memset((uint8_t *)data + present, 0, size - present);
    return result;
}
