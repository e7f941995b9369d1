/* umbra.c - the public API: checks arguments, calls the machine. */
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "devices/boot_image.h"
#include "devices/machine.h"
#include "devices/uart_16550.h"
#include "devices/vga_draw.h"
#include "umbra.h"

struct umbra {
    struct machine *machine;
    struct umbra_host host;
};

_Static_assert((int)UMBRA_DRIVES == (int)MACHINE_DRIVES &&
                   (int)UMBRA_HDD == (int)DRIVE_HDD &&
                   (int)UMBRA_FLASHES == (int)MACHINE_FLASHES,
               "ORDER: drives");
_Static_assert((int)UMBRA_SERIAL_PORTS == (int)MACHINE_UARTS &&
                   (int)UMBRA_PARALLEL_PORTS == (int)MACHINE_PARALLELS &&
                   (int)UMBRA_SERIAL_BREAK == (int)UART_BREAK &&
                   (int)UMBRA_SERIAL_DCD == (int)UART_DCD,
               "equal ports");
_Static_assert((int)UMBRA_HOST_ERROR == (int)MACHINE_HOST_ERROR &&
                   (int)UMBRA_IDLE == (int)MACHINE_IDLE,
               "ORDER: reasons");
_Static_assert((int)UMBRA_IMAGE_EFI == (int)BOOT_IMAGE_EFI &&
                   (int)UMBRA_IMAGE_CDROM == (int)BOOT_IMAGE_CDROM,
               "ORDER: images");
_Static_assert((int)UMBRA_MAX_MODULES == (int)BOOT_MAX_MODULES &&
                   (int)UMBRA_MAX_RAW == (int)BOOT_MAX_RAW &&
                   (int)UMBRA_MAX_OPTION_ROMS == (int)MACHINE_OPTION_ROMS &&
                   (int)UMBRA_ERROR_SIZE == (int)MACHINE_ERROR_SIZE,
               "equal limits");

void umbra_config_default(struct umbra_config *config)
{
    memset(config, 0, sizeof *config);
    config->ram_bytes = 128 << 20;
    config->linux_entry = 16;
    config->raw_entry = UINT64_MAX;
    config->icount_shift = 2;
    config->serial_ports = (1 << UMBRA_SERIAL_PORTS) - 1;
    config->parallel_ports = 1;
}

const char *umbra_version(void)
{
    return UMBRA_VERSION;
}

/* ------------------------------------------------------- callbacks out */

static void on_log(void *opaque, enum log_category category, const char *line)
{
    struct umbra *u = opaque;

    if (u->host.log)
        u->host.log(u->host.opaque, log_category_name(category), line);
}

static void on_serial(void *opaque, unsigned port, uint8_t byte)
{
    struct umbra *u = opaque;

    if (u->host.serial)
        u->host.serial(u->host.opaque, port, byte);
}

static void on_serial_room(void *opaque, unsigned port)
{
    struct umbra *u = opaque;

    if (u->host.serial_room)
        u->host.serial_room(u->host.opaque, port);
}

static void on_serial_lines(void *opaque, unsigned port, unsigned lines)
{
    struct umbra *u = opaque;

    if (u->host.serial_lines)
        u->host.serial_lines(u->host.opaque, port, lines);
}

static void on_parallel(void *opaque, unsigned port, uint8_t byte)
{
    struct umbra *u = opaque;

    if (u->host.parallel)
        u->host.parallel(u->host.opaque, port, byte);
}

static uint64_t on_clock(void *opaque)
{
    struct umbra *u = opaque;

    return u->host.clock(u->host.opaque);
}

static void on_tone(void *opaque, uint32_t millihertz)
{
    struct umbra *u = opaque;

    if (u->host.speaker)
        u->host.speaker(u->host.opaque, (millihertz + 500) / 1000);
}

static void on_report(void *opaque, const char *line)
{
    struct umbra *u = opaque;

    if (u->host.report)
        u->host.report(u->host.opaque, line);
}

static void on_translated(void *opaque, uint64_t host, size_t size,
                          uint64_t rip)
{
    struct umbra *u = opaque;

    u->host.translated(u->host.opaque, host, size, rip);
}

/* ------------------------------------------------------ create, destroy */

static bool refuse(char *error, const char *text)
{
    snprintf(error, UMBRA_ERROR_SIZE, "%s", text);
    return false;
}

static bool check_order(const char *order)
{
    return !order || !order[strspn(order, "acdn")];
}

