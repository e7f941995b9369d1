/* The boot menu. With fw_cfg's boot menu switch (-boot menu=on) POST asks for
 * F12 and waits as long as etc/boot-menu-wait says; else F12 is heeded when it
 * has come in by then, unless opt/umbra/no-boot-menu forbids. */

#include "boot.h"
#include "fwcfg.h"

#define KEY_F12      0x8600
#define KEY_ESC      0x011B
#define WAIT_DEFAULT 2500 /* milliseconds */

/* A key, 0 if there is none. */
static uint16_t key_get(void)
{
    struct regs r;

    memset(&r, 0, sizeof(r));
    r.ah = 0x11;
    int_call(0x16, &r);
    if (r.flags & FLAG_ZF)
        return 0;
    memset(&r, 0, sizeof(r));
    r.ah = 0x10;
    int_call(0x16, &r);
    return r.ax;
}

/* The next key, 0 after ms milliseconds. */
static uint16_t key_wait(uint32_t ms)
{
    uint32_t start = timer_now(), passed = 0;
    uint16_t key;

    while ((key = key_get()) == 0 && passed < ms) {
        irq_sleep();
        if (timer_expired(start, 50)) {
            start = timer_now();
            passed += 50;
        }
    }
    return key;
}

static bool file_exists(const char *name)
{
    struct fwcfg_file file;

    return fwcfg_find(name, 0, &file, NULL);
}

static bool wanted(void)
{
    uint32_t ms = WAIT_DEFAULT;
    uint16_t key;

    if (!fwcfg_present() || file_exists("opt/umbra/no-boot-menu"))
        return false;
    if (fwcfg_read16(FWCFG_BOOT_MENU) == 0)
        ms = 0;
    else
        fwcfg_read_file("etc/boot-menu-wait", &ms, 2);
    ms &= 0xFFFF;
    if (ms != 0)
        screen_puts("Press F12 for the boot menu.\r\n");
    do
        key = key_wait(ms);
    while (key != 0 && key != KEY_F12 && key != KEY_ESC);
    return key == KEY_F12 || (key == KEY_ESC && ms != 0);
}

static char letter_of(uint8_t i)
{
    return (char)(i < 9 ? '1' + i : 'a' + i - 9);
}

static void menu_show(void)
{
    uint8_t i;

    screen_puts("\r\nBoot from:\r\n");
    for (i = 0; i < boot_target_count; i++) {
        screen_puts("  ");
        screen_putc(letter_of(i));
        screen_puts(". ");
        boot_name_show(&boot_targets[i], true);
        screen_puts("\r\n");
    }
    screen_puts("Press its key, or Esc for the usual order.\r\n");
}

static void to_front(uint8_t chosen)
{
    struct boot_target t = boot_targets[chosen];

    for (; chosen > 0; chosen--)
        boot_targets[chosen] = boot_targets[chosen - 1];
    boot_targets[0] = t;
}

void menu_offer(void)
{
    uint16_t key;
    uint8_t i;

    if (!wanted())
        return;
    boot_list(true);
    menu_show();
    for (;;) {
        key = key_wait(1000);
        if (key == KEY_ESC) {
            boot_list(false);
            return;
        }
        for (i = 0; i < boot_target_count; i++)
            if ((key & 0xFF) == (uint8_t)letter_of(i)) {
                to_front(i);
                return;
            }
    }
}
