# Builds the conformance ROMs from tests/roms; included by the top Makefile.
# They are code for x86 whatever the host is: TEST_ROM_CC is a compiler that
# makes it.

TEST_ROM_CC ?= gcc
TEST_ROM_LD ?= ld
TEST_ROM_OBJCOPY ?= objcopy
TEST_ROM_OUT := rom-tests

TEST_ROM_CFLAGS = -std=gnu11 -O1 -ffreestanding -fno-pic -fno-pie -fwrapv \
	-fno-stack-protector -fcf-protection=none -fno-strict-aliasing \
	-fno-asynchronous-unwind-tables -fno-delete-null-pointer-checks \
	-fno-tree-loop-distribute-patterns -mgeneral-regs-only \
	-fno-reorder-blocks-and-partition -fno-toplevel-reorder \
	-Wall -Wextra -Wno-array-bounds -I$(srcdir)/tests/roms
TEST_ROM_32 = $(TEST_ROM_CFLAGS) -m32 -march=i686
TEST_ROM_64 = $(TEST_ROM_CFLAGS) -m64 -mcmodel=small -mno-red-zone

# name:word size:sources beside the runtime
TEST_ROMS := $(shell sed -n 's/^rom  *//p' $(srcdir)/tests/roms/roms.txt | \
	awk '{ print $$1 }')
TEST_ROM_BINS := $(TEST_ROMS:%=$(TEST_ROM_OUT)/%.bin)
TEST_ROM_DEPS := $(wildcard $(srcdir)/tests/roms/*.[chS]) \
	$(srcdir)/tests/roms/rom.ld $(srcdir)/tests/roms/roms.txt \
	$(srcdir)/tests/roms/roms.mk $(srcdir)/tests/roms/build

.PHONY: test-roms check-conformance check-peers

test-roms: $(TEST_ROM_BINS)

$(TEST_ROM_OUT)/%.bin: $(TEST_ROM_DEPS)
	@mkdir -p $(TEST_ROM_OUT)
	$(call quiet,ROM)CC='$(TEST_ROM_CC)' LD='$(TEST_ROM_LD)' \
	OBJCOPY='$(TEST_ROM_OBJCOPY)' FLAGS32='$(TEST_ROM_32)' \
	FLAGS64='$(TEST_ROM_64)' sh $(srcdir)/tests/roms/build $* $@

# All of them in Umbra: a part of `make check`.
check-conformance: umbra
	@echo "== conformance ROMs"
	@if echo 'int x;' | $(TEST_ROM_CC) -m32 -x c -c -o /dev/null - \
	    2>/dev/null; then \
		$(MAKE) --no-print-directory -s test-roms && \
		sh $(srcdir)/tests/roms/run umbra $(TEST_ROM_BINS); \
	else \
		echo "SKIP: $(TEST_ROM_CC) makes no code for x86"; \
	fi

# In the other emulators that are here, and the table in docs/CONFORMANCE.md.
check-peers: umbra test-roms
	@sh $(srcdir)/tests/roms/peers $(TEST_ROM_BINS)
