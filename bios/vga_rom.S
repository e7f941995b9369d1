/* Video BIOS: option ROM header (PCI 2.1, 6.3), initialisation and INT 10h
 * entries, fonts, the VBE window function and protected-mode interface. */

#include "bios.h"

    .section .header, "ax"
    .code16
    .globl rom_start
rom_start:
    .word 0xAA55
    .byte 0                             /* length / 512: mkrom */
    jmp init
    .org 0x18
    .word pcir
    .org 0x1E
    .asciz "IBM VGA compatible, Umbra"
    .balign 4
pcir:
    .ascii "PCIR"
    .word 0x1234, 0x1111
    .word 0                             /* no vital product data */
    .word 0x18
    .byte 0
    .byte 0x00, 0x00, 0x03              /* VGA display */
    .word 0                             /* length / 512: mkrom */
    .word 0x0001
    .byte 0x00                          /* for PCs */
    .byte 0x80                          /* last image */
    .word 0

    .section .text, "ax"
    .code16

/* struct regs on the caller's stack, then the model of vga.h. ORDER: bios.h */
    .macro ENTER_C
    cld
    pushw $0
    pushw %ss
    pushl %esp
    pushal
    pushw %ds
    pushw %es
    pushw %fs
    pushw %gs
    movzwl %sp, %esp
    movw %ss, %ax
    movw %ax, %ds
    movw %ax, %es
    movw $SEG_BDA, %ax
    movw %ax, %fs
    movw %cs, %ax
    movw %ax, %gs
    movl %esp, %eax
    .endm

    .macro LEAVE_C
    popw %gs
    popw %fs
    popw %es
    popw %ds
    popal
    popl %esp
    addw $4, %sp
    .endm

init:
    pushfw
    ENTER_C
    calll vga_start
    LEAVE_C
    popfw
    lretw

    .globl int10_entry
int10_entry:
    ENTER_C
    calll vga_service
    LEAVE_C
    iretw

    .globl rom_segment
rom_segment:
    movw %cs, %ax
    retl

/* VBE 4F05h as a far call: BX = 0000h set, 0100h get window A, DX. */
    .globl rom_vbe_window
rom_vbe_window:
    pushw %ax
    pushw %dx
    movw %dx, %ax
    pushw %ax
    movw $0x1CE, %dx
    movw $5, %ax
    outw %ax, %dx
    incw %dx
    popw %ax
    cmpb $0, %bh
    jne 1f
    outw %ax, %dx
    popw %dx
    popw %ax
    movw $0x004F, %ax
    lretw
1:
    inw %dx, %ax
    popw %dx
    movw %ax, %dx
    popw %ax
    movw $0x004F, %ax
    lretw

/* VBE 4F0Ah: three relocatable 32-bit functions and a port list. */
    .globl rom_vbe_pm, rom_vbe_pm_end
    .balign 4
rom_vbe_pm:
    .word pm_window - rom_vbe_pm
    .word pm_start - rom_vbe_pm
    .word pm_palette - rom_vbe_pm
    .word pm_ports - rom_vbe_pm
pm_ports:
    .word 0x1CE, 0x1CF, 0x3C6, 0x3C7, 0x3C8, 0x3C9, 0x3DA, 0xFFFF, 0xFFFF
    .code32
/* BX = 0000h set, 0100h get the window in DX. */
pm_window:
    testw $0xFEFF, %bx
    jnz pm_fail
    pushl %edx
    movl $0x1CE, %edx
    movl $5, %eax
    outw %ax, %dx
    incl %edx
    testb %bh, %bh
    jnz 1f
    movl (%esp), %eax
    outw %ax, %dx
1:
    inw %dx, %ax
    popl %edx
    movw %ax, %dx
    movw $0x004F, %ax
    ret
pm_fail:
    movw $0x014F, %ax
    ret

/* BL bit 7: not before a vertical retrace begins. */
pm_retrace:
    testb %bl, %bl
    jns 4f
    pushal
    movl $0x3DA, %edx
    movl $0x400000, %ecx                /* if it never comes */
1:
    inb %dx, %al
    testb $8, %al
    loopnz 1b
    jecxz 3f
2:
    inb %dx, %al
    testb $8, %al
    loopz 2b
3:
    popal
4:
    ret

