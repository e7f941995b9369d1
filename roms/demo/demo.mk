# Builds roms/demo.img, a floppy of 160 KiB that needs no operating system.
# Included by the top Makefile. Reproducible like bios/bios.mk.

DEMO_CC ?= gcc
DEMO_LD ?= ld
DEMO_OBJCOPY ?= objcopy
DEMO_CFLAGS = -std=gnu11 -m16 -march=i386 -Os -ffreestanding -fno-pic \
	-fno-pie -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-jump-tables -mno-sse -mno-mmx \
	-mpreferred-stack-boundary=2 -fno-strict-aliasing -mregparm=3 \
	-frandom-seed=demo -Wall -Wextra -Wno-array-bounds -I$(srcdir)

DEMO_C = main screen eclipse plasma
DEMO_OBJS = $(ROM_OUT)/demo/start.o $(DEMO_C:%=$(ROM_OUT)/demo/%.o)

.PHONY: demo check-demo

demo: $(ROM_OUT)/demo.img

$(ROM_OUT)/demo/%.o: $(srcdir)/roms/demo/%.c $(srcdir)/roms/demo/demo.h
	@mkdir -p $(@D)
	$(DEMO_CC) $(DEMO_CFLAGS) -c -o $@ $<

$(ROM_OUT)/demo/%.o: $(srcdir)/roms/demo/%.S
	@mkdir -p $(@D)
	$(DEMO_CC) -m32 -c -o $@ $<

$(ROM_OUT)/demo/demo.elf: $(srcdir)/roms/demo/demo.ld $(DEMO_OBJS)
	$(DEMO_LD) -m elf_i386 --no-warn-rwx-segments -z noexecstack -T $< \
		-o $@ $(DEMO_OBJS)

$(ROM_OUT)/demo.img: $(ROM_OUT)/demo/demo.elf
	$(DEMO_OBJCOPY) -O binary -j .text $< $@.new
	truncate -s 160K $@.new
	mv $@.new $@

# The committed image is the source's: byte for byte.
check-demo: demo
	cmp $(ROM_OUT)/demo.img $(srcdir)/roms/demo.img
