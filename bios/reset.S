/* Reset, processor modes, direct boot, and the addresses that programs
 * expect to find fixed in segment F000 (IBM PC/AT Technical Reference, BIOS
 * listing; RBIL "BIOS entry points"). Section .fixed is linked with offsets
 * in segment F000, starting at FIXED_START. */

#include "bios.h"

#define FIXED_START 0xC000
#define HIGH_ALIAS 0xFFFF0000

#define SEL_CODE32 0x10
#define SEL_DATA32 0x18
#define SEL_FIXED16 0x20
#define SEL_DATA16 0x28
#define SEL_BIOS16 0x30
#define SEL64_CODE32 0x08

/* 82441FX data sheet 3.2.19: where 0C0000-0FFFFF reads and writes go. PAM0
 * is register 59h, PAM1-2 (C0000-CFFFF) and PAM3-6 follow. */
    .macro PAM_SET pam0, pam3_to_6
    movw $0xCF8, %dx
    movl $0x80000058, %eax
    outl %eax, %dx
    movw $0xCFD, %dx
    movb $\pam0, %al
    outb %al, %dx
    incw %dx
    movw $(\pam3_to_6 & 0xFFFF), %ax
    outw %ax, %dx
    movw $0xCF8, %dx
    movl $0x8000005C, %eax
    outl %eax, %dx
    movw $0xCFC, %dx
    movl $\pam3_to_6, %eax
    outl %eax, %dx
    .endm

    .macro AT address
    .org \address - FIXED_START, 0
    .endm

    .section .fixed, "ax"
    .code16

/* Filled in by POST (tables.c): $PIR, _32_, RSDP, _MP_, _SM_, 16-aligned. */
    .globl fixed_tables
fixed_tables:
    .fill 0x1000, 1, 0

    .globl font_8x8_upper
font_8x8_upper:
    .incbin "font8.bin", 1024, 1024

/* --- processor modes ------------------------------------------------- */

/* Descriptors are marked accessed: the CPU must not write to a ROM. The
 * numbers 10h and 18h are those of the Linux boot protocol. */
    .balign 8
    .globl gdt
gdt:
    .quad 0
    .quad 0x00CF9B000000FFFF            /* 08 flat code, as 10 */
    .quad 0x00CF9B000000FFFF            /* 10 SEL_CODE32 */
    .quad 0x00CF93000000FFFF            /* 18 SEL_DATA32 */
    .quad 0x00009B0F0000FFFF            /* 20 SEL_FIXED16, base F0000 */
    .quad 0x000093000000FFFF            /* 28 SEL_DATA16, base 0 */
    .quad 0x00009B0EC000FFFF            /* 30 SEL_BIOS16, base EC000 */
gdt_end:
gdt64:
    .quad 0
    .quad 0x00CF9B000000FFFF            /* 08 SEL64_CODE32 */
    .quad 0x00AF9B000000FFFF            /* 10 64-bit code */
    .quad 0x00CF93000000FFFF            /* 18 data */
gdt64_end:

gdt_pointer:
    .word gdt_end - gdt - 1
    .long 0xF0000 + gdt
gdt64_pointer:
    .word gdt64_end - gdt64 - 1
    .long 0xF0000 + gdt64
ivt_pointer:
    .word 0x3FF
    .long 0

reset_start:
    cli
    cld
    movb $0x8F, %al
    outb %al, $0x70
    inb $0x71, %al
    movb %al, %bl                       /* shutdown code */
    movb $0x8F, %al
    outb %al, $0x70
    xorb %al, %al
    outb %al, $0x71
    lgdtl %cs:gdt_pointer
    movl %cr0, %eax
    andl $0x1FFFFFFF, %eax              /* caches on, paging off */
    orb $1, %al
    movl %eax, %cr0
    ljmpl $SEL_CODE32, $(reset_flat + HIGH_ALIAS)

/* Runs from the ROM below 4 GiB, so E0000 and F0000 may change under it. */
    .code32
reset_flat:
    movw $SEL_DATA32, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    cmpb $0x05, %bl
    je resume
    cmpb $0x0A, %bl
    je resume
    PAM_SET 0x30, 0x33333333
    cmpb $0xFE, %bl
    je wake
post:
    movl $0xFFFE0000, %esi              /* shadow: ROM to RAM */
    movl $0x000E0000, %edi
    movl $0x8000, %ecx
    rep movsl
    movl $(BASE_BIOS + STACK_TOP), %esp
    movl $post_main, %eax
    call *%eax
    xorl %ebx, %ebx

