/* Option ROM for the tests: a PnP header with boot connection and boot entry
 * vector, a PCI data structure. Tells on the debug port what it was given,
 * takes memory from the POST memory manager, makes itself smaller; its boot
 * entry ends the run by port F4h (20h) if it is what was booted. */

    .code16
    .section .boot, "ax"
    .globl probe
probe:
    .byte 0x55, 0xAA, 4                 /* 2 KiB, of which 1 stays */
    jmp init
    .org 0x18
    .word pcir
    .word pnp
pcir:
    .ascii "PCIR"
    .word 0x1234, 0x7777, 0, 0x18
    .byte 0, 0, 0, 2
    .word 4, 1
    .byte 0, 0x80
    .word 0
    .balign 16
pnp:
    .ascii "$PnP"
    .byte 1, 2
    .word 0
    .byte 0, 0
    .long 0
    .word maker, product
    .byte 2, 0, 0, 0x14
    .word bcv, 0, bev, 0, 0
maker:
    .asciz "Umbra"
product:
    .asciz "test ROM"

init:
    pushw %ds
    pushw %cs
    popw %ds
    movw $text_init, %si
    call puts
    cmpl $0x506E5024, %es:(%di)         /* $PnP at ES:DI */
    jne bad
    cmpw $0xFFFF, %bx
    jne bad
    movw %ss, %ax
    testw %ax, %ax                      /* reaches all memory by SS */
    jnz bad
    call pmm_take
    jc bad
    movl $0x12345678, %eax              /* big real mode: no fault, kept */
    pushw %ds
    pushw $0
    popw %ds
    addr32 movl %eax, (%ebx)
    addr32 cmpl %eax, (%ebx)
    popw %ds
    jne bad
    movb $2, %cs:2                      /* smaller from now on */
    movw $text_ok, %si
    call puts
    popw %ds
    movw $0x0180, %ax
    lretw
bad:
    movw $text_bad, %si
    call puts
    popw %ds
    xorw %ax, %ax
    lretw

/* 64 KiB, aligned, of extended memory: address in EBX. */
pmm_take:
    pushw %es
    pushw $0xF000
    popw %es
    xorw %di, %di
1:
    cmpl $0x4D4D5024, %es:(%di)         /* $PMM */
    je 2f
    addw $16, %di
    jnz 1b
    popw %es
    stc
    ret
2:
    pushw $6                            /* extended, aligned */
    pushl $0xFFFFFFFF                   /* no handle */
    pushl $0x1000                       /* paragraphs */
    pushw $0
    lcallw *%es:7(%di)
    addw $12, %sp
    popw %es
    shll $16, %edx
    movw %ax, %dx
    movl %edx, %ebx
    testw $0xFFFF, %dx
    jnz 3f
    cmpl $0x100000, %ebx
    jb 3f
    clc
    ret
3:
    stc
    ret

bcv:
    pushw %ds
    pushw %cs
    popw %ds
    movw $text_bcv, %si
    call puts
    popw %ds
    lretw

bev:
    pushw %cs
    popw %ds
    movw $text_bev, %si
    call puts
    movb $0x20, %al
    outb %al, $0xF4
    lretw

puts:
    lodsb
    testb %al, %al
    jz 1f
    movw $0x402, %dx
    outb %al, %dx
    jmp puts
1:
    ret
text_init:
    .asciz "test ROM: start "
text_ok:
    .asciz "good\n"
text_bad:
    .asciz "BAD\n"
text_bcv:
    .asciz "test ROM: connect\n"
text_bev:
    .asciz "test ROM: boot\n"
    .org 2048 - 1                       /* mkrom adds the sum */
