/* Interrupt entries of the system BIOS.
 *
 * A service written in C runs on the private stack of segment EC00 with
 * interrupts off, and gets a struct regs; what it leaves there the caller
 * gets. stack_top is where the next entry from a foreign stack begins.
 * Invariant: while C has interrupts on or calls out (irq_window, int_call),
 * stack_top lies below all that is in use, so entries nest. */

#include "bios.h"

/* ORDER: struct regs in bios.h. */
#define REGS_CALLER_SP 40
#define REGS_CALLER_SS 44
#define REGS_FLAGS 46
/* Room for what an interrupt chain pushes on our stack before it moves to
 * a stack of its own. */
#define NEST_GAP 256

    .section .bss16, "aw", @progbits
save_eax:
    .long 0
save_esp:
    .long 0
save_ss:
    .word 0
save_handler:
    .word 0
    .globl stack_top
stack_top:
    .word 0

    .section .text16, "ax"
    .code16

    .macro SERVICE number, function
    .globl entry_\number
entry_\number:
    pushw $\function
    jmp entry_common
    .endm

    SERVICE 11, int11_service
    SERVICE 12, int12_service
    SERVICE 13, int13_service
    SERVICE 14, int14_service
    SERVICE 17, int17_service
    SERVICE 1a, int1a_service
    SERVICE 40, int40_service
service_05:
    pushw $int05_service
    jmp entry_common
service_09:
    pushw $int09_service
    jmp entry_common
service_16:
    pushw $int16_service
    jmp entry_common
service_70:
    pushw $int70_service
    jmp entry_common
service_pmm:
    pushw $pmm_service
    jmp entry_common
service_74:
    pushw $int74_service

/* Caller's stack: handler, IP, CS, flags. */
entry_common:
    cli
    cld
    movl %eax, %cs:save_eax
    popw %cs:save_handler
    movl %esp, %cs:save_esp
    movw %ss, %cs:save_ss
    movw %ss, %ax
    cmpw $SEG_BIOS, %ax
    movzwl %sp, %eax
    je 1f
    movzwl %cs:stack_top, %eax
1:
    pushw %cs
    popw %ss
    movl %eax, %esp
    pushw $0
    pushw %cs:save_ss
    pushl %cs:save_esp
    movl %cs:save_eax, %eax
    pushal
    pushw %ds
    pushw %es
    pushw %fs
    pushw %gs
    movw %cs, %ax
    movw %ax, %ds
    movw $SEG_BDA, %ax
    movw %ax, %fs
    movw save_ss, %es
    movzwl save_esp, %ebx
    movw %es:4(%ebx), %ax
    movw %ax, REGS_FLAGS(%esp)
    pushw %ds
    popw %es
    movl %esp, %eax
    movl %eax, %ebx
    movzwl save_handler, %edx
    calll *%edx
    movw REGS_CALLER_SS(%ebx), %es
    movzwl REGS_CALLER_SP(%ebx), %ecx
    movw REGS_FLAGS(%ebx), %ax
    movw %ax, %es:4(%ecx)
    popw %gs
    popw %fs
    popw %es
    popw %ds
    popal
    lssl (%esp), %esp
    iretw

/* Calls a service from a stub on the caller's stack. */
    .macro CALL_SERVICE number
    pushfw
    pushw %cs
    call service_\number
    .endm

/* --- interrupts that stay on the caller's stack ----------------------- */

    .globl entry_05
entry_05:
    sti
    CALL_SERVICE 05
    iretw

/* Timer. Midnight is 1800B0h ticks. */
    .globl entry_08
entry_08:
    pushl %eax
    pushw %dx
    pushw %ds
    movw $SEG_BDA, %ax
    movw %ax, %ds
    cld
    movl 0x6C, %eax
    incl %eax
    cmpl $0x1800B0, %eax
    jb 1f
    xorl %eax, %eax
    incb 0x70
1:
    movl %eax, 0x6C
    cmpb $0, 0x40                       /* diskette motors */
    je 2f
    decb 0x40
    jnz 2f
    andb $0xF0, 0x3F
    movw $0x3F2, %dx
    movb $0x0C, %al
    outb %al, %dx
2:
    int $0x1C
    cli
    movb $0x20, %al
    outb %al, $0x20
    popw %ds
    popw %dx
    popl %eax
    iretw

