/* exercise.S - a boot sector and what it loads: a guest that uses what an
 * emulator keeps derived state for. check_determinism.c runs it from
 * exercise.h, which holds the same bytes. To make it again:
 *
 *   gcc -m32 -c exercise.S && objcopy -O binary -j .text exercise.o e.bin
 *   and the bytes up to the last that is not 0 as an array (xxd -i).
 *
 * Real mode: INT 13h reads hard disk and floppy. 32-bit: two page directories
 * that differ in a window of 16 pages; pages of it are unmapped and come back
 * by page fault; the timer handler clears accessed bits and patches code that
 * runs; code is changed through an alias and in its own block; strings over
 * page borders; ATA reads and writes; HLT. 64-bit: the same in small, with
 * SSE2 and x87. Ends through the debug exit port with what it summed up at
 * 0500h. */
        .intel_syntax noprefix
        .set BASE, 0x7C00
        .set PD, 0x100000        /* first directory; its table follows */
        .set PD2, 0x102000
        .set PML4, 0x104000      /* PDPT and PD follow, then one PT */
        .set IDT, 0x90000
        .set WINDOW, 0x200000    /* 16 pages; to +1M in PD, +1M 64K in PD2 */
        .set COPY, 0x320001
        .set ALIAS, 0x3C0000     /* of the page that `patched` lies in */
        .set SUM, 0x500
        .set TICKS, 0x504
        .set FAULTS, 0x508
        .set ROUNDS, 300
        .set ROUNDS64, 150

        .text
        .code16
        .globl _start
_start: cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, BASE
        cld
        sti
        mov     si, offset packet - _start + BASE
        mov     ah, 0x42
        int     0x13
        jc      failed
        mov     ax, 0x0204      /* four sectors of the floppy */
        mov     bx, 0x600
        mov     cx, 0x0003
        mov     dx, 0x0100
        int     0x13
        jc      failed
        mov     si, 0x600       /* a copy with an odd source */
        mov     di, 0xE01
        mov     cx, 0x7FF
        rep movsb
        cli
        in      al, 0x92
        or      al, 2
        out     0x92, al
        lgdt    [gdtr - _start + BASE]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        ljmp    0x08, offset start32 - _start + BASE
failed: mov     al, 0x7E
        out     0xF4, al
        hlt

        .balign 4
packet: .byte   16, 0
        .word   7
        .word   BASE + 512, 0
        .quad   1
gdt:    .quad   0
        .quad   0x00CF9B000000FFFF /* 08h: 32-bit code */
        .quad   0x00CF93000000FFFF /* 10h: data */
        .quad   0x00AF9B000000FFFF /* 18h: 64-bit code */
gdtr:   .word   31
        .long   gdt - _start + BASE
idtr:   .word   0xFFF
        .long   IDT, 0

        .org    0x1FE
        .word   0xAA55

/* ---------------------------------------------------------------- 32-bit */
        .code32
start32:
        mov     eax, 0x10
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        mov     esp, 0x9F000
        xor     eax, eax        /* counters */
        mov     edi, SUM
        mov     ecx, 3
        rep stosd
        call    make_tables
        call    make_idt
        call    make_timer
        mov     eax, PD
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 0x80010000
        mov     cr0, eax
        sti
        xor     ebp, ebp        /* the round */
round:  mov     eax, ebp
        and     eax, 1
        shl     eax, 13
        add     eax, PD
        mov     cr3, eax
        /* One page of the window goes; it comes back by page fault. */
        mov     ecx, ebp
        and     ecx, 15
        and     dword ptr [eax + 0x1800 + ecx * 4], ~1
        shl     ecx, 12
        add     ecx, WINDOW
        invlpg  [ecx]
        mov     [ecx + 0xFFE], ebp /* over the page's end */
        mov     edi, ecx
        lea     eax, [ebp + 0x41]
        mov     ecx, 1500
        cmp     edi, WINDOW + 0xF000
        jb      1f
        sub     edi, 0x3000
1:      rep stosb
        mov     esi, WINDOW + 0xFF0
        mov     edi, COPY
        mov     ecx, 2200
        rep movsd
        mov     edi, COPY + 100
        mov     ecx, 4000
        mov     al, 0x5A
        repne scasb
        add     [SUM], ecx
        /* Code that changes: through its alias, and in its own block. */
        mov     eax, [SUM]
        mov     [ALIAS + patched_imm - patch_page], eax
        call    patched
        add     [SUM], eax
        mov     eax, ebp
        mov     [own - _start + BASE + 1], al
own:    mov     bl, 0
        movzx   ebx, bl
        add     [SUM], ebx
        /* A loop of plain code that the timer interrupts. */
        mov     ecx, 700
