/* Build tool: font.txt to font16.bin, font14.bin and font8.bin (256 glyphs
 * each, one byte a row, leftmost pixel in bit 7). The 8x14 font is the 8x16
 * one without its first and last row; the 8x8 font takes eight of its rows,
 * where font.txt has no drawing of its own. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCENTS_MAX 16

struct glyph {
    uint8_t row[16];
};

struct accent {
    char name[16];
    struct glyph glyph;
};

static struct glyph font16[256], font14[256], font8[256];
static unsigned char has8[256];
static struct accent accents[ACCENTS_MAX];
static int accent_count;

static void fail(const char *line)
{
    fprintf(stderr, "mkfont: cannot read: %s\n", line);
    exit(1);
}

/* ROW:HEX HEX ... up to the end or a bar; where it stopped. */
static char *read_rows(char *text, struct glyph *g, int limit)
{
    char *end;
    long row = strtol(text, &end, 10);

    if (*end != ':')
        fail(text);
    text = end + 1;
    while (*text && *text != '\n' && *text != '|') {
        long byte = strtol(text, &end, 16);

        if (end == text || row >= limit || byte < 0 || byte > 255)
            fail(text);
        g->row[row++] = (uint8_t)byte;
        for (text = end; *text == ' '; text++)
            ;
    }
    return text;
}

static const struct glyph *find_accent(const char *name)
{
    int i;

    for (i = 0; i < accent_count; i++)
        if (strcmp(accents[i].name, name) == 0)
            return &accents[i].glyph;
    fail(name);
    return NULL;
}

/* A capital makes room for an accent by losing two rows; the accent then
 * moves up one. An i loses its dot. */
static void compose(int code, int base, const char *name)
{
    static const int kept[8] = {2, 3, 5, 6, 7, 8, 10, 11};
    const struct glyph *accent = find_accent(name);
    struct glyph g = font16[base];
    int below = accent->row[12] != 0, up = 0, i;

    if (!below && base >= 'A' && base <= 'Z') {
        memset(&g, 0, sizeof(g));
        for (i = 0; i < 8; i++)
            g.row[4 + i] = font16[base].row[kept[i]];
        up = 1;
    }
    if (base == 'i')
        g.row[2] = g.row[3] = 0;
    for (i = 1; i < 16; i++)
        g.row[i - up] |= accent->row[i];
    font16[code] = g;
}

static void read_line(char *line)
{
    char name[16], *rest;
    unsigned int code, base;
    int at = 0;

    if (line[0] == '#' || line[0] == '\n')
        return;
    if (sscanf(line, "accent %15s %n", name, &at) == 1 && at > 0) {
        if (accent_count == ACCENTS_MAX)
            fail(line);
        strcpy(accents[accent_count].name, name);
        read_rows(line + at, &accents[accent_count++].glyph, 16);
    } else if (sscanf(line, "%2x = %2x %15s", &code, &base, name) == 3) {
        compose((int)code, (int)base, name);
    } else if (sscanf(line, "%2x %n", &code, &at) == 1 && at > 0) {
        rest = read_rows(line + at, &font16[code], 16);
        if (*rest == '|') {
            has8[code] = 1;
            read_rows(rest + 2, &font8[code], 8);
        }
    } else {
        fail(line);
    }
}

static void derive(void)
{
    static const int rows8[8] = {2, 3, 5, 6, 8, 10, 11, 13};
    int code, i;

    for (code = 0; code < 256; code++) {
        for (i = 0; i < 14; i++)
            font14[code].row[i] = font16[code].row[i + 1];
        for (i = 0; i < 8 && !has8[code]; i++)
            font8[code].row[i] = font16[code].row[rows8[i]];
    }
}

/* --- B0-DF -------------------------------------------------------------- */

/* Weights of the arms of B3-DA: up, down, left, right; 1 single, 2 double. */
static const uint8_t arms[][4] = {
    {1, 1, 0, 0}, {1, 1, 1, 0}, {1, 1, 2, 0}, {2, 2, 1, 0}, {0, 2, 1, 0},
    {0, 1, 2, 0}, {2, 2, 2, 0}, {2, 2, 0, 0}, {0, 2, 2, 0}, {2, 0, 2, 0},
    {2, 0, 1, 0}, {1, 0, 2, 0}, {0, 1, 1, 0}, {1, 0, 0, 1}, {1, 0, 1, 1},
    {0, 1, 1, 1}, {1, 1, 0, 1}, {0, 0, 1, 1}, {1, 1, 1, 1}, {1, 1, 0, 2},
    {2, 2, 0, 1}, {2, 0, 0, 2}, {0, 2, 0, 2}, {2, 0, 2, 2}, {0, 2, 2, 2},
    {2, 2, 0, 2}, {0, 0, 2, 2}, {2, 2, 2, 2}, {1, 0, 2, 2}, {2, 0, 1, 1},
    {0, 1, 2, 2}, {0, 2, 1, 1}, {2, 0, 0, 1}, {1, 0, 0, 2}, {0, 1, 0, 2},
    {0, 2, 0, 1}, {2, 2, 1, 1}, {1, 1, 2, 2}, {1, 0, 1, 0}, {0, 1, 0, 1},
};

