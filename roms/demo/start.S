/* start.S - boot sector of the demo: reads the rest of the program from the
 * floppy to behind itself and calls demo_main. Everything lives in the first
 * 64 KiB, all segments are 0. The sectors are read one by one, with
 * the geometry of this floppy: a BIOS tells that of the drive. */
    .code16
    .section .boot, "ax"
    .globl _start
_start:
    jmp 1f
    nop
    .ascii "UMBRA   "
1:  ljmp $0, $2f
2:  xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    movl $0x7C00, %esp
    cld
    sti
    mov %dl, boot_drive

    mov $1, %si                 /* sector, counted from 0 */
    mov $0x7E00, %di
next:
    cmp $demo_sectors, %si
    jae loaded
    mov $3, %bp                 /* attempts */
retry:
    mov %si, %ax
    xor %dx, %dx
    mov $8, %bx                 /* sectors a track; one head */
    div %bx
    inc %dx
    mov %dl, %cl
    mov %al, %ch
    mov $0, %dh
    mov boot_drive, %dl
    mov %di, %bx
    mov $0x0201, %ax
    int $0x13
    jnc good
    xor %ax, %ax
    int $0x13                   /* reset the drive */
    dec %bp
    jnz retry
failed:
    mov $message, %si
3:  lodsb
    test %al, %al
    jz 4f
    mov $0x0E, %ah
    mov $7, %bx
    int $0x10
    jmp 3b
4:  hlt
    jmp 4b
good:
    inc %si
    add $512, %di
    jmp next

loaded:
    xor %eax, %eax              /* .bss */
    mov $bss_start, %di
    mov $bss_words, %cx
    rep stosw
    movzbl boot_drive, %eax
    calll demo_main
    jmp 4b

boot_drive:
    .byte 0
message:
    .asciz "The demo cannot be read.\r\n"
    .org 510
    .word 0xAA55
