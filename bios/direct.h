/* direct.h - what devices/boot_stub.c and the code of direct.S and direct.c
 * agree on: offsets within the image, which begins on 16 bytes.
 *
 * The loader fills in parameters and fixes. The code finds out facts by
 * calling the BIOS, applies the fixes whose fact is there, and enters the
 * kernel. */
#ifndef DIRECT_H
#define DIRECT_H

/* Parameters. */
#define DIRECT_ENTRY   16 /* 32 bits: address, or CS:IP for 16-bit code */
#define DIRECT_EAX     20
#define DIRECT_EBX     24
#define DIRECT_VIDEO   28 /* 16 bits each: DIRECT_TEXT ... and wishes */
#define DIRECT_WIDTH   30
#define DIRECT_HEIGHT  32
#define DIRECT_DEPTH   34
#define DIRECT_FIXES   36 /* number of fixes */
#define DIRECT_MODE    38 /* 16 or 32 */
#define DIRECT_PRESENT 40 /* 32 bits: facts found, bit n is fact n */
#define DIRECT_FIX     48 /* the fixes */

/* Values of DIRECT_VIDEO. */
#define DIRECT_LEAVE    0
#define DIRECT_GRAPHICS 1
#define DIRECT_TEXT     2

/* A fix: fact (8 bits), operation (8), 16 unused bits, size (32), offset of
 * the fact or source address (32), destination address (32). */
#define DIRECT_FIX_SIZE   16
#define DIRECT_MAX_FIXES  40
#define DIRECT_COPY       0 /* bytes of the facts to the destination */
#define DIRECT_OR         1 /* the value in `offset` into 32 bits */
#define DIRECT_STORE      2 /* the value in `offset` */
#define DIRECT_COPY_TABLE 3 /* from the address in the facts, size there */
#define DIRECT_MOVE       4 /* memory */

/* Bits of DIRECT_PRESENT. */
#define DIRECT_ALWAYS 0
#define DIRECT_RSDP   1
#define DIRECT_RSDP2  2 /* of ACPI 2.0 or later */
#define DIRECT_SMBIOS 3
#define DIRECT_CONFIG 4
#define DIRECT_APM    5
#define DIRECT_DRIVES 6
#define DIRECT_VBE    7
#define DIRECT_SCREEN 8

/* Facts: offsets from DIRECT_FACTS. */
#define DIRECT_FACTS        (DIRECT_FIX + DIRECT_FIX_SIZE * DIRECT_MAX_FIXES)
#define FACT_RSDP_ADDRESS   0  /* 64 bits */
#define FACT_RSDP           8  /* itself, 36 bytes */
#define FACT_SMBIOS         44 /* address and size of the table, 32 bits */
#define FACT_SMBIOS_VERSION 52 /* two bytes */
#define FACT_CONFIG         56 /* address of INT 15h, AH = C0h's table */
#define FACT_APM            60 /* 20 bytes, as Multiboot has them */
#define FACT_DRIVES_LENGTH  80
#define FACT_DRIVES         84  /* 4 of 10 bytes, as Multiboot has them */
#define FACT_VBE            128 /* mode, interface's segment, offset, size */
#define FACT_SCREEN         136 /* address (64 bits), pitch, width, height */
#define FACT_COLOURS        158 /* place and size of red, green, blue */
#define FACT_CONTROL        192 /* VBE function 0 */
#define FACT_MODE           704 /* VBE function 1 */
#define FACTS_SIZE          960

#define DIRECT_CODE         (DIRECT_FACTS + FACTS_SIZE)
#define DIRECT_SIZE         0x2000 /* with the stack, at its end */

#endif
