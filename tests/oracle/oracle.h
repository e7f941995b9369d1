/* oracle.h - the host's processor as judge of user-mode instructions.
 *
 * A case is one instruction and a state before it. generate.c makes cases
 * from the rows of the instruction table, a host file runs them on the
 * processor itself, guest.c on ours, compare.c says where they differ.
 *
 * Both see one map of memory at the same linear addresses (ORC_), the same
 * selectors, CPL 3, and stop after one instruction by EFLAGS.TF. This header
 * knows nothing of struct cpu, so that host files can use it. */
#ifndef UMBRA_TESTS_ORACLE_H
#define UMBRA_TESTS_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pages. What is not named is not mapped. */
enum {
    ORC_PAGE = 0x1000,
    ORC_BASE = 0x20000, /* where the map begins */
    ORC_CODE = 0x20000, /* one page, read and execute */
    ORC_DATA = 0x30000, /* four pages, read and write */
    ORC_DATA_END = 0x34000,
    ORC_RO = 0x35000, /* one page, read only */
    ORC_RO_END = 0x36000,
    ORC_STACK = 0x38000, /* one page, read and write */
    ORC_STACK_END = 0x39000,
    ORC_XSAVE = 0x32000, /* valid XSAVE images, 1 KiB each, to the end */
    ORC_END = 0x3a000,
    ORC_SIZE = ORC_END - ORC_BASE,
    ORC_FS_BASE = ORC_DATA + 0x800, /* in 64-bit code */
    ORC_GS_BASE = ORC_DATA + 0x1800,
};

/* Selectors: Linux' user segments, and the LDT of segments[]. */
enum {
    ORC_CS32 = 0x23,
    ORC_DS = 0x2b,
    ORC_CS64 = 0x33,
    ORC_LDT_CODE16 = 0x07,
    ORC_LDT_DATA16 = 0x0f,
};
#define ORC_LDT(n) ((unsigned)(n)*8 + 7)

/* One entry of the LDT. `contents` as in Linux' user_desc: 0 data, 1 data
 * that expands down, 2 code, 3 conforming code. */
struct oracle_segment {
    uint32_t base, limit; /* limit in bytes, below 1 MiB */
    uint8_t contents;
    bool big, fixed /* not writable, or code: not readable */, absent;
};
enum { ORC_SEGMENTS = 11 };
extern const struct oracle_segment oracle_segments[ORC_SEGMENTS];

/* What a program sees. Segment order ES CS SS DS FS GS; x87 registers from
 * ST(0) on, tags by register R0..R7 as FXSAVE has both. */
struct oracle_state {
    uint64_t reg[16], rip, flags;
    uint64_t vec[16][4];
    uint64_t mant[8];
    uint16_t se[8];
    uint64_t fip, fdp;
    uint32_t mxcsr;
    uint16_t fcw, fsw, fop, seg[6];
    uint8_t ftag;
};

enum { ORC_CHANGES = 3000, ORC_MEM = 64 };

struct oracle_case {
    uint16_t row;
    uint8_t code_size; /* 0 = 16, 1 = 32, 2 = 64 */
    uint8_t len;       /* of the instruction */
    uint8_t fit;       /* bytes of it on the code page; the page behind it is
                          not mapped */
    uint8_t after;     /* NOPs between it and the page's end */
    uint8_t bytes[16];
    uint64_t seed;   /* `in` and `mem` began as oracle_fill(seed) */
    uint32_t mem_at; /* linear; 0: none */
    uint8_t mem[ORC_MEM];
    struct oracle_state in;
};

struct oracle_change {
    uint16_t at; /* from ORC_DATA */
    uint8_t value;
};

/* `vector` 1: the trap after the instruction. CR2 with vector 14 only. */
struct oracle_result {
    struct oracle_state out;
    uint8_t vector;
    uint32_t error;
    uint64_t cr2;
    uint32_t changes; /* of memory, by address */
    struct oracle_change change[ORC_CHANGES];
};

/* ---- values.c: edges and random numbers, the same on every host */
uint64_t oracle_random(uint64_t *rng);
unsigned oracle_below(uint64_t *rng, unsigned n);
uint64_t oracle_edge(uint64_t *rng); /* an integer worth trying */
/* The beginnings of a case. Recorded vectors depend on it: when it changes,
 * they have to be made anew (make oracle-record). */