2:      lea     eax, [eax + eax * 4 + 7]
        adc     edx, eax
        rol     edx, 3
        xor     [SUM], edx
        imul    eax, eax, 0x343FD
        loop    2b
        test    ebp, 15
        jnz     3f
        hlt
3:      test    ebp, 31
        jnz     4f
        call    disk
4:      inc     ebp
        cmp     ebp, ROUNDS
        jb      round
        mov     esi, WINDOW
        mov     ecx, 0x4000
        call    add_up
        jmp     to_long

/* [SUM] = sum of ecx dwords at esi, rotated. */
add_up: xor     edx, edx
1:      lodsd
        add     edx, eax
        rol     edx, 5
        loop    1b
        add     [SUM], edx
        ret

make_tables:
        mov     edi, PD
        mov     ecx, 0x8000 / 4
        xor     eax, eax
        rep stosd
        mov     dword ptr [PD], PD + 0x1007
        mov     dword ptr [PD2], PD2 + 0x1007
        mov     eax, 7
        xor     edi, edi
1:      mov     [edi * 4 + PD + 0x1000], eax
        mov     [edi * 4 + PD2 + 0x1000], eax
        add     eax, 0x1000
        inc     edi
        cmp     edi, 1024
        jb      1b
        mov     edi, PD + 0x1000 + 0x200 * 4
        mov     eax, 0x300007
2:      mov     [edi], eax
        add     eax, 0x10000
        mov     [edi + PD2 - PD], eax
        sub     eax, 0xF000
        add     edi, 4
        cmp     eax, 0x310007
        jb      2b
        mov     eax, ((patch_page - _start + BASE) & 0xFFFFF000) + 7
        mov     [PD + 0x1000 + 0x3C0 * 4], eax
        mov     [PD2 + 0x1000 + 0x3C0 * 4], eax
        ret

make_idt:
        mov     edi, IDT
        mov     ecx, 0x2000 / 4
        xor     eax, eax
        rep stosd
        mov     eax, offset page_fault - _start + BASE + 0x80000
        mov     [IDT + 14 * 8], eax
        mov     dword ptr [IDT + 14 * 8 + 4], 0x8E00
        mov     eax, offset tick - _start + BASE + 0x80000
        mov     [IDT + 32 * 8], eax
        mov     dword ptr [IDT + 32 * 8 + 4], 0x8E00
        lidt    [idtr - _start + BASE]
        ret

make_timer:
        mov     al, 0x11
        out     0x20, al
        out     0xA0, al
        mov     al, 32
        out     0x21, al
        mov     al, 40
        out     0xA1, al
        mov     al, 4
        out     0x21, al
        mov     al, 2
        out     0xA1, al
        mov     al, 1
        out     0x21, al
        out     0xA1, al
        mov     al, 0xFE
        out     0x21, al
        mov     al, 0xFF
        out     0xA1, al
        mov     al, 0x34
        out     0x43, al
        mov     al, 97          /* every 81 us, about 20,000 instructions */
        out     0x40, al
        xor     al, al
        out     0x40, al
        ret

/* The directory in use tells the table; the page becomes present. */
page_fault:
        push    eax
        push    ecx
        mov     eax, cr3
        mov     ecx, cr2
        add     [SUM], ecx
        shr     ecx, 12
        or      dword ptr [eax + 0x1000 + ecx * 4], 1
        inc     dword ptr [FAULTS]
        pop     ecx
        pop     eax
        add     esp, 4
        iret

/* Accessed and dirty bits go without INVLPG; running code gets a new
 * constant. */
tick:   push    eax
        push    ecx
        mov     eax, cr3
        inc     dword ptr [TICKS]
        mov     ecx, [TICKS]
        and     ecx, 15
        and     dword ptr [eax + 0x1800 + ecx * 4], ~0x60
        mov     ecx, [TICKS]
        add     [loop_imm - _start + BASE], ecx
        mov     al, 0x20
        out     0x20, al
        pop     ecx
        pop     eax
        iret

/* Sector 20 + round / 32 into the window, and out again 20 further. */
disk:   mov     bl, 0x20
        mov     bh, 20
        call    1f
        mov     edi, WINDOW + 0x2F00
        mov     ecx, 256
        rep insw
        mov     bl, 0x30
        mov     bh, 40
        call    1f
        mov     esi, WINDOW + 0x2F00
        mov     ecx, 256
        rep outsw
2:      mov     edx, 0x1F7
        in      al, dx
        test    al, 0x80
        jnz     2b
        ret