/* Keyboard. int09_service returns in AL what is to be done out here. */
    .globl entry_09
entry_09:
    pushl %eax
    pushw %ds
    cld
    inb $0x60, %al
    movb $0x4F, %ah
    stc
    int $0x15
    jnc 9f
    CALL_SERVICE 09
    cli
    movb %al, %ah
    movb $0x20, %al
    outb %al, $0x20
    cmpb $1, %ah
    jb 8f
    ja 1f
    int $0x1B                           /* Ctrl-Break */
    jmp 8f
1:
    cmpb $3, %ah
    jae 2f
    int $0x05                           /* Print Screen */
    jmp 8f
2:
    ja 4f
    movw $SEG_BDA, %ax                  /* Pause: until the next key */
    movw %ax, %ds
    sti
3:
    hlt
    testb $0x08, 0x18
    jnz 3b
    jmp 8f
4:
    cmpb $5, %ah
    ja 6f
    movb %ah, %al                       /* SysRq down, up */
    subb $4, %al
    movb $0x85, %ah
    int $0x15
    jmp 8f
6:
    movb $0xFE, %al                     /* Ctrl-Alt-Del */
    outb %al, $0x64
7:
    hlt
    jmp 7b
9:
    movb $0x20, %al
    outb %al, $0x20
8:
    popw %ds
    popl %eax
    iretw

/* Diskette. */
    .globl entry_0e
entry_0e:
    pushw %ax
    pushw %ds
    movw $SEG_BDA, %ax
    movw %ax, %ds
    orb $0x80, 0x3E
    movb $0x20, %al
    outb %al, $0x20
    popw %ds
    popw %ax
    iretw

/* An interrupt that nobody asked for, or an exception of the same number.
 * As on the AT: 40:6B tells which, FFh when no controller knows of one. */
    .globl entry_irq_low
entry_irq_low:
    pushw %ax
    pushw %ds
    movw $SEG_BDA, %ax
    movw %ax, %ds
    movb $0x0B, %al                     /* OCW3: in service */
    outb %al, $0x20
    inb $0x20, %al
    testb %al, %al
    jnz 1f
    movb $0xFF, 0x6B
    jmp 2f
1:
    movb %al, 0x6B
    movb $0x20, %al
    outb %al, $0x20
2:
    popw %ds
    popw %ax
    iretw

    .globl entry_irq_high
entry_irq_high:
    pushw %ax
    movb $0x20, %al
    outb %al, $0xA0
    outb %al, $0x20
    popw %ax
    iretw

/* Keyboard reads wait here, on the caller's stack, because a task switcher
 * may leave one waiting and start another. */
    .globl entry_16
entry_16:
    testb $0xEF, %ah
    jnz 3f
    pushw %ax
    pushw %ds
    movw $SEG_BDA, %ax
    movw %ax, %ds
1:
    cli
    movw 0x1A, %ax
    cmpw 0x1C, %ax
    jne 2f
    sti
    hlt
    jmp 1b
2:
    popw %ds
    popw %ax
3:
    pushw $int16_service
    jmp entry_common

/* AH=89h, to 286 protected mode: ES:SI points at the caller's GDT: 1 GDT, 2
 * IDT, 3 DS, 4 ES, 5 SS, 6 CS, 7 is ours to fill; BH and BL are the vectors
 * the interrupt controllers get. Returns to selector 30h. RBIL INT 15/AH=89h;
 * BP is destroyed. All else of INT 15h is int15_service. */
    .globl entry_15
entry_15:
    cmpb $0x89, %ah
    je 1f
    pushw $int15_service
    jmp entry_common
