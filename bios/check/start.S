/* Boot sector and entry of the BIOS check program: loads itself from the
 * boot diskette (18 sectors, two heads) to 1000:0000 and calls check_main
 * with CS = DS = SS = 1000h, FS = 0040h. */

    .section .boot, "ax"
    .code16
    .globl boot
boot:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %ss
    movw $0x7000, %sp
    sti
    movw $0x1000, %ax
    movw %ax, %es
    xorw %bx, %bx
    movw $0, %si                        /* linear sector */
1:
    movw %si, %ax
    movb $36, %cl
    divb %cl                            /* AL cylinder, AH rest */
    movb %al, %ch
    movzbw %ah, %ax
    movb $18, %cl
    divb %cl                            /* AL head, AH sector */
    movb %al, %dh
    movb %ah, %cl
    incb %cl
    movb $0, %dl
    movw $0x0201, %ax
    int $0x13
    jc 1b
    movw %es, %ax
    addw $0x20, %ax
    movw %ax, %es
    incw %si
    cmpw $114, %si
    jb 1b
    movw $0x1000, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %gs
    cli
    movw %ax, %ss
    movl $0xFFF0, %esp
    sti
    movw $0x40, %ax
    movw %ax, %fs
    ljmpw $0x1000, $2f
2:
    cld
    movw $bss_start, %di
    movw $bss_end, %cx
    subw %di, %cx
    xorb %al, %al
    rep stosb
    calll check_main
3:
    hlt
    jmp 3b
    .org 510
    .word 0xAA55

    .text
/* void int_call(uint32_t number, struct regs *r), as in bios/entry.S. */
    .globl int_call
int_call:
    pushl %ebx
    pushl %esi
    pushl %edi
    pushl %ebp
    pushl %edx
    pushfw
    pushw %cs
    pushw $1f
    xorw %cx, %cx
    movw %cx, %gs
    pushl %gs:(,%eax,4)
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
    movl 8(%esp), %edx
    movl %edi, 8(%edx)
    movl %esi, 12(%edx)
    movl %ebp, 16(%edx)
    movl %ebx, 24(%edx)
    movl %ecx, 32(%edx)
    movl %eax, 36(%edx)
    movw %es, 4(%edx)
    popl 28(%edx)
    popw 6(%edx)
    popw 46(%edx)
    addw $4, %sp
    cld
    movw %ds, %ax
    movw %ax, %es
    movw $0x40, %ax
    movw %ax, %fs
    popl %ebp
    popl %edi
    popl %esi
    popl %ebx
    retl

/* The pointing device's handler: keeps status, X, Y. */
    .globl mouse_handler
mouse_handler:
    pushw %bp
    movw %sp, %bp
    pushw %ax
    movw 12(%bp), %ax
    movw %ax, %cs:mouse_status
    movw 10(%bp), %ax
    movw %ax, %cs:mouse_x
    movw 8(%bp), %ax
    movw %ax, %cs:mouse_y
    incw %cs:mouse_calls
    popw %ax
    popw %bp
    lretw

/* int protected_trip(void): INT 15h AH=89h and back; 1 = has been there. */
    .globl protected_trip
protected_trip:
    pushl %ebx
    pushl %esi
    pushl %ebp
    pushw %fs
    cli
    movw $trip_gdt, %si
    movw $0x0870, %bx
    movb $0x89, %ah
    int $0x15
    smsw %ax
    andl $1, %eax
    movl %eax, %edx
    movl %cr0, %eax                     /* segments have 64 KiB limits */
    andb $0xFE, %al
    movl %eax, %cr0
    ljmpw $0x1000, $1f
1:
    movw $0x1000, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    lidtl trip_ivt
    popw %fs
    movb $0xB8, %al                     /* timer, keyboard, diskette */
    outb %al, $0x21
    movb $0x2E, %al                     /* RTC, mouse, disks */
    outb %al, $0xA1
    sti
    movl %edx, %eax
    popl %ebp
    popl %esi
    popl %ebx
    retl

    .data
    .globl mouse_status, mouse_x, mouse_y, mouse_calls
mouse_status:
    .word 0
mouse_x:
    .word 0
mouse_y:
    .word 0
mouse_calls:
    .word 0
trip_ivt:
    .word 0x3FF
    .long 0
    .balign 8
trip_gdt:
    .quad 0
    .word 0x3F, trip_gdt, 0x0001, 0     /* 10000 + trip_gdt */
    .word 0x3FF, 0, 0, 0
    .quad 0x000093010000FFFF            /* DS */
    .quad 0x000093010000FFFF            /* ES */
    .quad 0x000093010000FFFF            /* SS */
    .quad 0x00009B010000FFFF            /* CS */
    .quad 0