static bool check_config(const struct umbra_config *c,
                         const struct umbra_host *host, char *error)
{
    if (c->ram_bytes < 1 << 20 || c->ram_bytes % (1 << 20) ||
        c->ram_bytes > 1ull << 40)
        return refuse(error, "RAM: must be 1 MiB to 1024 GiB in whole MiB; "
                             "use another size");
    if (c->icount_shift > 10)
        return refuse(error, "clock: an instruction takes 2^0 to 2^10 ns; "
                             "use another shift");
    if (c->linux_entry != 16 && c->linux_entry != 32 && c->linux_entry != 64)
        return refuse(error, "Linux entry: is 16, 32 or 64; use one of them");
    if (c->clock == UMBRA_CLOCK_HOST && (!host || !host->clock))
        return refuse(error, "clock: the host gives none; use the virtual "
                             "clock");
    if (c->exit_size > 4 || c->exit_port + c->exit_size > 0x10000)
        return refuse(error, "exit port: has 1 to 4 bytes below 10000h; use "
                             "another place");
    if (c->module_count > UMBRA_MAX_MODULES)
        return refuse(error, "modules: there are too many; use 16 at most");
    if (c->raw_count > UMBRA_MAX_RAW)
        return refuse(error, "raw files: there are too many; use 16 at most");
    if (c->raw_mode != 0 && c->raw_mode != 16 && c->raw_mode != 32 &&
        c->raw_mode != 64)
        return refuse(error, "raw mode: is 16, 32 or 64; use one of them");
    if (c->option_rom_count > UMBRA_MAX_OPTION_ROMS)
        return refuse(error, "option ROMs: there are too many; use 8 at most");
    if (!check_order(c->boot_order) || !check_order(c->boot_once))
        return refuse(error, "boot order: is made of a, c, d, n; use these");
    return true;
}

static void fill_boot(struct boot_request *boot, const struct umbra_config *c)
{
    boot->kernel = (struct boot_blob){c->kernel.data, c->kernel.size,
                                      c->kernel_name, NULL};
    boot->cmdline = c->cmdline;
    boot->linux_entry = c->linux_entry;
    boot->modules = c->module_count;
    boot->raws = c->raw_count;
    boot->raw_mode = c->raw_mode;
    boot->raw_entry = c->raw_entry;
    boot->drive =
        c->media[UMBRA_HDA].path && !c->media[UMBRA_FDA].path ? 0x80 : 0;
    for (unsigned i = 0; i < c->raw_count; i++) {
        const struct umbra_raw *raw = &c->raw[i];
        boot->raw[i] = (struct boot_raw){
            {raw->image.data, raw->image.size, raw->name, NULL}, raw->address};
    }
    for (unsigned i = 0; i < c->module_count; i++) {
        const struct umbra_module *m = &c->modules[i];
        boot->module[i] = (struct boot_blob){m->image.data, m->image.size,
                                             m->name, m->cmdline};
    }
}

static struct machine_media convert_media(const struct umbra_media *m)
{
    return (struct machine_media){
        .path = m->path,
        .cdrom = m->cdrom,
        .read_only = m->read_only,
        .snapshot = m->snapshot,
        .format = m->format,
        .memory = m->memory.data,
        .memory_size = m->memory.size,
        .cylinders = m->cylinders,
        .heads = m->heads,
        .sectors = m->sectors,
        .translation = (uint8_t)m->translation,
    };
}

