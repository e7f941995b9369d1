/* start.S - the start of every conformance ROM: Multiboot 1 entry, entries
 * of exceptions, and `enter`, which goes to the code under test.
 *
 * The image is flat and describes itself in its Multiboot header, so that
 * a loader need not know ELF. Layout at its begin, which the runner knows:
 * jmp, then from offset 8 the number of the first test to run. */
        .intel_syntax noprefix
        .section .start, "ax"
        .code32
        .globl  _start, first_test
_start: jmp     begin
        .balign 8
first_test:
        .long   0
        .balign 4
header: .long   0x1BADB002, 0x00010000, -(0x1BADB002 + 0x00010000)
        .long   header, _start, _edata, _end, _start

begin:  cli
        cld
        mov     edi, offset _edata
        mov     ecx, offset _end
        sub     ecx, edi
        xor     eax, eax
        rep stosb
        mov     esp, offset kernel_stack_top
        lgdt    [boot_gdtr]
#ifdef __x86_64__
        /* Identity, by pages of 2 MB, for all rings: the first 4 GB. */
        mov     eax, offset boot_pdpt + 7
        mov     [boot_pml4], eax
        mov     eax, offset boot_pd + 7
        mov     ecx, 4
        mov     edi, offset boot_pdpt
1:      mov     [edi], eax
        add     edi, 8
        add     eax, 0x1000
        loop    1b
        mov     eax, 0x87
        mov     ecx, 2048
        mov     edi, offset boot_pd
2:      mov     [edi], eax
        add     edi, 8
        add     eax, 0x200000
        loop    2b
        mov     eax, offset boot_pml4
        mov     cr3, eax
        mov     eax, 0x20
        mov     cr4, eax
        mov     ecx, 0xC0000080
        rdmsr
        or      eax, 0x100
        wrmsr
        mov     eax, 0x80000033
        mov     cr0, eax
        ljmp    0x08, offset long_begin
        .code64
long_begin:
        mov     eax, 0x10
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        mov     fs, eax
        mov     gs, eax
#else
        mov     eax, 0x33
        mov     cr0, eax
        xor     eax, eax
        mov     cr4, eax
        ljmp    0x08, offset flat_begin
flat_begin:
        mov     eax, 0x10
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        mov     fs, eax
        mov     gs, eax
#endif
        call    rom_main
3:      hlt
        jmp     3b

        .balign 8
boot_gdt:
        .quad   0
#ifdef __x86_64__
        .quad   0x00AF9B000000FFFF
#else
        .quad   0x00CF9B000000FFFF
#endif
        .quad   0x00CF93000000FFFF
boot_gdtr:
        .word   23
        .long   boot_gdt, 0

/* ---- entries of exceptions: error code and vector on the stack */
        .text
        .globl  stubs
        .balign 16
stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        .if     !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
        push    0x4EEE
        .endif
        .byte   0x6A, vector    /* PUSH of a byte with sign */
        jmp     common
        .set    vector, vector + 1
        .endr

#ifdef __x86_64__
        .set    W, 8
/* Stack: ip cs flags sp ss below error and vector; all vectors come with a
 * stack of their own (IST 1). */
common: push    r15
        push    r14
        push    r13
        push    r12
        push    r11
        push    r10
        push    r9
        push    r8
        push    rdi
        push    rsi
        push    rbp
        push    rsp
        push    rbx
        push    rdx
        push    rcx
        push    rax
        cld
        mov     rdi, rsp
        and     rsp, -16
        call    trapped
        .globl  resume_kernel
resume_kernel:
        push    2
        popfq
        mov     rsp, [kernel_sp]
        mov     eax, 0x10
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbp
        pop     rbx
        ret

/* enter(rdi = struct regs) */
        .globl  enter