void oracle_fill(uint64_t seed, struct oracle_state *s, uint8_t mem[ORC_MEM]);
/* Contents of memory before every case: ORC_SIZE bytes. */
void oracle_background(uint8_t *image);
uint32_t oracle_segment_base(unsigned selector); /* of compatibility code */
/* RIP of a case's instruction, relative to its code segment. */
uint64_t oracle_rip(const struct oracle_case *c);

/* ---- generate.c */
struct decode_table;
/* Why a row has no case of its own on a host; NULL: it has. `elsewhere` is
 * the suite that covers it then. */
const char *oracle_excluded(unsigned row, const char **elsewhere);
/* The n-th case of a row; false: the dice made none. */
bool oracle_generate(const struct decode_table *decode, unsigned row,
                     unsigned n, struct oracle_case *c);

/* ---- host_*.c: the processor this runs on */
/* NULL when cases can be run, else why not. */
const char *oracle_host_open(void);
/* A bit of CPUID; `word` 0..3 for EAX..EDX. */
bool oracle_host_cpuid(uint32_t leaf, unsigned word, unsigned bit);
const char *oracle_host_name(void);
bool oracle_host_is_amd(void);
/* Runs cases in a process of its own. False: the process died at case
 * *done. */
bool oracle_host_run(const struct oracle_case *cases,
                     struct oracle_result *results, unsigned count,
                     unsigned *done);
enum { ORC_BATCH = 1024 }; /* at most */

/* ---- features.c: does this processor have what a row asks for? */
bool oracle_host_has(unsigned feature);

/* ---- guest.c: our processor */
enum oracle_engine {
    ORC_STEP,   /* the interpreter, one instruction with TF */
    ORC_BLOCKS, /* the interpreter's blocks, until code ends */
    ORC_JIT,    /* translated blocks */
};
struct oracle_guest;
/* With every feature that some row asks for. */
struct oracle_guest *oracle_guest_open(enum oracle_engine engine);
void oracle_guest_close(struct oracle_guest *g);
const struct decode_table *oracle_guest_decode(struct oracle_guest *g);
void oracle_guest_run(struct oracle_guest *g, const struct oracle_case *c,
                      struct oracle_result *r);

/* ---- masks.c: what does not count */
struct oracle_masks {
    uint64_t flags;                  /* bits of EFLAGS */
    uint64_t gpr[16];                /* bits of registers */
    uint16_t mem_at[4], mem_size[4]; /* stored bytes, from ORC_DATA */
    uint8_t ranges;                  /* of those */
    uint8_t ulp;      /* x87: last places that results may differ by */
    uint16_t fsw;     /* bits of the status word */
    bool approximate; /* vector lanes of 32 bits within 1.5 * 2^-11 */
    bool cr2, fault_fp, fault_gpr, fault_mem, maybe, parts;
    bool order; /* of two faults either will do */
    bool all;   /* the whole case */
};
struct insn;
/* With * and ?, of a row's id. */
bool oracle_matches(const char *id, const char *pattern);
void oracle_masks_of(const struct oracle_case *c, const struct insn *i,
                     bool amd, struct oracle_masks *m);
/* Linear address of the ModRM operand. */
uint64_t oracle_operand(const struct oracle_case *c, const struct insn *i);
/* The table of differences, a line each. */
void oracle_print_masks(void);

/* ---- compare.c */
/* NULL when equal, else what differs first. `engine` made `got`. */
const char *oracle_compare(const struct oracle_case *c,
                           const struct oracle_result *want,
                           const struct oracle_result *got,
                           const struct oracle_masks *m,
                           enum oracle_engine engine);
/* Bytes, text, and what the state was, should be and is, where one of the
 * three differs. */
void oracle_print(const struct oracle_case *c, const struct oracle_result *want,
                  const struct oracle_result *got);

/* ---- record.c: vectors in a file */
struct oracle_file;
struct oracle_file *oracle_file_create(const char *cpu_name, bool amd);
void oracle_file_add(struct oracle_file *f, const struct oracle_case *c,
                     const struct oracle_result *r);
bool oracle_file_save(struct oracle_file *f, const char *path);
struct oracle_file *oracle_file_load(const char *path, char *error,
                                     size_t size);
const char *oracle_file_cpu(const struct oracle_file *f, bool *amd);
/* The next vector; false at the end. `row` is the row's number, or -1 when
 * the table has no row of that name any more. */
bool oracle_file_next(struct oracle_file *f, struct oracle_case *c,
                      struct oracle_result *r, int *row);
void oracle_file_close(struct oracle_file *f);

#endif
