/* 32-bit entries into the ROM: BIOS32 service directory, PCI BIOS, APM.
 * Sources: Standard BIOS 32-bit Service Directory Proposal 0.4; PCI BIOS
 * Specification 2.1; APM 1.2. The caller's segments have base 0 or base
 * F0000, so nothing here uses an absolute address. Sits in segment F000. */

#include "bios.h"

    .section .rom32, "ax"
    .code32

/* EAX "$PCI": AL = 0, EBX = base, ECX = length, EDX = entry. */
    .globl bios32_entry
bios32_entry:
    pushfl
    cmpl $0x49435024, %eax
    jne 1f
    movl $0xF0000, %ebx
    movl $0x10000, %ecx
    movl $(pci32_entry - 0x4000), %edx
    xorb %al, %al
    popfl
    lretl
1:
    movb $0x80, %al
    popfl
    lretl

/* A struct regs on the stack, as entry.S makes one: room for the flags and
 * the stack pointer, the registers, the segments. */
    .macro CALL_REGS function
    pushl $0
    pushl $0
    pushal
    pushl $0
    pushl $0
    pushfl
    cli
    cld
    leal 4(%esp), %eax
    pushl %eax
    call \function
    addl $4, %esp
    movb 4+46(%esp), %al                /* CF as the service says */
    andb $1, %al
    andl $~1, (%esp)
    orb %al, (%esp)
    popfl
    leal 8(%esp), %esp
    popal
    leal 8(%esp), %esp
    lretl
    .endm

    .globl pci32_entry
pci32_entry:
    CALL_REGS pcibios_service32

    .globl apm32_entry
apm32_entry:
    CALL_REGS apm_service32

    .section .rodata16, "a"
    .globl apm_entry32
apm_entry32:
    .word apm32_entry - 0x4000