/* DX:CX = start in dwords of video memory; bytes = that * 4. The width of a
 * line in bytes is virtual width * depth / 8. */
pm_start:
    pushal
    call pm_retrace
    shll $16, %edx
    movw %cx, %dx
    shll $2, %edx
    movl %edx, %esi
    movl $0x1CE, %edx
    movl $6, %eax
    outw %ax, %dx
    incl %edx
    xorl %eax, %eax
    inw %dx, %ax
    movl %eax, %ecx                     /* virtual width in pixels */
    decl %edx
    movl $3, %eax
    outw %ax, %dx
    incl %edx
    xorl %eax, %eax
    inw %dx, %ax
    addl $7, %eax
    shrl $3, %eax
    movl %eax, %ebx                     /* bytes a pixel */
    imull %ecx, %eax
    movl %eax, %edi                     /* bytes a line */
    movl %esi, %eax
    xorl %edx, %edx
    testl %edi, %edi
    jz 1f
    divl %edi                           /* EAX = line, EDX = rest */
    pushl %eax
    movl %edx, %eax
    xorl %edx, %edx
    divl %ebx
    movl %eax, %ecx                     /* pixel */
    movl $0x1CE, %edx
    movl $8, %eax
    outw %ax, %dx
    incl %edx
    movl %ecx, %eax
    outw %ax, %dx
    decl %edx
    movl $9, %eax
    outw %ax, %dx
    incl %edx
    popl %eax
    outw %ax, %dx
1:
    popal
    movw $0x004F, %ax
    ret

/* CX entries from DX, ES:EDI = blue, green, red, unused. */
pm_palette:
    pushal
    call pm_retrace
    movl %edx, %eax
    movl $0x3C8, %edx
    outb %al, %dx
    incl %edx
    movzwl %cx, %ecx
1:
    jecxz 2f
    movb %es:2(%edi), %al
    outb %al, %dx
    movb %es:1(%edi), %al
    outb %al, %dx
    movb %es:(%edi), %al
    outb %al, %dx
    addl $4, %edi
    decl %ecx
    jmp 1b
2:
    popal
    movw $0x004F, %ax
    ret
rom_vbe_pm_end:
    .code16

    .section .romdata, "a"
    .globl rom_font8, rom_font14, rom_font16, rom_no_glyphs
    .globl rom_oem, rom_vendor, rom_product, rom_revision
    .globl rom_static_info, rom_save_table
rom_font8:
    .incbin "font8.bin"
rom_font14:
    .incbin "font14.bin"
rom_font16:
    .incbin "font16.bin"
rom_no_glyphs:                          /* 9-dot variants: none differ */
    .byte 0
rom_oem:
    .asciz "Umbra VBE"
rom_vendor:
    .asciz "Umbra"
rom_product:
    .asciz "Umbra VGA with Bochs display interface"
rom_revision:
    .asciz "1.1"

/* INT 10h AH=1Bh, static functionality: modes 0-7, 0D-13h; 200, 350, 400
 * lines; 8 text fonts, 2 at once; palette, DAC, fonts, cursor, DCC... The
 * last but one: dynamic save area, both font overrides, DCC. */
rom_static_info:
    .byte 0xFF, 0xE0, 0x0F, 0x00, 0x00, 0x00, 0x00, 0x07
    .byte 0x02, 0x08, 0xE7, 0x0C, 0x00, 0x00, 0x2E, 0x00

/* BDA 40:A8: video parameters, dynamic save area, fonts for text and for
 * graphics modes, the secondary table. A VGA BIOS is at C000:0. */
    .balign 4
rom_save_table:
    .word video_parameters, 0xC000
    .long 0, 0, 0
    .word secondary_table, 0xC000
    .long 0, 0
secondary_table:
    .word 0x1A                          /* its length */
    .word combinations, 0xC000
    .long 0, 0, 0, 0, 0

/* Display combination codes that can be together: count, version, greatest
 * code, then pairs. */
combinations:
    .byte 16, 1, 8, 0
    .byte 0, 0, 0, 1, 0, 2, 2, 1, 0, 4, 4, 1, 0, 5, 2, 5
    .byte 0, 6, 1, 6, 5, 6, 0, 8, 1, 8, 0, 7, 2, 7, 6, 2
