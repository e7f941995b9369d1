# fuzz.mk - fuzz targets; included by Makefile.in. By default they only replay
# files; `make fuzz` builds them anew with clang's libFuzzer, in fuzz-build,
# and runs one of them.
FUZZ := insn
FUZZ_TIME := 60
FUZZ_MAIN := tests/fuzz/replay.o
FUZZERS := $(patsubst %.c,%,$(call wild,tests/fuzz/fuzz_*.c))
FUZZ_OBJ := tests/fuzz/board.o tests/fuzz/pc.o tests/fuzz/drivers.o

# All of the program but its window.
FUZZ_FRONT := $(filter-out frontend/window.o frontend/sdl%.o roms_data.o,\
	$(FRONT_OBJ))

tests/fuzz/fuzz_frontend: $(FUZZ_FRONT)
$(FUZZERS): %: %.o $(FUZZ_OBJ) $(filter %.o,$(FUZZ_MAIN)) libumbra.a \
		roms_data.o
	$(call quiet,LD)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$(filter-out %.o,$(FUZZ_MAIN)) libumbra.a $(LIBS)

fuzzers: $(FUZZERS)

fuzz:
	@sh $(srcdir)/tests/fuzz/run $(srcdir) $(FUZZ) $(FUZZ_TIME)

# What fuzzing has found or reached before still goes well.
check-corpus: $(FUZZERS)
	@sh $(srcdir)/tests/fuzz/run $(srcdir)

.PHONY: fuzz fuzzers check-corpus

-include $(FUZZERS:=.d) $(FUZZ_OBJ:.o=.d) tests/fuzz/replay.d
