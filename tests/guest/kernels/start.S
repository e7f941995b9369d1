/* start.S - headers and entries of the test kernel: Multiboot 1 and 2, PVH,
 * plain ELF. Which headers it has is chosen by -DMULTIBOOT1 and so on. */

#ifdef MULTIBOOT1
    .section .header, "a"
    .balign 4
    .long 0x1BADB002, 7, -(0x1BADB002 + 7)
    .long 0, 0, 0, 0, 0
    .long 0, 800, 600, 32               /* graphics */
#endif
#ifdef MULTIBOOT2
    .section .header, "a"
    .balign 8
header:
    .long 0xE85250D6, 0, header_end - header
    .long -(0xE85250D6 + (header_end - header))
    .word 1, 0                          /* requests: memory, map, RSDP */
    .long 20, 4, 6, 15
    .balign 8
    .word 5, 1                          /* framebuffer, optional */
    .long 20, 640, 480, 32
    .balign 8
    .word 6, 0
    .long 8
    .word 0, 0
    .long 8
header_end:
#endif
#ifdef PVH
    .section .note.pvh, "a", @note
    .long 4, 4, 18
    .asciz "Xen"
    .long _start
#endif

    .text
    .globl _start
#ifdef __x86_64__
_start:
    movq %rsp, %rbx                     /* the stack that we were given */
    leaq stack_top(%rip), %rsp
    movl $64, %edi
    movl %ebx, %esi
    call kernel_main
#else
_start:
    movl $stack_top, %esp
    pushl %ebx
    pushl %eax
    call kernel_main
#endif
1:  hlt
    jmp 1b

    .bss
    .balign 16
    .skip 8192
stack_top:
    .section .note.GNU-stack, "", @progbits