1:      mov     edx, 0x1F2
        mov     al, 1
        out     dx, al
        inc     edx
        mov     eax, ebp
        shr     eax, 5
        add     al, bh
        out     dx, al
        inc     edx
        xor     al, al
        out     dx, al
        inc     edx
        out     dx, al
        inc     edx
        mov     al, 0xE0
        out     dx, al
        inc     edx
        mov     al, bl
        out     dx, al
3:      in      al, dx
        test    al, 0x80
        jnz     3b
        test    al, 8
        jz      3b
        mov     edx, 0x1F0
        ret

/* ---------------------------------------------------------------- 64-bit */
to_long:
        cli
        mov     eax, cr0
        and     eax, 0x7FFFFFFF
        mov     cr0, eax
        mov     dword ptr [PML4], PML4 + 0x1007
        mov     dword ptr [PML4 + 0x1000], PML4 + 0x2007
        mov     dword ptr [PML4 + 0x2000], 0x87
        mov     dword ptr [PML4 + 0x2008], PML4 + 0x3007
        mov     eax, 0x300007   /* WINDOW on, 4 KiB pages */
        xor     edi, edi
1:      mov     [PML4 + 0x3000 + edi * 8], eax
        add     eax, 0x1000
        inc     edi
        cmp     edi, 256
        jb      1b
        mov     eax, cr4
        or      eax, 0x620      /* PAE, OSFXSR, OSXMMEXCPT */
        mov     cr4, eax
        mov     eax, PML4
        mov     cr3, eax
        mov     ecx, 0xC0000080
        rdmsr
        or      eax, 0x100
        wrmsr
        mov     eax, cr0
        or      eax, 0x80010002
        and     eax, ~0xC
        mov     cr0, eax
        ljmp    0x18, offset start64 - _start + BASE

        .code64
start64:
        mov     dword ptr [IDT + 14 * 16], \
                offset page_fault64 - _start + BASE + 0x180000
        mov     dword ptr [IDT + 14 * 16 + 4], 0x8E00
        mov     dword ptr [IDT + 32 * 16], \
                offset tick64 - _start + BASE + 0x180000
        mov     dword ptr [IDT + 32 * 16 + 4], 0x8E00
        mov     dword ptr [IDT + 14 * 16 + 8], 0
        mov     dword ptr [IDT + 32 * 16 + 8], 0
        lidt    [idtr - _start + BASE]
        mov     r8d, PML4
        sti
        fninit
        fldz
        pxor    xmm1, xmm1
        xor     ebp, ebp
round64:
        mov     ecx, ebp
        and     ecx, 15
        and     dword ptr [r8 + 0x3000 + rcx * 8], ~1
        shl     ecx, 12
        add     ecx, WINDOW
        invlpg  [rcx]
        mov     [rcx + 0x7FA], rbp
        mov     rsi, rcx
        lea     rdi, [rcx + 0x20003]
        mov     ecx, 0x1FF
        rep movsq
        mov     r9d, 300
1:      cvtsi2sd xmm0, r9
        sqrtsd  xmm0, xmm0
        addsd   xmm1, xmm0
        mulpd   xmm0, xmm1
        movdqu  [rdi + r9 * 8], xmm0
        paddq   xmm2, xmm0
        fld     qword ptr [rdi + r9 * 8]
        fsqrt
        faddp
        mov     rax, [rdi + r9 * 8]
        mul     r9
        add     r10, rdx
        adc     r11, rax
        dec     r9d
        jnz     1b
        mov     cr3, r8
        test    ebp, 15
        jnz     2f
        hlt
2:      inc     ebp
        cmp     ebp, ROUNDS64
        jb      round64
        cli
        add     [SUM], r10d
        add     [SUM], r11d
        fstp    qword ptr [SUM + 16]
        movdqa  [SUM + 32], xmm2
        mov     al, 0x15
        out     0xF4, al
        hlt

page_fault64:
        push    rax
        mov     rax, cr2
        add     [SUM], eax
        shr     eax, 12
        and     eax, 511
        or      dword ptr [PML4 + 0x3000 + rax * 8], 1
        inc     dword ptr [FAULTS]
        pop     rax
        add     rsp, 8
        iretq

tick64: push    rax
        inc     dword ptr [TICKS]
        mov     eax, [TICKS]
        and     eax, 15
        and     dword ptr [PML4 + 0x3000 + rax * 8], ~0x60
        mov     al, 0x20
        out     0x20, al
        pop     rax
        iretq

/* -------------------------------------------------- code that is changed */
        .code32
        .org    0xC00           /* the next page, but for BASE's 0C00h */
patch_page = _start + 0x400
patched:
        mov     eax, 0x12345678
        patched_imm = . - 4
        mov     ecx, 40
1:      add     eax, 0x01010101
        loop_imm = . - 4
        ror     eax, 1
        loop    1b
        ret
        .org    0x1000