/* To real mode; BL = 0: go on booting, else resume through 40:67. */
to_real:
    ljmpl $SEL_FIXED16, $1f
    .code16
1:
    movw $SEL_DATA16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    movl %cr0, %eax
    andb $0xFE, %al
    movl %eax, %cr0
    ljmpw $SEG_FIXED, $2f
2:
    lidtl %cs:ivt_pointer
    xorw %ax, %ax
    movw %ax, %ds
    testb %bl, %bl
    jz 3f
    movw %ax, %es
    movw %ax, %ss
    movw $0x400, %sp
    ljmpw *0x467
3:
    movw $SEG_BIOS, %ax
    movw %ax, %ss
    movl $STACK_TOP, %esp
    ljmpw $SEG_BIOS, $entry_start

/* Shutdown code FEh: out of suspend to RAM. The system's vector is entered as
 * CS = bits 4-19, IP = bits 0-3 (ACPI 2.0, 5.2.9). */
    .code32
wake:
    movl $(BASE_BIOS + STACK_TOP), %esp
    movl $wake_main, %eax
    call *%eax
    testl %eax, %eax
    jz post
    movl %eax, %edi
    PAM_SET 0x10, 0x31111111            /* ORDER: rom_lock in start.c */
    movl %edi, %eax
    shll $12, %eax
    movw %di, %ax
    andw $15, %ax
    movl %eax, 0x467
    movb $1, %bl
    jmp to_real

/* Shutdown codes 5 (end of interrupt first) and 0Ah: a protected-mode
 * program wants back to real mode; RAM, and the shadow in it, is intact. */
    .code32
resume:
    PAM_SET 0x10, 0x31111111            /* ORDER: rom_lock in optrom.c */
    cmpb $0x05, %bl
    jne to_real
    movb $0x20, %al
    outb %al, $0xA0
    outb %al, $0x20
    jmp to_real

/* --- direct boot ------------------------------------------------------ */

/* EAX: the 64-byte boot record in segment EC00.
 * ORDER: struct boot_record in boot.c. */
#define REC_KIND 4
#define REC_CS 8
#define REC_IP 12
#define REC_SEG 16
#define REC_SP 20
#define REC_ENTRY 24
#define REC_EAX 32
#define REC_EBX 36
#define REC_RSI 40
#define REC_TABLES 48

    .section .text16, "ax"
    .code16
    .globl boot_direct
boot_direct:
    cli
    movl %eax, %ebp
    cmpw $1, %ds:REC_KIND(%bp)
    jne 1f
    movw %ds:REC_SEG(%bp), %ax
    pushw %ds:REC_CS(%bp)
    pushw %ds:REC_IP(%bp)
    movl (%esp), %ecx
    movl %ds:REC_SP(%bp), %edx
    movl %ds:REC_RSI(%bp), %esi
    movl %ds:REC_EBX(%bp), %ebx
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    movl %edx, %esp
    pushl %ecx
    lretw
1:
    addl $BASE_BIOS, %ebp
    lgdtl %cs:(direct_gdt_pointer)
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpl $SEL_CODE32, $(direct_flat + HIGH_ALIAS)

direct_gdt_pointer:
    .word gdt_end - gdt - 1
    .long 0xF0000 + gdt

    .section .fixed, "ax"
    .code32
direct_flat:
    movw $SEL_DATA32, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    movl REC_SP(%ebp), %esp
    cmpl $3, REC_KIND(%ebp)
    je direct_long
    movl REC_RSI(%ebp), %esi
    movl REC_EBX(%ebp), %ebx
    movl REC_EAX(%ebp), %eax
    pushl REC_ENTRY(%ebp)
    xorl %edi, %edi
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %ebp, %ebp
    ret

/* Six pages at REC_TABLES: PML4, PDPT, four directories of 2 MiB pages. */
direct_long:
    movl REC_TABLES(%ebp), %edi
    movl %edi, %cr3
    movl %edi, %ebx
    xorl %eax, %eax
    movl $(6 * 1024), %ecx
    rep stosl
    leal 0x1003(%ebx), %eax
    movl %eax, (%ebx)
    leal 0x2003(%ebx), %eax
    leal 0x1000(%ebx), %edi
    movb $4, %cl
