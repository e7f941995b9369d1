# Builds the system BIOS and the video BIOS. Included by the top Makefile, or
# alone: make -f bios/bios.mk SRC=path/to/source ROM_OUT=somewhere roms
# Reproducible: no time stamps, no paths, fixed order. The committed bytes are
# what the compiler named in roms/README.md makes.

SRC ?= .
ROM_OUT ?= rom-build
ROM_CC ?= gcc
ROM_HOSTCC ?= cc
ROM_LD ?= ld
ROM_OBJCOPY ?= objcopy

ROM_CFLAGS = -std=gnu11 -Os -march=i386 -ffreestanding -fno-pic -fno-pie \
	-fno-stack-protector -fcf-protection=none -fomit-frame-pointer \
	-fno-asynchronous-unwind-tables -fno-delete-null-pointer-checks \
	-fno-tree-loop-distribute-patterns -mpreferred-stack-boundary=2 \
	-ffunction-sections -fno-strict-aliasing -mno-sse -mno-mmx -Wall \
	-Wextra -Wno-array-bounds -frandom-seed=umbra -I$(SRC)/bios
ROM_CFLAGS16 = $(ROM_CFLAGS) -m16 -mregparm=3
ROM_CFLAGS32 = $(ROM_CFLAGS) -m32 -DCODE32
# Position independent by having no data: jump tables would be data.
ROM_CFLAGS32P = $(ROM_CFLAGS32) -fno-jump-tables -fno-tree-switch-conversion

ROM_O16 = ata ata_dma boot cdrom disk eltorito floppy fwcfg geometry keyboard menu \
	mouse pmm ports rom screen start string system time pcibios
ROM_O32 = post wake cpu fwcfg pci optrom tables pnpnodes smbios acpi \
	string
ROM_O32P = pcibios apm
# 16-bit code for callers in protected mode: has no use for DS.
ROM_O16P = apm pnp
ROM_S = reset entry rom32

