/* Boot sector that tells how it was booted and what the drive is like, then
 * ends by port F4h (10h), or with INT 18h when its byte `next` is 1, or boots
 * the CD's 1.44 MB diskette at block `image` by INT 13h AX=4C00h when it is 2.
 * On the debug port: "dl=80 08=FE3F:0102 15=03 last=ok 4b=04:80 4d=55", that
 * is DL, CX:DX of AH=08h, AH of 15h, whether the last sector that these name
 * begins with LAST, medium and drive of AX=4B01h, byte 1Eh of the boot catalog
 * by AX=4D00h; "--" where CF was set. */

    .code16
    .section .boot, "ax"
    .globl probe
probe:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x7C00, %sp
    sti
    cld
    call 1f                             /* any CS: to 0000:7Cxx */
1:
    popw %si
    movw %cs, %ax
    movw $0x7C00, %di
    shlw $4, %ax
    addw %ax, %si
    subw $(1b - probe), %si             /* where we are */
    movw $0x100, %cx
    rep movsw
    ljmpw $0, $2f + 0x7C00
2:
    movb %dl, drive + 0x7C00
    movw $text_dl + 0x7C00, %si
    call puts
    movb %dl, %al
    call hex8
    movw $text_08 + 0x7C00, %si
    call puts
    movb $0x08, %ah
    call disk
    jc none_08
    movw %cx, last_cx + 0x7C00
    movb %dh, last_dh + 0x7C00
    movw %cx, %ax
    call hex16
    movb $':', %al
    call putc
    movw %dx, %ax
    call hex16
    jmp 3f
none_08:
    call none
3:
    movw $text_15 + 0x7C00, %si
    call puts
    movb $0x15, %ah
    call disk
    jc 4f
    movb %ah, %al
    call hex8
    jmp 5f
4:
    call none
5:
    movw $text_last + 0x7C00, %si
    call puts
    movw last_cx + 0x7C00, %cx
    jcxz no_last
    movb last_dh + 0x7C00, %dh
    movb drive + 0x7C00, %dl
    movw $0x0201, %ax
    movw $0x8000, %bx
    int $0x13
    jc no_last
    cmpl $0x5453414C, 0x8000            /* LAST */
    jne no_last
    movw $text_ok + 0x7C00, %si
    call puts
    jmp 6f
no_last:
    call none
6:
    movw $text_4b + 0x7C00, %si
    call puts
    movw $0x8000, %si
    movw $0x4B01, %ax
    movb drive + 0x7C00, %dl
    int $0x13
    jc 7f
    movb 0x8001, %al
    call hex8
    movb $':', %al
    call putc
    movb 0x8002, %al
    call hex8
    jmp 8f
7:
    call none
8:
    movw $text_4d + 0x7C00, %si
    call puts
    movw $catalog + 0x7C00, %si
    movw $0x4D00, %ax
    int $0x13
    jc 7f
    movb 0x8A1E, %al
    call hex8
    jmp 8f
7:
    call none
8:
    movb $'\n', %al
    call putc
    cmpb $1, next + 0x7C00
    jb 9f
    ja chain
    int $0x18
chain:                                  /* the packet of 4B01h, changed */
    movb $2, 0x8001
    movb $0, 0x8002
    movl image + 0x7C00, %eax
    movl %eax, 0x8004
    movw $0x4B00, %ax
    movw $0x8400, %si
    movb drive + 0x7C00, %dl
    int $0x13
    movw $0x8000, %si
    movw $0x4C00, %ax
    int $0x13
    movb $'!', %al                      /* it came back */
    call putc
9:
    movb $0x10, %al
    outb %al, $0xF4
    hlt
    jmp 9b

disk:
    xorw %di, %di
    movb drive + 0x7C00, %dl
    int $0x13
    pushw $0                            /* AH=08h sets ES */
    popw %es
    ret

none:
    movw $text_none + 0x7C00, %si
puts:
    lodsb
    testb %al, %al
    jz 1f
    call putc
    jmp puts
1:
    ret

hex16:
    pushw %ax
    movb %ah, %al
    call hex8
    popw %ax
hex8:
    pushw %ax
    shrb $4, %al
    call digit
    popw %ax
digit:
    andb $15, %al
    addb $'0', %al
    cmpb $'9', %al
    jbe putc
    addb $7, %al
putc:
    pushw %dx
    movw $0x402, %dx
    outb %al, %dx
    popw %dx
    ret

text_dl:
    .asciz "dl="
text_08:
    .asciz " 08="
text_15:
    .asciz " 15="
text_last:
    .asciz " last="
text_4b:
    .asciz " 4b="
text_4d:
    .asciz " 4d="
text_ok:
    .asciz "ok"
text_none:
    .asciz "--"
drive:
    .byte 0
last_dh:
    .byte 0
last_cx:
    .word 0
catalog:                                /* one sector to 0000:8A00 */
    .byte 8, 1
    .word 0x8A00, 0, 0
    .org 441
image:
    .long 0
next:
    .byte 0
    .org 510
    .word 0xAA55