static void fill_config(struct machine_config *out,
                        const struct umbra_config *c, struct umbra *u)
{
    *out = (struct machine_config){
        .ram_bytes = c->ram_bytes,
        .bios = c->bios.data,
        .bios_size = c->bios.size,
        .vgabios = c->vgabios.data,
        .vgabios_size = c->vgabios.data ? c->vgabios.size : 0,
        .boot_order = c->boot_order,
        .boot_once = c->boot_once,
        .boot_menu = c->boot_menu == UMBRA_MENU_ON,
        .no_boot_menu = c->boot_menu == UMBRA_MENU_OFF,
        .boot_menu_ms = c->boot_menu_ms,
        .boot_retry_ms = c->boot_retry_ms,
        .option_roms = c->option_rom_count,
        .host_time = c->clock == UMBRA_CLOCK_HOST,
        .icount_shift = c->icount_shift,
        .random_seed = c->random_seed,
        .rtc_base = c->rtc_base,
        .rtc_slew = c->rtc_slew,
        .mmu_policy =
            c->mmu == UMBRA_MMU_FLUSH ? MMU_POLICY_FLUSH : MMU_POLICY_CACHED,
        .accel = (enum cpu_accel)c->accel,
        .jit_cache = c->jit_cache,
        .cpu = c->cpu,
        .strict = c->strict,
        .pc_testdev = c->pc_testdev,
        .no_display = c->no_display,
        .exit_port = c->exit_port,
        .exit_size = c->exit_size,
        .no_reboot = c->no_reboot,
        .log_mask = c->log_mask,
        .serial_ports = c->serial_ports,
        .parallel_ports = c->parallel_ports,
        .printers = c->printers,
        .serial_bit_times = c->serial_bit_times,
        .host = {.log = on_log,
                 .serial = on_serial,
                 .serial_room = on_serial_room,
                 .serial_lines = on_serial_lines,
                 .parallel = on_parallel,
                 .clock = on_clock,
                 .tone = on_tone,
                 .report = on_report,
                 .translated = u->host.translated ? on_translated : NULL,
                 .opaque = u},
    };
    fill_boot(&out->boot, c);
    for (unsigned i = 0; i < c->option_rom_count; i++) {
        const struct umbra_module *m = &c->option_roms[i];
        out->option_rom[i] =
            (struct boot_blob){m->image.data, m->image.size, m->name, NULL};
    }
    for (unsigned i = 0; i < UMBRA_DRIVES; i++)
        out->media[i] = convert_media(&c->media[i]);
    for (unsigned i = 0; i < UMBRA_FLASHES; i++)
        out->flash[i] = convert_media(&c->flash[i]);
}

struct umbra *umbra_create(const struct umbra_config *config,
                           const struct umbra_host *host,
                           char error[UMBRA_ERROR_SIZE])
{
    struct machine_config machine_config;
    struct umbra *u;

    *error = 0;
    if (!check_config(config, host, error))
        return NULL;
    u = calloc(1, sizeof *u);
    if (!u) {
        refuse(error, "PC: the host has no memory for it; free some");
        return NULL;
    }
    if (host)
        u->host = *host;
    fill_config(&machine_config, config, u);
    u->machine = machine_create(&machine_config, error);
    if (!u->machine) {
        free(u);
        return NULL;
    }
    return u;
}

bool umbra_destroy(struct umbra *u, char error[UMBRA_ERROR_SIZE])
{
    bool flushed = true;

    if (u) {
        flushed = machine_destroy(u->machine, error);
        free(u);
    }
    return flushed;
}

/* -------------------------------------------------------------- running */

enum umbra_reason umbra_run(struct umbra *u, uint64_t ns)
{
    return (enum umbra_reason)machine_run(u->machine, ns);
}

void umbra_stop(struct umbra *u)
{
    machine_request_stop(u->machine);
}

void umbra_reset(struct umbra *u)
{
    machine_reset(u->machine);
}

void umbra_power_button(struct umbra *u)
{
    machine_power_button(u->machine);
}

uint64_t umbra_now(const struct umbra *u)
{
    return machine_now(u->machine);
}

uint64_t umbra_instructions(const struct umbra *u)
{
    return machine_instructions(u->machine);
}

uint64_t umbra_idle_for(const struct umbra *u)
{
    return machine_idle_for(u->machine);
}

uint64_t umbra_idle_total(const struct umbra *u)
{
    return machine_idle_total(u->machine);
}

unsigned umbra_exit_status(const struct umbra *u)
{
    return machine_exit_status(u->machine);
}

const char *umbra_error(const struct umbra *u)
{
    return machine_error(u->machine);
}

/* ---------------------------------------------------------------- input */

void umbra_key(struct umbra *u, unsigned code, bool down)
{
    machine_key(u->machine, code, down);
}

bool umbra_key_ready(const struct umbra *u)
{
    return machine_key_ready(u->machine);
}

unsigned umbra_leds(const struct umbra *u)
{
    return machine_leds(u->machine);
}

void umbra_pointer(struct umbra *u, int dx, int dy, int dz, unsigned buttons)
{
    machine_pointer(u->machine, dx, dy, dz, buttons);
}

size_t umbra_serial_input(struct umbra *u, unsigned port, const void *data,
                          size_t size)
{
    return machine_serial_input(u->machine, port, data, size);
}

void umbra_serial_hold(struct umbra *u, unsigned port, bool hold)
{
    machine_serial_hold(u->machine, port, hold);
}

void umbra_serial_modem(struct umbra *u, unsigned port, unsigned lines)
{
    machine_serial_modem(u->machine, port, lines);
}

bool umbra_serial_break(struct umbra *u, unsigned port)
{
    return machine_serial_break(u->machine, port);
}

