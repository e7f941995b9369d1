/* efi.c - an application for UEFI that says hello by the firmware's console
 * and COM1, tells its screen, and ends the run by port F4h. */

typedef unsigned short char16;
typedef unsigned long long uintn;

#define EFIAPI __attribute__((ms_abi))

struct text_output {
    void *reset;
    uintn(EFIAPI *output_string)(struct text_output *self, const char16 *text);
};

/* UEFI 2.10, 4.3: a header of 24 bytes, vendor, revision, then handles and
 * consoles. */
struct system_table {
    unsigned char header[24];
    const char16 *vendor;
    unsigned revision, padding;
    void *in_handle, *in;
    void *out_handle;
    struct text_output *out;
};

static void out8(unsigned short port, unsigned char value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

uintn EFIAPI efi_main(void *image, struct system_table *system)
{
    static const char16 hello[] = {'E', 'F', 'I',  ' ',  'G', 'O',
                                   'O', 'D', '\r', '\n', 0};

    (void)image;
    system->out->output_string(system->out, hello);
    out8(0xF4, 0);
    return 0;
}
