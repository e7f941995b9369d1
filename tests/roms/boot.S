/* boot.S - boot sector that stands before a ROM's image on a floppy, for
 * emulators that do not load Multiboot kernels. It reads the ROM, track by
 * track, copies it to 1 MB and enters it as a Multiboot loader does, without
 * an information structure, which the ROMs do not read. */
        .intel_syntax noprefix
        .set    BASE, 0x7C00
        .set    BUFFER, 0x20000
        .set    SECTORS, 18
        .set    TRACKS, 40      /* of both sides: 360 KB */
        .text
        .code16
        .globl  _start
_start: ljmp    0, offset (begin - _start + BASE)
begin:  cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, BASE
        sti
        cld
        in      al, 0x92
        or      al, 2
        and     al, 0xFE
        out     0x92, al
        mov     edi, 0x100000
        mov     bp, 0           /* track * 2 + side */
next:   mov     ax, BUFFER / 16
        mov     es, ax
        mov     cx, bp
        mov     dh, cl
        and     dh, 1
        mov     dl, 0
        shr     cx, 1
        mov     ch, cl
        mov     cl, 1
        mov     ax, 0x0200 + SECTORS
        xor     bx, bx
        push    edi
        push    bp
        int     0x13
        pop     bp
        pop     edi
        cli
        lgdt    [gdtr - _start + BASE]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     1f
1:      mov     bx, 0x10
        mov     ds, bx
        mov     es, bx
        and     al, 0xFE
        mov     cr0, eax
        xor     bx, bx
        mov     ecx, SECTORS * 512 / 4
        mov     esi, BUFFER
        test    bp, bp
        jnz     2f
        add     esi, 512        /* this sector */
        sub     ecx, 512 / 4
2:      mov     eax, [esi]
        mov     [edi], eax
        add     esi, 4
        add     edi, 4
        dec     ecx
        jnz     2b
        mov     ds, bx
        sti
        inc     bp
        cmp     bp, TRACKS
        jb      next

        cli
        lgdt    [gdtr - _start + BASE]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        ljmp    0x08, offset (flat_begin - _start + BASE)
        .code32
flat_begin:
        mov     eax, 0x10
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        mov     fs, eax
        mov     gs, eax
        mov     eax, 0x2BADB002
        xor     ebx, ebx
        mov     ecx, 0x100000
        jmp     ecx
        .balign 8
gdt:    .quad   0
        .quad   0x00CF9B000000FFFF
        .quad   0x00CF93000000FFFF
gdtr:   .word   23
        .long   gdt - _start + BASE
        .org    510
        .byte   0x55, 0xAA
        .section .note.GNU-stack, "", @progbits