void umbra_parallel_hold(struct umbra *u, unsigned port, bool hold)
{
    machine_parallel_hold(u->machine, port, hold);
}

void umbra_joystick(struct umbra *u, unsigned stick, bool connected, int x,
                    int y, unsigned buttons)
{
    machine_joystick(u->machine, stick, connected, x, y, buttons);
}

/* ---------------------------------------------------------------- media */

enum umbra_image umbra_identify(const void *head, size_t head_size,
                                uint64_t file_size)
{
    return (enum umbra_image)boot_image_identify(head, head_size, file_size);
}

const char *umbra_image_name(enum umbra_image image)
{
    return boot_image_name((enum boot_image)image);
}

bool umbra_insert(struct umbra *u, enum umbra_drive drive,
                  const struct umbra_media *media, char error[UMBRA_ERROR_SIZE])
{
    const struct machine_media image = convert_media(media);

    *error = 0;
    if (!media->path)
        return refuse(error, "insert: there is no file name; name an image");
    return machine_insert(u->machine, (unsigned)drive, &image, error);
}

bool umbra_eject(struct umbra *u, enum umbra_drive drive,
                 char error[UMBRA_ERROR_SIZE])
{
    *error = 0;
    return machine_eject(u->machine, (unsigned)drive, error);
}

bool umbra_force_eject(struct umbra *u, enum umbra_drive drive,
                       char error[UMBRA_ERROR_SIZE])
{
    *error = 0;
    return machine_force_eject(u->machine, (unsigned)drive, error);
}

enum umbra_drive umbra_drive_by_name(const char *name)
{
    static const char *const names[] = {"fda", "fdb", "hda",
                                        "hdb", "hdc", "hdd"};

    for (unsigned i = 0; i < UMBRA_DRIVES; i++)
        if (!strcmp(names[i], name))
            return (enum umbra_drive)i;
    return strcmp(name, "cdrom") ? UMBRA_DRIVES : UMBRA_HDC;
}

uint64_t umbra_drive_activity(const struct umbra *u, enum umbra_drive drive)
{
    return machine_activity(u->machine, (unsigned)drive);
}

/* --------------------------------------------------------------- output */

void umbra_frame(struct umbra *u, struct umbra_frame *frame)
{
    const struct vga_frame *f = machine_frame(u->machine);

    *frame = (struct umbra_frame){
        .pixels = f->pixels,
        .width = f->width,
        .height = f->height,
        .stride = f->stride,
        .aspect_w = f->aspect_w,
        .aspect_h = f->aspect_h,
        .changed = f->changed,
        .resized = f->resized,
        .first_row = f->first_row,
        .last_row = f->last_row,
        .changed_rows = f->changed_rows,
    };
}

size_t umbra_screen_text(struct umbra *u, char *text, size_t size)
{
    if (size)
        *text = 0;
    return machine_text(u->machine, text, size);
}

/* ----------------------------------------------------------- inspection */

uint64_t umbra_state_hash(struct umbra *u)
{
    return machine_hash(u->machine);
}

size_t umbra_stats(struct umbra *u, char *json, size_t size)
{
    return machine_stats(u->machine, json, size);
}

void umbra_peek(struct umbra *u, uint64_t address, void *data, size_t size)
{
    machine_peek(u->machine, address, data, size);
}

bool umbra_get_register(const struct umbra *u, const char *name,
                        uint64_t *value)
{
    return machine_register(u->machine, name, value);
}

const char *umbra_register_name(unsigned n)
{
    return machine_register_name(n);
}

void umbra_drop_derived(struct umbra *u)
{
    machine_drop_derived(u->machine);
}

void umbra_each_device(struct umbra *u,
                       void (*put)(void *opaque, const char *id,
                                   const char *description, const char *line),
                       void *opaque)
{
    machine_each_device(u->machine, put, opaque);
}

void umbra_strict_report(struct umbra *u)
{
    machine_strict_report(u->machine);
}

/* ------------------------------------------------------------ processor */

bool umbra_cpu_check(const char *cpu, char error[UMBRA_ERROR_SIZE])
{
    return machine_cpu_check(cpu, error);
}

const char *umbra_cpu_model(unsigned n, const char **help)
{
    return machine_cpu_model(n, help);
}

const char *umbra_cpu_feature(unsigned n)
{
    return machine_cpu_feature(n);
}

/* ------------------------------------------------------------------ log */

uint64_t umbra_log_parse(const char *list, const char **bad)
{
    return log_parse(list, bad);
}

const char *umbra_log_name(unsigned n, const char **help)
{
    *help = log_category_help(n);
    return log_category_name(n);
}