1:
    cli
    inb $0x92, %al
    orb $0x02, %al
    andb $0xFE, %al
    outb %al, $0x92                     /* A20 */
    movb $0x11, %al
    outb %al, $0x20
    outb %al, $0xA0
    movb %bh, %al
    outb %al, $0x21
    movb %bl, %al
    outb %al, $0xA1
    movb $0x04, %al
    outb %al, $0x21
    movb $0x02, %al
    outb %al, $0xA1
    movb $0x01, %al
    outb %al, $0x21
    outb %al, $0xA1
    movb $0xFF, %al
    outb %al, $0x21
    outb %al, $0xA1
    movw $0xFFFF, %es:0x38(%si)         /* descriptor 7: EC000, code */
    movw $(BASE_BIOS & 0xFFFF), %es:0x3A(%si)
    movw $(0x9B00 | BASE_BIOS >> 16), %es:0x3C(%si)
    movw $0, %es:0x3E(%si)
    lgdtw %es:0x08(%si)
    lidtw %es:0x10(%si)
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpw $0x38, $2f
2:
    movw $0x18, %ax
    movw %ax, %ds
    movw $0x20, %ax
    movw %ax, %es
    movw $0x28, %ax
    movw %ax, %ss
    popw %bp
    addw $4, %sp
    pushw $0x30
    pushw %bp
    xorw %ax, %ax
    lretw

    .globl entry_18
entry_18:
    cli
    movw $SEG_BIOS, %ax
    movw %ax, %ss
    movl $STACK_TOP, %esp
    pushl $boot_next
    jmp enter_fresh

    .globl entry_19
entry_19:
    cli
    movw $SEG_BIOS, %ax
    movw %ax, %ss
    movl $STACK_TOP, %esp
    pushl $boot_first
    jmp enter_fresh

/* From reset.S, after POST. */
    .globl entry_start
entry_start:
    pushl $start16
enter_fresh:
    cld
    movw %cs, %ax
    movw %ax, %ds
    movw %ax, %es
    movw $SEG_BDA, %ax
    movw %ax, %fs
    movw %ax, %gs
    movw $(STACK_TOP - NEST_GAP), stack_top
    popl %eax
    calll *%eax
1:
    hlt
    jmp 1b

/* RTC. */
    .globl entry_70
entry_70:
    pushl %eax
    CALL_SERVICE 70
    testb %al, %al
    jz 1f
    int $0x4A                           /* alarm */
1:
    popl %eax
    iretw

/* Pointing device: int74_service returns AX = 1 when a packet is complete,
 * its three words in BX, CX, DX. IBM PS/2 BIOS ref., INT 15h AH=C2h. */
    .globl entry_74
entry_74:
    pushal
    pushw %ds
    pushw %es
    pushw %fs
    pushw %gs
    CALL_SERVICE 74
    testw %ax, %ax
    jz 1f
    pushw %bx
    pushw %cx
    pushw %dx
    pushw $0
    movw $SEG_EBDA, %ax
    movw %ax, %ds
    sti
    lcallw *0x22
    cli
    addw $8, %sp
1:
    movb $0x20, %al
    outb %al, $0xA0
    outb %al, $0x20
    popw %gs
    popw %fs
    popw %es
    popw %ds
    popal
    iretw

/* Coprocessor error: to INT 02h, as on the AT. */
    .globl entry_75
entry_75:
    pushw %ax
    xorb %al, %al
    outb %al, $0xF0
    movb $0x20, %al
    outb %al, $0xA0
    outb %al, $0x20
    popw %ax
    int $0x02
    iretw

    .globl entry_76
entry_76:
    pushw %ax
    pushw %ds
    movw $SEG_BDA, %ax
    movw %ax, %ds
    movb $0xFF, 0x8E
    movb $0x20, %al
    outb %al, $0xA0
    outb %al, $0x20
    popw %ds
    popw %ax
    iretw

/* --- called from C (-mregparm=3: EAX, EDX, ECX) ------------------------ */

    .globl irq_window, irq_sleep
irq_window:
    pushw stack_top
    movw %sp, stack_top
    subw $NEST_GAP, stack_top
    sti
    nop
    nop
    cli
    popw stack_top
    retl
irq_sleep:
    pushw stack_top
    movw %sp, stack_top
    subw $NEST_GAP, stack_top
    sti
    hlt
    cli
    popw stack_top
    retl

/* void int_call(uint32_t number, struct regs *r), and
 * void far_call(uint32_t address, struct regs *r): on the stack that r names
 * as the caller's, if it names one. */
    .globl int_call, far_call
int_call:
    xorw %cx, %cx
    movw %cx, %gs
    movl %gs:(,%eax,4), %eax
    movb $1, %cl
    jmp call_out
far_call:
    xorw %cx, %cx