1:
    movl %eax, (%edi)
    addl $0x1000, %eax
    addl $8, %edi
    loop 1b
    leal 0x2000(%ebx), %edi
    movl $0x83, %eax
    movw $2048, %cx
2:
    movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 2b
    movl %cr4, %eax
    orb $0x20, %al                      /* CR4.PAE */
    movl %eax, %cr4
    movl $0xC0000080, %ecx              /* EFER */
    rdmsr
    orw $0x100, %ax                     /* LME */
    wrmsr
    movl $SEL64_CODE32, %ecx
    lgdtl 0xF0000 + gdt64_pointer
    movl %cr0, %eax
    orl $0x80000000, %eax
    movl %eax, %cr0
    ljmpl $SEL_CODE32, $(direct_64 + 0xF0000)
    .code64
direct_64:
    movl $SEL_DATA32, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movq REC_RSI(%rbp), %rsi
    movl REC_EBX(%rbp), %ebx
    movl REC_EAX(%rbp), %eax
    movq REC_ENTRY(%rbp), %rcx
    xorl %edi, %edi
    xorl %edx, %edx
    xorl %ebp, %ebp
    jmp *%rcx
    .code16

/* --- fixed addresses -------------------------------------------------- */

    .macro VECTOR number
    ljmpw $SEG_BIOS, $entry_\number
    .endm

    /* Vectors without a traditional address. */
    .globl fixed_iret, fixed_irq_low, fixed_irq_high
    .globl fixed_int70, fixed_int74, fixed_int75, fixed_int76, fixed_int18
fixed_irq_low:
    VECTOR irq_low
fixed_irq_high:
    VECTOR irq_high
fixed_int70:
    VECTOR 70
fixed_int74:
    VECTOR 74
fixed_int75:
    VECTOR 75
fixed_int76:
    VECTOR 76
fixed_int18:
    VECTOR 18
int19_far:
    VECTOR 19

    AT 0xE05B                           /* POST entry */
    jmp reset_start

    AT 0xE2C3                           /* INT 02h */
    iretw

    AT 0xE3FE                           /* INT 13h, fixed disk */
    VECTOR 13

    AT 0xE6F2                           /* INT 19h: only three bytes */
    jmp int19_far

    /* INT 15h AH=C0h: model FC, submodel 01; features: second 8259, RTC,
     * keyboard intercept (4Fh), EBDA; enhanced INT 16h. */
    AT 0xE6F5
    .globl config_table
config_table:
    .word 8
    .byte 0xFC, 0x01, 0x00, 0x74, 0x40, 0, 0, 0

    AT 0xE729                           /* baud rate divisors */
    .word 0x0417, 0x0300, 0x0180, 0x00C0, 0x0060, 0x0030, 0x0018, 0x000C

    AT 0xE739
    VECTOR 14

    AT 0xE82E
    VECTOR 16

    AT 0xE987
    VECTOR 09

    AT 0xEC59                           /* INT 13h, diskette: INT 40h */
    VECTOR 40

    AT 0xEF57
    VECTOR 0e

    /* Diskette parameter table, INT 1Eh: step 8 ms, unload 240 ms, load
     * 4 ms, motor off 37 ticks, 512 bytes, 18 sectors, gap 1Bh, data FFh,
     * format gap 6Ch, fill F6h, settle 15 ms, start 8/8 s. */
    AT 0xEFC7
    .byte 0xAF, 0x02, 0x25, 0x02, 18, 0x1B, 0xFF, 0x6C, 0xF6, 0x0F, 0x08

    AT 0xEFD2
    VECTOR 17

    AT 0xF065                           /* INT 10h until a video BIOS is in */
    iretw

    AT 0xF841
    VECTOR 12
    AT 0xF84D
    VECTOR 11
    AT 0xF859
    VECTOR 15

    AT 0xFA6E                           /* 8x8 font, characters 0-127 */
    .incbin "font8.bin", 0, 1024

    AT 0xFE6E
    VECTOR 1a

    AT 0xFEA5
    VECTOR 08

    AT 0xFF53
fixed_iret:
    iretw

    AT 0xFF54
    VECTOR 05

    AT 0xFFF0
    ljmpw $SEG_FIXED, $0xE05B

    AT 0xFFF5
    .globl bios_date
bios_date:
    .ascii "01/15/26"
    AT 0xFFFE
    .byte 0xFC
    .byte 0                             /* makes the byte sum zero: mkrom */