/* Drawn on a grid of three lines each way: 0 and 2 are the lines of a double
 * arm, 1 is a single one. An arm's line ends where it meets the first line
 * across it, or the farthest when nothing goes on there. */
static int arm_end(int near_across, int far_across, int onward)
{
    if (near_across)
        return near_across == 2 ? 0 : 1;
    if (far_across)
        return far_across == 2 ? 2 : 1;
    return onward ? 2 : 1;
}

/* weight 1 line: side arms a and b, onward the opposite arm. */
static int single_end(int a, int b, int onward)
{
    int across = a > b ? a : b;

    if (onward || across < 2)
        return 1;
    return a && b ? 0 : 2;
}

static void plot(struct glyph *g, int height, int horizontal, int line,
                 int from_far, int end)
{
    static const int columns[3] = {2, 3, 5};
    int middle = height / 2 - 1, i;
    int rows[3] = {middle - 1, middle, middle + 1};

    if (!horizontal) {
        uint8_t bits = line == 1 ? 0x18 : line == 0 ? 0x20 : 0x04;
        int stop = rows[from_far ? 2 - end : end];

        for (i = 0; i < height; i++)
            if (from_far ? i >= stop : i <= stop)
                g->row[i] |= bits;
        return;
    }
    for (i = 0; i < 8; i++) {
        int e = from_far ? 2 - end : end;
        int stop = e == 1 ? (from_far ? 3 : 4) : columns[e];

        if (from_far ? i >= stop : i <= stop)
            g->row[rows[line]] |= (uint8_t)(0x80 >> i);
    }
}

static void draw_arm(struct glyph *g, int height, const uint8_t *a, int arm)
{
    int horizontal = arm >= 2, from_far = arm & 1;
    int side0 = a[horizontal ? 0 : 2], side2 = a[horizontal ? 1 : 3];
    int onward = a[arm ^ 1];

    if (a[arm] == 1)
        plot(g, height, horizontal, 1, from_far,
             single_end(side0, side2, onward));
    if (a[arm] == 2) {
        plot(g, height, horizontal, 0, from_far,
             arm_end(side0, onward ? 0 : side2, onward));
        plot(g, height, horizontal, 2, from_far,
             arm_end(side2, onward ? 0 : side0, onward));
    }
}

static void draw_lines(struct glyph *font, int height)
{
    static const uint8_t shade[3][2] = {
        {0x22, 0x88}, {0x55, 0xAA}, {0xDD, 0x77}};
    int code, arm, i;

    for (code = 0xB0; code <= 0xDF; code++)
        memset(&font[code], 0, sizeof(font[code]));
    for (code = 0xB3; code <= 0xDA; code++)
        for (arm = 0; arm < 4; arm++)
            draw_arm(&font[code], height, arms[code - 0xB3], arm);
    for (i = 0; i < height; i++) {
        for (code = 0; code < 3; code++)
            font[0xB0 + code].row[i] = shade[code][i & 1];
        font[0xDB].row[i] = 0xFF;
        font[0xDC].row[i] = i >= height / 2 ? 0xFF : 0;
        font[0xDD].row[i] = 0xF0;
        font[0xDE].row[i] = 0x0F;
        font[0xDF].row[i] = i < height / 2 ? 0xFF : 0;
    }
}

static void save(const char *folder, const struct glyph *font, int height)
{
    char name[1024];
    FILE *f;
    int code;

    snprintf(name, sizeof(name), "%s/font%d.bin", folder, height);
    f = fopen(name, "wb");
    if (!f) {
        perror(name);
        exit(1);
    }
    for (code = 0; code < 256; code++)
        fwrite(font[code].row, 1, (size_t)height, f);
    if (fclose(f) != 0) {
        perror(name);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    char line[512];
    FILE *f;

    if (argc != 3) {
        fprintf(stderr, "usage: mkfont font.txt FOLDER\n");
        return 2;
    }
    f = fopen(argv[1], "r");
    if (!f) {
        perror(argv[1]);
        return 1;
    }
    while (fgets(line, sizeof(line), f))
        read_line(line);
    fclose(f);
    derive();
    draw_lines(font16, 16);
    draw_lines(font14, 14);
    draw_lines(font8, 8);
    save(argv[2], font16, 16);
    save(argv[2], font14, 14);
    save(argv[2], font8, 8);
    return 0;
}
