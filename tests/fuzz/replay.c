/* replay.c - runs a fuzz target on files: the program that a target is in
 * builds without libFuzzer.
 * Alone: make tests/fuzz/fuzz_insn && tests/fuzz/fuzz_insn FILE... */
#include "tests/fuzz/fuzz.h"

enum { MAX_INPUT = 1 << 20 };

static int replay(const char *path, uint8_t *buffer)
{
    FILE *file = fopen(path, "rb");
    uint8_t *exact;
    size_t size;
    if (!file) {
        fprintf(stderr, "%s: cannot be opened\n", path);
        return 1;
    }
    size = fread(buffer, 1, MAX_INPUT, file);
    fclose(file);
    exact = malloc(size + !size); /* its end is where reads must stop */
    if (!exact)
        return 1;
    memcpy(exact, buffer, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    uint8_t *buffer = malloc(MAX_INPUT);
    int failed = !buffer;
    for (int n = 1; n < argc && !failed; n++)
        failed = replay(argv[n], buffer);
    free(buffer);
    if (!failed)
        printf("%d inputs\n", argc - 1);
    return failed;
}
