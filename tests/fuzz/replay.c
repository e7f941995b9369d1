/* replay.c - runs a fuzz target on files: the program that a target is in
 * builds without libFuzzer.
 *
 *   fuzz_insn FILE...              each file once
 *   fuzz_insn -n COUNT FILE...     COUNT inputs made of pieces of the files
 *   fuzz_insn -s SEED -n 1 FILE... the one that failed
 *
 * The second form knows nothing of coverage, but needs no instrumented build
 * and is a hundred times faster. What failed is left in fuzz-failed. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum {
    MAX_INPUT = 1 << 16,
    MAX_FILES = 4096,
    MAX_MADE = 700,
    MAX_SECONDS = 100 /* per input: it has lost its way */
};

struct input {
    uint8_t *data;
    size_t size;
};

static struct input files[MAX_FILES], now;
static unsigned file_count;
static uint64_t now_seed;

/* What is being run when the target aborts or crashes. */
static void leave_input(int signal_number)
{
    int file = open("fuzz-failed", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ssize_t done = 0;
    if (file >= 0)
        done = write(file, now.data, now.size);
    fprintf(stderr, "failed: seed %llu, %ld bytes in fuzz-failed\n",
            (unsigned long long)now_seed, (long)done);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void run_now(void)
{
    alarm(MAX_SECONDS);
    LLVMFuzzerTestOneInput(now.data, now.size);
    alarm(0);
}

static bool read_input(const char *path)
{
    struct input *f = &files[file_count];
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(MAX_INPUT);
    if (!file || !data || file_count == MAX_FILES) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return false;
    }
    f->size = fread(data, 1, MAX_INPUT, file);
    fclose(file);
    f->data = malloc(f->size + !f->size); /* its end is where reads stop */
    if (f->data && f->size)
        memcpy(f->data, data, f->size);
    free(data);
    file_count++;
    return f->data;
}

static uint64_t roll(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (*state * 0x2545f4914f6cdd1d) >> 16;
}

/* Two files spliced, some bytes changed, some random ones added. */
static size_t make_input(uint8_t *out, uint64_t seed)
{
    uint64_t r = (seed + 1) * 0x9e3779b97f4a7c15;
    size_t size = 0;
    for (unsigned part = 0; part < 2 && file_count; part++) {
        const struct input *f = &files[roll(&r) % file_count];
        size_t from = part && f->size ? roll(&r) % f->size : 0;
        size_t n = f->size - from;
        if (part == 0 && n)
            n = roll(&r) % 4 ? n : roll(&r) % n;
        if (n > MAX_MADE / 2)
            n = MAX_MADE / 2;
        memcpy(out + size, f->data + from, n);
        size += n;
    }
    for (unsigned n = roll(&r) % 8; size && n; n--)
        out[roll(&r) % size] = (uint8_t)roll(&r);
    for (unsigned n = roll(&r) % 24; n && size < MAX_MADE; n--)
        out[size++] = (uint8_t)roll(&r);
    return size;
}

static void run_made(uint64_t seed, uint64_t count)
{
    for (uint64_t n = 0; n < count; n++) {
        uint8_t made[MAX_MADE];
        now_seed = seed + n;
        now.size = make_input(made, now_seed);
        now.data = malloc(now.size + !now.size);
        if (!now.data)
            return;
        memcpy(now.data, made, now.size);
        run_now();
        free(now.data);
    }
    printf("%llu inputs made\n", (unsigned long long)count);
}

int main(int argc, char **argv)
{
    uint64_t count = 0, seed = 0;
    int option;
    while ((option = getopt(argc, argv, "n:s:")) != -1) {
        if (option == 'n')
            count = strtoull(optarg, NULL, 0);
        else if (option == 's')
            seed = strtoull(optarg, NULL, 0);
        else
            return 2;
    }
    for (int n = optind; n < argc; n++)
        if (!read_input(argv[n]))
            return 1;
    signal(SIGABRT, leave_input);
    signal(SIGSEGV, leave_input);
    signal(SIGALRM, leave_input);
    if (count) {
        run_made(seed, count);
        return 0;
    }
    for (unsigned n = 0; n < file_count; n++) {
        now = files[n];
        run_now();
    }
    printf("%u inputs\n", file_count);
    return 0;
}