# What every object depends on; the links do on the lists in this file, too.
ROM_MK = $(SRC)/bios/bios.mk
ROM_HEADERS = $(wildcard $(SRC)/bios/*.h) $(ROM_MK)
ROM_OBJS = $(ROM_S:%=$(ROM_OUT)/%.o) $(ROM_O16:%=$(ROM_OUT)/%.o16) \
	$(ROM_OUT)/code32.o $(ROM_O32P:%=$(ROM_OUT)/%.o32p) \
	$(ROM_O16P:%=$(ROM_OUT)/%.o16p)

VGA_C = video vga_modes vga_text vga_pixel vga_packed vga_dac vga_font vga_state vbe
VGA_OBJS = $(ROM_OUT)/vga_rom.o $(VGA_C:%=$(ROM_OUT)/%.ov)
# Everything constant is addressed through GS, see vga.h; the linker script
# refuses anything the compiler would put into ordinary data.
ROM_CFLAGSV = $(ROM_CFLAGS16) -fno-jump-tables -fno-tree-switch-conversion \
	-mstringop-strategy=libcall

.PHONY: roms check-roms

roms: $(ROM_OUT)/bios.bin $(ROM_OUT)/vgabios.bin

$(ROM_OUT)/%.o16: $(SRC)/bios/%.c $(ROM_HEADERS)
	@mkdir -p $(ROM_OUT)
	$(ROM_CC) $(ROM_CFLAGS16) -c -o $@ $<

$(ROM_OUT)/%.o32: $(SRC)/bios/%.c $(ROM_HEADERS)
	@mkdir -p $(ROM_OUT)
	$(ROM_CC) $(ROM_CFLAGS32) -c -o $@ $<

$(ROM_OUT)/%.o32p: $(SRC)/bios/%.c $(ROM_HEADERS)
	@mkdir -p $(ROM_OUT)
	$(ROM_CC) $(ROM_CFLAGS32P) -c -o $@ $<

$(ROM_OUT)/%.o16p: $(SRC)/bios/%.c $(ROM_HEADERS)
	@mkdir -p $(ROM_OUT)
	$(ROM_CC) $(ROM_CFLAGSV) -c -o $@ $<

$(ROM_OUT)/%.ov: $(SRC)/bios/%.c $(ROM_HEADERS)
	@mkdir -p $(ROM_OUT)
	$(ROM_CC) $(ROM_CFLAGSV) -c -o $@ $<

$(ROM_OUT)/%.o: $(SRC)/bios/%.S $(ROM_HEADERS) $(ROM_OUT)/font8.bin
	@mkdir -p $(ROM_OUT)
	$(ROM_CC) $(ROM_CFLAGS) -m32 -Wa,-I$(ROM_OUT) -c -o $@ $<

$(ROM_OUT)/mkfont: $(SRC)/bios/mkfont.c
	@mkdir -p $(ROM_OUT)
	$(ROM_HOSTCC) -std=c11 -O1 -Wall -Wextra -o $@ $<

$(ROM_OUT)/font8.bin: $(ROM_OUT)/mkfont $(SRC)/bios/font.txt
	$(ROM_OUT)/mkfont $(SRC)/bios/font.txt $(ROM_OUT)

$(ROM_OUT)/mkrom: $(SRC)/bios/mkrom.c
	@mkdir -p $(ROM_OUT)
	$(ROM_HOSTCC) -std=c11 -O1 -Wall -Wextra -o $@ $<

# code32 has its own memcpy and the like, which code16 must not see.
$(ROM_OUT)/code32.o: $(ROM_O32:%=$(ROM_OUT)/%.o32) $(ROM_MK)
	$(ROM_LD) -m elf_i386 -r -o $@ $(filter %.o32,$^)
	$(ROM_OBJCOPY) --keep-global-symbol=post_main \
		--keep-global-symbol=wake_main $@

$(ROM_OUT)/bios.elf: $(SRC)/bios/bios.ld $(ROM_OBJS) $(ROM_MK)
	$(ROM_LD) -m elf_i386 --no-check-sections --no-warn-rwx-segments -z noexecstack \
		-T $< -o $@ $(ROM_OBJS)

$(ROM_OUT)/bios.bin: $(ROM_OUT)/bios.elf $(ROM_OUT)/mkrom
	$(ROM_OBJCOPY) -O binary $< $@.raw
	$(ROM_OUT)/mkrom bios $@.raw $@

$(ROM_OUT)/vgabios.elf: $(SRC)/bios/vgabios.ld $(VGA_OBJS) $(ROM_MK)
	$(ROM_LD) -m elf_i386 --no-warn-rwx-segments -z noexecstack -T $< -o $@ $(VGA_OBJS)

$(ROM_OUT)/vgabios.bin: $(ROM_OUT)/vgabios.elf $(ROM_OUT)/mkrom
	$(ROM_OBJCOPY) -O binary $< $@.raw
	$(ROM_OUT)/mkrom option $@.raw $@

# The committed images are the source's: byte for byte, by the compiler they
# were made with.
ROM_COMPILER = x86_64-linux-gnu 12.2.0
check-roms:
	@if [ "`$(ROM_CC) -dumpmachine` `$(ROM_CC) -dumpfullversion`" != \
	    "$(ROM_COMPILER)" ]; then \
		echo "check-roms: skipped, needs gcc $(ROM_COMPILER)"; \
	else \
		$(MAKE) roms && \
		cmp $(ROM_OUT)/bios.bin $(SRC)/roms/bios.bin && \
		cmp $(ROM_OUT)/vgabios.bin $(SRC)/roms/vgabios.bin && \
		$(MAKE) $(ROM_OUT)/direct_code.h && \
		cmp $(ROM_OUT)/direct_code.h $(SRC)/bios/direct_code.h && \
		echo "check-roms: the source gives the committed bytes"; \
	fi

# The last steps of a direct load are part of the emulator, as an array.
$(ROM_OUT)/direct_code.h: $(SRC)/bios/direct.ld $(ROM_OUT)/direct.o \
		$(ROM_OUT)/direct.oj
	$(ROM_LD) -m elf_i386 --no-warn-rwx-segments -z noexecstack -T $< \
		-o $(ROM_OUT)/direct.elf $(ROM_OUT)/direct.o $(ROM_OUT)/direct.oj
	$(ROM_OBJCOPY) -O binary $(ROM_OUT)/direct.elf $(ROM_OUT)/direct.bin
	(echo '/* Compiled from direct.S and direct.c by make direct-header; do' \
		'not edit. */'; \
	 echo '/* clang-format off */'; \
	 echo 'static const uint8_t direct_code[] = {'; \
	 od -An -v -w12 -tx1 $(ROM_OUT)/direct.bin | \
	 sed 's/ \([0-9a-f][0-9a-f]\)/ 0x\1,/g; s/^ /    /'; \
	 echo '};') | sed 's/ *$$//' > $@

$(ROM_OUT)/direct.oj: $(SRC)/bios/direct.c $(SRC)/bios/direct.h
	@mkdir -p $(ROM_OUT)
	$(ROM_CC) $(ROM_CFLAGS16) -fno-jump-tables -fno-function-sections \
		-c -o $@ $<

.PHONY: direct-header
direct-header: $(ROM_OUT)/direct_code.h
	cp $< $(SRC)/bios/direct_code.h

# Only when dsdt.asl changes: needs iasl (Debian: acpica-tools).
.PHONY: dsdt-header
dsdt-header:
	@mkdir -p $(ROM_OUT)
	$(ROM_CC) -E -P -x c -o $(ROM_OUT)/dsdt.i $(SRC)/bios/dsdt.asl
	cd $(ROM_OUT) && iasl -p dsdt dsdt.i
	(echo '/* Compiled from dsdt.asl by make dsdt-header; do not edit. */'; \
	 echo '/* clang-format off */'; \
	 echo 'static const uint8_t dsdt_aml[] = {'; \
	 od -An -v -w12 -tx1 $(ROM_OUT)/dsdt.aml | \
	 sed 's/ \([0-9a-f][0-9a-f]\)/ 0x\1,/g; s/^ /    /'; \
	 echo '};') | sed 's/ *$$//' > $(SRC)/bios/dsdt.h

# Guests of our own: a diskette that calls the services and reports on the
# debug port, a boot sector that tells how it was booted, an option ROM.
# tests/bios/run boots them.
.PHONY: bios-check-image check-bios check-bios-peer
check-bios: umbra
	@echo "== BIOS: services, boot devices, geometries, option ROMs"
	@if echo 'int x;' | $(ROM_CC) -m16 -x c -c -o /dev/null - 2> /dev/null; \
	then \
		$(MAKE) --no-print-directory -s bios-check-image && \
		$(ROM_HOSTCC) -std=c11 -D_FILE_OFFSET_BITS=64 -O1 -Wall -Wextra \
			-o $(ROM_OUT)/mkimage $(SRC)/tests/bios/mkimage.c && \
		sh $(SRC)/tests/bios/run $(ROM_OUT); \
	else \
		echo "SKIP: $(ROM_CC) makes no code for x86"; \
	fi

# The same diskette in QEMU with its own firmware, SeaBIOS.
check-bios-peer: bios-check-image
	@sh $(SRC)/tests/bios/peer $(ROM_OUT)
CHECK_C = check check_protected check_services check_system check_disk check_video
CHECK_OBJS = $(ROM_OUT)/check_start.o $(ROM_OUT)/check_protected.o $(CHECK_C:%=$(ROM_OUT)/%.oc)

bios-check-image: $(ROM_OUT)/check.img $(ROM_OUT)/probe.bin $(ROM_OUT)/testrom.bin

$(ROM_OUT)/check_%.o: $(SRC)/bios/check/%.S
	@mkdir -p $(ROM_OUT)
	$(ROM_CC) -m32 -c -o $@ $<

$(ROM_OUT)/probe.bin: $(ROM_OUT)/check_probe.o
	$(ROM_OBJCOPY) -O binary -j .boot $< $@

$(ROM_OUT)/testrom.bin: $(ROM_OUT)/check_testrom.o $(ROM_OUT)/mkrom
	$(ROM_LD) -m elf_i386 -Ttext 0 --section-start=.boot=0 -e 0 --oformat binary \
		-o $@.raw $<
	$(ROM_OUT)/mkrom option $@.raw $@

$(ROM_OUT)/%.oc: $(SRC)/bios/check/%.c $(SRC)/bios/check/check.h $(ROM_HEADERS)
	@mkdir -p $(ROM_OUT)
	$(ROM_CC) $(ROM_CFLAGS16) -c -o $@ $<

$(ROM_OUT)/check.img: $(SRC)/bios/check/check.ld $(CHECK_OBJS)
	$(ROM_LD) -m elf_i386 --no-warn-rwx-segments -z noexecstack -T $< \
		-o $(ROM_OUT)/check.elf $(CHECK_OBJS)
	$(ROM_OBJCOPY) -O binary $(ROM_OUT)/check.elf $@
	truncate -s 1474560 $@
