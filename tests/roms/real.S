/* real.S - into real mode and back. real_begin..real_end is copied to 7000h,
 * 256 entries of exceptions to 5000h, by rom.c, which also holds the other
 * ends of the areas at 6000h (registers to load) and 6100h (what was found). */
        .intel_syntax noprefix
        .set    AT, 0x7000
        .set    IN, 0x6000
        .set    OUT, 0x6100
        .text
        .code32
        .globl  enter_real
enter_real:
        push    ebx
        push    ebp
        push    esi
        push    edi
        mov     [kernel_sp], esp
        ljmp    0x50, AT
resume_real:
        jmp     resume_kernel

        .globl  real_begin, real_end, real_common
        .code16
real_begin:
        mov     ax, 0x58
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        mov     eax, cr0
        and     eax, 0x7FFFFFFE
        mov     cr0, eax
        ljmp    0, offset (1f - real_begin + AT)
1:      xor     ax, ax
        mov     ds, ax
        lidt    [ivt - real_begin + AT]
        mov     es, word ptr [IN + 13*4]
        mov     fs, word ptr [IN + 14*4]
        mov     gs, word ptr [IN + 15*4]
        mov     ss, word ptr [IN + 11*4]
        mov     esp, dword ptr [IN + 4*4]
        push    dword ptr [IN + 9*4]
        push    dword ptr [IN + 10*4]
        push    dword ptr [IN + 8*4]
        push    word ptr [IN + 12*4]
        mov     eax, [IN + 20*4]
        mov     dr7, eax
        mov     eax, [IN]
        mov     ecx, [IN + 1*4]
        mov     edx, [IN + 2*4]
        mov     ebx, [IN + 3*4]
        mov     ebp, [IN + 5*4]
        mov     esi, [IN + 6*4]
        mov     edi, [IN + 7*4]
        pop     ds
        iretd
        /* Behind an entry: vector, ip, cs, flags on the stack. */
real_common:
        push    ds
        pushad
        xor     ax, ax
        mov     ds, ax
        mov     [OUT], esp
        mov     word ptr [OUT + 4], ss
        mov     word ptr [OUT + 8], es
        mov     word ptr [OUT + 12], fs
        mov     word ptr [OUT + 16], gs
        xor     eax, eax
        mov     dr7, eax
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        .byte   0x66, 0xEA
        .long   resume_real
        .word   0x08
        .balign 4
ivt:    .word   0x3FF
        .long   0
real_end:
        .section .note.GNU-stack, "", @progbits
