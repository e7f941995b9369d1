/* micro_code.S - what micro.c times, where C cannot say it: loops of CX rounds
 * that end with INT 30h. DI, SI, BX, DX come from micro.c's table. */
        .intel_syntax noprefix
#ifdef __x86_64__
        .set    W, 8
#define AX rax
#define CX rcx
#define DX rdx
#define BX rbx
#define SI rsi
#define DI rdi
#define SP rsp
#define WORD qword ptr
#define IRET iretq
#else
        .set    W, 4
#define AX eax
#define CX ecx
#define DX edx
#define BX ebx
#define SI esi
#define DI edi
#define SP esp
#define WORD dword ptr
#define IRET iretd
#endif
        .macro  piece name
        .globl  micro_\name
        .balign 64
micro_\name:
        .endm
        .macro  again to
        dec     CX
        jnz     \to
        int     0x30
        .endm

        .section .snip, "awx", @progbits
        .balign 4096
/* A function of C: AX(DI). */
        piece   call_c
#ifndef __x86_64__
        push    0
        push    0
        push    0
        push    edi
#endif
        call    AX
        int     0x30

/* ---- ways from block to block */
        piece   jump
1:
        .rept   16
        jmp     2f
        .balign 8
2:
        .endr
        again   1b

        piece   jump_far
1:      jmp     far_a
        .balign 4096
far_a:  jmp     far_b
        .balign 4096
far_b:  jmp     far_c
        .balign 4096
far_c:  jmp     far_d
        .balign 4096
far_d:  again   1b

        piece   jump_indirect
        lea     BX, [2f]
1:      jmp     BX
        .balign 8
2:      again   1b

/* Eight targets in an order that repeats after 64 jumps. */
        piece   jump_table
        xor     edx, edx
1:      inc     edx
        mov     eax, edx
        shr     eax, 3
        xor     eax, edx
        and     eax, 7
        jmp     [AX*W + targets]
        .balign 16
target_0:
        .rept   8
        .balign 16
        lea     SI, [SI + 1]
        dec     CX
        jnz     1b
        int     0x30
        .endr
        .balign 16
targets:
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
        .if     W == 8
        .quad   target_0 + \n * 16
        .else
        .long   target_0 + \n * 16
        .endif
        .endr

        piece   call_ret
1:      call    2f
        again   1b
        .balign 16
2:      ret

/* ---- memory: SI leads to a chain or pages of its own */
        piece   chase
1:
        .rept   8
        mov     SI, [SI]
        .endr
        again   1b

/* One load in each of DX pages from SI on; then from the first again. */
        piece   pages
1:      mov     DI, SI
        mov     BX, DX
2:      mov     eax, [DI]
        add     DI, 4096 + 64
        dec     BX
        jnz     2b
        again   1b

/* ---- the MMU. DI is the linear address, SI its entry, AX CR3. */
        piece   load_cr3
1:      mov     cr3, DX
        xchg    DX, BX
        again   1b

        piece   load_cr3_touch
1:      mov     cr3, DX
        xchg    DX, BX
        mov     DI, SI
        mov     eax, 64
2:      add     ebp, [DI]
        add     DI, 4096
        dec     eax
        jnz     2b
        again   1b

        piece   invlpg
1:      invlpg  [DI]
        mov     al, [DI]
        again   1b

        piece   pte
1:      mov     [SI], DX
        xchg    DX, BX
        invlpg  [DI]
        mov     al, [DI]
        again   1b

/* The page is taken away; the handler, micro_on_map, gives it back. */
        piece   demand
1:      mov     WORD [SI], 0
        invlpg  [DI]
        mov     al, [DI]
        again   1b

/* ---- exceptions and other rings */
        piece   fault
1:      mov     al, [DI]
        again   1b

        piece   undefined
1:      ud2
        again   1b

        piece   int
1:      int     0x31
        again   1b

        piece   system_call
#ifdef __x86_64__
        mov     rbx, rcx
1:      syscall
        dec     rbx
        jnz     1b
        int     0x30
#else
        mov     ebx, ecx
        lea     edx, [2f]
        mov     ecx, esp
1:      sysenter
2:      dec     ebx
        jnz     1b
        int     0x30
#endif

/* ---- devices */
        piece   out
1:      out     0x80, al
        again   1b

        piece   in
1:      in      al, 0x21
        again   1b

        piece   load
1:      mov     eax, [DI]
        again   1b

        piece   rdtsc
1:      rdtsc
        again   1b

/* ---- strings: DX bytes from SI to DI */
        piece   movsb
        mov     BX, CX
1:      push    SI
        push    DI
        mov     CX, DX
        rep movsb
        pop     DI
        pop     SI
        dec     BX
        jnz     1b
        int     0x30

        piece   stosb
        mov     BX, CX
        mov     al, 0
1:      mov     CX, DX
        push    DI
        rep stosb
        pop     DI
        dec     BX
        jnz     1b
        int     0x30

/* ---- code that is stored to: the byte at SI beside or in code at DI */
        piece   smc
1:      mov     [SI], ecx
        call    DI
        again   1b

        .balign 4096
        piece   patched
        mov     eax, 0
        ret
        .balign 4096

/* ---- handlers: the instruction is two bytes long, or is repeated */
        .text
        .globl  micro_on_fault, micro_on_undefined, micro_on_int
        .globl  micro_on_map, micro_on_call
        .balign 16
micro_on_fault:
        add     SP, W
        add     WORD [SP], 2
        IRET
micro_on_undefined:
        add     WORD [SP], 2
micro_on_int:
        IRET
micro_on_map:
        add     SP, W
        mov     [SI], DX
        IRET
micro_on_call:
#ifdef __x86_64__
        sysretq
#else
        sysexit
#endif
        .section .note.GNU-stack, "", @progbits