call_out:
    pushl %ebx
    pushl %esi
    pushl %edi
    pushl %ebp
    pushw stack_top
    movw %sp, stack_top
    subw $NEST_GAP, stack_top
    movl %esp, %esi
    testb %cl, %cl
    jnz 4f
    movl REGS_CALLER_SP(%edx), %ebx
    testl %ebx, %ebx
    jz 4f
    movw REGS_CALLER_SS(%edx), %ss
    movl %ebx, %esp
4:
    pushl %esi
    pushl %edx
    testb %cl, %cl
    jnz 2f
    sti                                 /* option ROMs wait for ticks */
    jmp 3f
2:
    pushfw
3:
    pushw %cs
    pushw $1f
    pushl %eax                          /* where to, as a far return */
    movl 8(%edx), %edi
    movl 12(%edx), %esi
    movl 16(%edx), %ebp
    movl 24(%edx), %ebx
    movl 32(%edx), %ecx
    movl 36(%edx), %eax
    movw 4(%edx), %es
    pushw 6(%edx)
    movl 28(%edx), %edx
    popw %ds
    lretw
1:
    pushfw
    pushw %ds
    pushl %edx
    movw %cs, %dx
    movw %dx, %ds
    movl 8(%esp), %edx                  /* the struct regs */
    movl %edi, 8(%edx)
    movl %esi, 12(%edx)
    movl %ebp, 16(%edx)
    movl %ebx, 24(%edx)
    movl %ecx, 32(%edx)
    movl %eax, 36(%edx)
    movw %es, 4(%edx)
    popl 28(%edx)
    popw 6(%edx)
    popw REGS_FLAGS(%edx)
    addw $4, %sp
    cli
    cld
    popl %ecx
    movw %ds, %ax
    movw %ax, %es
    movw %ax, %ss
    movl %ecx, %esp
    movw $SEG_BDA, %ax
    movw %ax, %fs
    popw stack_top
    popl %ebp
    popl %edi
    popl %esi
    popl %ebx
    retl

/* The POST memory manager: a far call, arguments behind the return address. */
    .globl entry_pmm
entry_pmm:
    CALL_SERVICE pmm
    lretw

/* void boot_jump(segment, offset, drive): everything else zero. */
    .globl boot_jump
boot_jump:
    movw $(STACK_TOP - NEST_GAP), stack_top
    xorl %ebx, %ebx
    movw %bx, %ss
    movl $0x7000, %esp
    pushw %ax
    pushw %dx
    movl %ecx, %edx
    movw %bx, %ds
    movw %bx, %es
    movw %bx, %fs
    movw %bx, %gs
    xorl %eax, %eax
    xorl %ecx, %ecx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %ebp, %ebp
    sti
    lretw

/* void pm_copy(uint32_t to, uint32_t from, uint32_t bytes) in protected
 * mode with flat data segments; selectors as in reset.S. */
    .globl pm_copy
pm_copy:
    pushl %esi
    pushl %edi
    pushw %ds
    pushw %es
    movl %eax, %edi
    movl %edx, %esi
    lgdtl %cs:copy_gdt_pointer
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpw $0x30, $1f
1:
    movw $0x18, %ax
    movw %ax, %ds
    movw %ax, %es
    movl %ecx, %edx
    shrl $2, %ecx
    addr32 rep movsl
    movl %edx, %ecx
    andl $3, %ecx
    addr32 rep movsb
    movw $0x28, %ax
    movw %ax, %ds
    movw %ax, %es
    movl %cr0, %eax
    andb $0xFE, %al
    movl %eax, %cr0
    ljmpw $SEG_BIOS, $2f
2:
    popw %es
    popw %ds
    popl %edi
    popl %esi
    retl

/* void big_real(void): DS, ES, FS, GS reach 4 GiB until somebody loads them
 * in protected mode. Option ROMs copy themselves to extended memory so:
 * PMM 1.01, 2.2. A20 is on in POST. */
    .globl big_real
big_real:
    pushw %ds
    pushw %es
    pushw %fs
    pushw %gs
    lgdtl %cs:copy_gdt_pointer
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpw $0x30, $1f
1:
    movw $0x18, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movl %cr0, %eax
    andb $0xFE, %al
    movl %eax, %cr0
    ljmpw $SEG_BIOS, $2f
2:
    popw %gs
    popw %fs
    popw %es
    popw %ds
    retl
copy_gdt_pointer:
    .word 0x37
    .long 0xF0000 + gdt
