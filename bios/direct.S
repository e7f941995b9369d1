/* direct.S - the last steps of a direct load: from real mode to the kernel.
 * Entered at offset 0 with all segments at the image's base. */

#include "direct.h"

#define CODE32 0x08
#define DATA32 0x10
#define CODE16 0x18
#define DATA16 0x20
#define TSS    0x28

    .section .start, "ax"
    .code16
    .globl _start
_start:
    jmp begin
    .org DIRECT_CODE
begin:
    cld
    movl $DIRECT_SIZE, %esp
    calll direct_find
    cli
    xorl %ebp, %ebp
    movw %cs, %bp
    shll $4, %ebp
    addl %ebp, gdt_base
    addl %ebp, far32
    movw %bp, gdt + CODE16 + 2          /* the base of 16-bit segments */
    movw %bp, gdt + DATA16 + 2
    movl %ebp, %eax
    shrl $16, %eax
    movb %al, gdt + CODE16 + 4
    movb %al, gdt + DATA16 + 4
    lgdtl gdt_pointer
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpl *far32

    .code32
flat:
    movw $DATA32, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    leal DIRECT_SIZE(%ebp), %esp
    leal DIRECT_FIX(%ebp), %ebx
    movzwl DIRECT_FIXES(%ebp), %edx
next_fix:
    decl %edx
    js fixed
    movzbl (%ebx), %eax
    btl %eax, DIRECT_PRESENT(%ebp)
    jnc 2f
    movl 4(%ebx), %ecx
    movl 8(%ebx), %esi
    movl 12(%ebx), %edi
    movzbl 1(%ebx), %eax
    cmpb $DIRECT_MOVE, %al
    je 1f
    cmpb $DIRECT_OR, %al
    jne 3f
    orl %esi, (%edi)
    jmp 2f
3:  cmpb $DIRECT_STORE, %al
    jne 4f
    movl %esi, (%edi)
    jmp 2f
4:  leal DIRECT_FACTS(%ebp, %esi), %esi
    cmpb $DIRECT_COPY_TABLE, %al
    jne 1f
    cmpl 4(%esi), %ecx
    jbe 5f
    movl 4(%esi), %ecx
5:  movl (%esi), %esi
1:  rep movsb
2:  addl $DIRECT_FIX_SIZE, %ebx
    jmp next_fix

fixed:
    cmpw $16, DIRECT_MODE(%ebp)
    je to_real
    movw $TSS, %ax                      /* PVH wants one; it stays unused */
    ltr %ax
    movl $0x7C00, %esp
    pushl DIRECT_ENTRY(%ebp)
    movl DIRECT_EAX(%ebp), %eax
    movl DIRECT_EBX(%ebp), %ebx
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %ebp, %ebp
    ret

/* The way back, to CS:IP with the drive in DL. */
to_real:
    movl %ebp, %esi
    shrl $4, %esi                       /* our segment */
    movl DIRECT_ENTRY(%ebp), %edi
    movl DIRECT_EBX(%ebp), %edx
    ljmpl $CODE16, $1f
    .code16
1:  movw $DATA16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    movw %si, far16 + 2
    lidtl real_idt
    movl %cr0, %eax
    andb $0xFE, %al
    movl %eax, %cr0
    ljmpw *far16
2:  xorl %eax, %eax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    movl $0x7C00, %esp
    pushl %edi
    xorl %ebx, %ebx
    xorl %ecx, %ecx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %ebp, %ebp
    sti
    lretw

/* int direct_int(number, struct registers *): regparm, EAX and EDX. */
    .globl direct_int
direct_int:
    pushl %ebx
    pushl %esi
    pushl %edi
    pushl %ebp
    pushl %edx
    movb %al, %cs:1f + 1
    movl %edx, %ebp
    movl 0(%ebp), %eax
    movl 4(%ebp), %ebx
    movl 8(%ebp), %ecx
    movl 12(%ebp), %edx
    movl 16(%ebp), %esi
    movl 20(%ebp), %edi
    movw 24(%ebp), %es
1:  int $0
    movl (%esp), %ebp
    movl %eax, %ss:0(%ebp)
    movl %ebx, %ss:4(%ebp)
    movl %ecx, %ss:8(%ebp)
    movl %edx, %ss:12(%ebp)
    movl %esi, %ss:16(%ebp)
    movl %edi, %ss:20(%ebp)
    movw %es, %ss:24(%ebp)
    setc %ss:28(%ebp)
    movw %ss, %ax
    movw %ax, %ds
    movw %ax, %es
    cld
    popl %edx
    popl %ebp
    popl %edi
    popl %esi
    popl %ebx
    retl

    .balign 8
gdt:
    .quad 0
    .quad 0x00CF9A000000FFFF            /* flat, 32 bits */
    .quad 0x00CF92000000FFFF
    .quad 0x00009A000000FFFF            /* ours, 16 bits */
    .quad 0x000092000000FFFF
    .quad 0x0000890000000067            /* a TSS at 0 */
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
gdt_base:
    .long gdt
real_idt:
    .word 0x3FF
    .long 0
far32:
    .long flat
    .word CODE32
far16:
    .word 2b
    .word 0
    .section .note.GNU-stack, "", @progbits
