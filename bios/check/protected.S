/* Calls from protected mode, as systems make them. */

/* ORDER: struct pm_job in check.h. */
#define JOB_ENTRY 0
#define JOB_WIDE 8
#define JOB_GARBAGE 9
#define JOB_SS 10
#define JOB_COUNT 12
#define JOB_CARRY 14
#define JOB_EAX 16
#define JOB_EBX 20
#define JOB_ECX 24
#define JOB_EDX 28
#define JOB_ARGS 32

    .data
saved_esp:
    .long 0
    .text
    .code16
/* void pm_call(struct pm_job *job): into 16-bit protected mode, arguments on
 * the stack, far call of the entry with 16 or 32 bits; interrupts stay off. */
    .globl pm_call
pm_call:
    pushl %ebx
    pushl %esi
    pushl %edi
    pushl %ebp
    pushw %fs
    pushw %gs
    cli
    movl %eax, %ebp
    movl %esp, saved_esp
    lgdtl pm_gdt_pointer
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpw $0x08, $1f
1:
    movw $0x10, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw JOB_SS(%ebp), %ss
    cmpb $0, %ds:JOB_GARBAGE(%ebp)
    je 2f
    orl $0x7A5A0000, %esp
2:
    movzwl %ds:JOB_COUNT(%ebp), %ecx
    jecxz 4f
3:
    pushw %ds:JOB_ARGS-2(%ebp,%ecx,2)
    loop 3b
4:
    movl %ds:JOB_EAX(%ebp), %eax
    movl %ds:JOB_EBX(%ebp), %ebx
    movl %ds:JOB_ECX(%ebp), %ecx
    movl %ds:JOB_EDX(%ebp), %edx
    cmpb $0, %ds:JOB_WIDE(%ebp)
    jne 5f
    lcallw *%ds:JOB_ENTRY(%ebp)
    jmp 6f
5:
    lcalll *%ds:JOB_ENTRY(%ebp)
6:
    setc %ds:JOB_CARRY(%ebp)
    movl %eax, %ds:JOB_EAX(%ebp)
    movl %ebx, %ds:JOB_EBX(%ebp)
    movl %ecx, %ds:JOB_ECX(%ebp)
    movl %edx, %ds:JOB_EDX(%ebp)
    movw $0x10, %ax
    movw %ax, %ss
    movl %ds:saved_esp, %esp
    movl %cr0, %eax
    andb $0xFE, %al
    movl %eax, %cr0
    ljmpw $0x1000, $7f
7:
    movw %cs, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    popw %gs
    popw %fs
    sti
    popl %ebp
    popl %edi
    popl %esi
    popl %ebx
    retl

/* uint16_t real_call(uint32_t entry, const uint16_t *args, uint32_t count) */
    .globl real_call
real_call:
    pushl %ebp
    movl %esp, %ebp
    jecxz 2f
1:
    pushw -2(%edx,%ecx,2)
    loop 1b
2:
    pushw %cs
    pushw $3f
    pushl %eax
    lretw
3:
    movzwl %ax, %eax
    movl %ebp, %esp
    popl %ebp
    retl
