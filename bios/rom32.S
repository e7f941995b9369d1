/* Protected-mode entries into the ROM: BIOS32 service directory, PCI BIOS, APM,
 * PnP BIOS.
 * Sources: Standard BIOS 32-bit Service Directory Proposal 0.4; PCI BIOS
 * Specification 2.1; APM 1.2; PnP BIOS 1.0A. The caller's segments have base 0 or base
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
    .endm

    .globl pci32_entry
pci32_entry:
    CALL_REGS pcibios_service32
    lretl

/* The data selector follows the two code selectors: APM 1.2, 3.4. The C part
 * has its variables behind FS and the registers behind GS. */
    .globl apm32_entry
apm32_entry:
    pushl %fs
    pushl %gs
    pushl %eax
    movl %cs, %eax
    addl $16, %eax
    movw %ax, %fs
    movw %ss, %ax
    movw %ax, %gs
    popl %eax
    CALL_REGS apm_function32
    popl %gs
    popl %fs
    lretl

/* --- 16-bit protected mode, segment EC00 ------------------------------- */

    .section .text16, "ax"
    .code16

/* Under a 16-bit stack the upper half of ESP is anything, but compiled code
 * addresses by ESP: it is cleared there. The old ESP is pushed. Real-mode
 * callers have CS = EC00. Destroys EAX, EDX. */
    .macro STACK_CLEAN
    movl %esp, %eax
    movw %cs, %dx
    cmpw $SEG_BIOS, %dx
    je 1f
    movw %ss, %dx
    movzwl %dx, %edx
    larl %edx, %edx
    testl $0x400000, %edx
    jnz 2f
1:
    movzwl %sp, %esp
2:
    pushl %eax
    .endm

/* The data selector follows the code selector. */
apm16_entry:
    pushw %fs
    pushw %gs
    pushw %ax
    movw %cs, %ax
    addw $8, %ax
    movw %ax, %fs
    movw %ss, %ax
    movw %ax, %gs
    popw %ax
    pushl $0
    pushl $0
    pushal
    pushl $0
    pushl $0
    pushfw
    cli
    cld
    STACK_CLEAN
    leal 6(%esp), %eax                  /* struct regs: ESP, flags below */
    calll apm_function
    movb 6+46(%esp), %al                /* CF as the service says */
    andb $1, %al
    andb $~1, 4(%esp)
    orb %al, 4(%esp)
    popl %esp
    popfw
    leal 8(%esp), %esp
    popal
    leal 8(%esp), %esp
    popw %gs
    popw %fs
    lretw

/* PnP BIOS: real and protected mode. Behind the return address: function,
 * arguments. */
    .globl entry_pnp
entry_pnp:
    pushfw
    pushw %ds
    pushw %es
    pushw %fs
    pushw %gs
    pushl %ebx
    pushl %ecx
    pushl %edx
    pushl %esi
    pushl %edi
    pushl %ebp
    cld
    movw %cs, %ax
    movw %ax, %fs
    movw %ss, %ax
    movw %ax, %gs
    STACK_CLEAN
    leal 4+24+10+4(%esp), %eax
    calll pnp_function
    popl %esp
    popl %ebp
    popl %edi
    popl %esi
    popl %edx
    popl %ecx
    popl %ebx
    popw %gs
    popw %fs
    popw %es
    popw %ds
    popfw
    lretw

    .section .rodata16, "a"
    .globl apm_entry32, apm_entry16
apm_entry32:
    .word apm32_entry - 0x4000
apm_entry16:
    .word apm16_entry