enter:  push    rbx
        push    rbp
        push    r12
        push    r13
        push    r14
        push    r15
        mov     [kernel_sp], rsp
        push    [rdi + 19*W]    /* ss */
        push    [rdi + 4*W]     /* sp */
        push    [rdi + 17*W]    /* flags */
        push    [rdi + 18*W]    /* cs */
        push    [rdi + 16*W]    /* ip */
        mov     rax, [rdi + 20*W]
        mov     ds, eax
        mov     rax, [rdi + 21*W]
        mov     es, eax
        mov     rax, [rdi + 22*W]
        mov     fs, eax
        mov     rax, [rdi + 23*W]
        mov     gs, eax
        mov     rax, [rdi + 28*W]
        mov     dr7, rax
        mov     rax, [rdi]
        mov     rcx, [rdi + 1*W]
        mov     rdx, [rdi + 2*W]
        mov     rbx, [rdi + 3*W]
        mov     rbp, [rdi + 5*W]
        mov     rsi, [rdi + 6*W]
        mov     r8, [rdi + 8*W]
        mov     r9, [rdi + 9*W]
        mov     r10, [rdi + 10*W]
        mov     r11, [rdi + 11*W]
        mov     r12, [rdi + 12*W]
        mov     r13, [rdi + 13*W]
        mov     r14, [rdi + 14*W]
        mov     r15, [rdi + 15*W]
        mov     rdi, [rdi + 7*W]
        iretq
#else
        .set    W, 4
/* Stack: ip cs flags (sp ss, in V86 also es ds fs gs) below error and
 * vector; then the general registers (PUSHAD) and data segments. */
common: pushad
        push    ds
        push    es
        push    fs
        push    gs
        mov     eax, 0x10
        mov     ds, eax
        mov     es, eax
        cld
        mov     ebx, esp
        mov     ecx, ss
        mov     ss, eax
        mov     esp, offset handler_stack_top
        push    ecx
        push    ebx
        call    trapped
        .globl  resume_kernel
resume_kernel:
        mov     eax, 0x10
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        mov     ss, eax
        mov     esp, [kernel_sp]
        push    2
        popfd
        pop     edi
        pop     esi
        pop     ebp
        pop     ebx
        ret

/* enter([esp + 4] = struct regs). To ring 0 the frame of IRET is on the
 * new stack, which is not switched. */
        .globl  enter
enter:  mov     edx, [esp + 4]
        push    ebx
        push    ebp
        push    esi
        push    edi
        mov     [kernel_sp], esp
        mov     eax, [edx + 9*W]
        test    eax, 0x20000
        jnz     1f
        test    byte ptr [edx + 10*W], 3
        jnz     2f
        mov     eax, [edx + 11*W]
        mov     ss, eax
        mov     esp, [edx + 4*W]
        jmp     3f
1:      push    [edx + 15*W]    /* gs fs ds es */
        push    [edx + 14*W]
        push    [edx + 12*W]
        push    [edx + 13*W]
2:      push    [edx + 11*W]    /* ss sp */
        push    [edx + 4*W]
3:      push    [edx + 9*W]     /* flags cs ip */
        push    [edx + 10*W]
        push    [edx + 8*W]
        test    dword ptr [edx + 9*W], 0x20000
        jnz     4f
        mov     eax, [edx + 13*W]
        mov     es, eax
        mov     eax, [edx + 14*W]
        mov     fs, eax
        mov     eax, [edx + 15*W]
        mov     gs, eax
        push    [edx + 12*W]
        jmp     5f
4:      push    ds
5:      push    [edx + 2*W]
        mov     eax, [edx + 20*W]
        mov     dr7, eax
        mov     eax, [edx]
        mov     ecx, [edx + 1*W]
        mov     ebx, [edx + 3*W]
        mov     ebp, [edx + 5*W]
        mov     esi, [edx + 6*W]
        mov     edi, [edx + 7*W]
        pop     edx
        pop     ds
        iretd

/* Double faults come by a task gate: the stack may be what is wrong. */
        .globl  double_fault_entry
double_fault_entry:
        cld
        push    2
        popfd
        call    double_faulted
        jmp     resume_kernel
#endif
        .globl  kernel_sp
        .section .bss
        .balign 4096
kernel_stack:
        .skip   0x4000
kernel_stack_top:
        .skip   0x2000
        .globl  exception_stack_top
exception_stack_top:
        .skip   0x2000
handler_stack_top:
kernel_sp:
        .skip   8
#ifdef __x86_64__
        .balign 4096
        .globl  boot_pml4, boot_pdpt, boot_pd
boot_pml4:
        .skip   0x1000
boot_pdpt:
        .skip   0x1000
boot_pd:
        .skip   0x4000
#endif
        .section .note.GNU-stack, "", @progbits
