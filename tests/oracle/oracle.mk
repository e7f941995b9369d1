# oracle.mk - the host's processor as judge; see docs/TESTING.md. Included by
# Makefile.in.

# One host file is linked. A compiler for x86-64 Linux is taken at its word,
# unless it is told to make 32-bit code.
ORACLE_HOST := $(strip $(if $(filter -m32 -mx32,$(CC) $(CFLAGS)),,\
	$(filter x86_64-%linux x86_64-%linux-gnu x86_64-%linux-musl,\
	$(shell $(CC) -dumpmachine))))
ORACLE_OBJ := $(addprefix tests/oracle/,values.o encode.o generate.o \
	features.o guest.o masks.o compare.o record.o run.o \
	$(if $(ORACLE_HOST),host_x64_linux.o,host_none.o))
ORACLE_VECTORS := $(srcdir)/tests/oracle/vectors.bin

ORACLE_CASES  ?= 2000
ORACLE_FIRST  ?= 0
ORACLE_ENGINE ?= step
ORACLE_RUN = tests/oracle/oracle -n $(ORACLE_CASES) -s $(ORACLE_FIRST) \
	-e $(ORACLE_ENGINE) $(if $(ORACLE_ROW),-r $(ORACLE_ROW))

tests/oracle/check_oracle: $(ORACLE_OBJ)

tests/oracle/oracle: tests/oracle/main.o $(ORACLE_OBJ) $(RIG_OBJ) libumbra.a
	$(call quiet,LD)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(LIBS)

# Every row: ORACLE_CASES= per row, ORACLE_ROW= beginning of its name.
oracle: tests/oracle/oracle
	@$(ORACLE_RUN)

# Vectors for hosts that cannot judge.
oracle-record: tests/oracle/oracle
	@tests/oracle/oracle -n 3 -q -w $(ORACLE_VECTORS)

.PHONY: oracle oracle-record

-include $(ORACLE_OBJ:.o=.d) tests/oracle/main.d
