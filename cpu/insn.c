/* insn.c - insn.def expanded into the table of rows. */
#include "cpu/insn.h"

/* Every exec_ function a row names; one without a body does not link. */
#define V_1(f)  exec_fn exec_##f;
#define V_M(f)  exec_fn exec_##f##_r, exec_##f##_m;
#define V_R(f)  exec_fn exec_##f##_r;
#define V_W(f)  exec_fn exec_##f##_16, exec_##f##_32, exec_##f##_64;
#define V_WR(f) exec_fn exec_##f##_16r, exec_##f##_32r, exec_##f##_64r;
#define V_WM(f)                                                                \
    exec_fn exec_##f##_16r, exec_##f##_16m, exec_##f##_32r, exec_##f##_32m,    \
        exec_##f##_64r, exec_##f##_64m;
#define V_YM(f)                                                                \
    exec_fn exec_##f##_32r, exec_##f##_32m, exec_##f##_64r, exec_##f##_64m;
#define FLAT(f) exec_fn exec_##f##_b, exec_##f##_x, exec_##f##_l;
#define V_MF(f)                                                                \
    V_M(f)                                                                     \
    FLAT(f##_m)
#define V_WMF(f)                                                               \
    V_WM(f)                                                                    \
    FLAT(f##_16m)                                                              \
    FLAT(f##_32m)                                                              \
    FLAT(f##_64m)
#define INSN(id, mn, enc, o1, o2, o3, variant, fr, fw, fu, attr, feature)      \
    variant
#include "cpu/insn.def"
#undef INSN
#undef V_1
#undef V_M
#undef V_R
#undef V_W
#undef V_WR
#undef V_WM
#undef V_YM
#undef V_MF
#undef V_WMF
#undef FLAT

/* Index 2 * (16, 32, 64) + memory. */
#define FORMS_M(f)                                                             \
    {                                                                          \
        exec_##f##_r, exec_##f##_m, exec_##f##_r, exec_##f##_m, exec_##f##_r,  \
            exec_##f##_m                                                       \
    }
#define FORMS_WM(f)                                                            \
    {                                                                          \
        exec_##f##_16r, exec_##f##_16m, exec_##f##_32r, exec_##f##_32m,        \
            exec_##f##_64r, exec_##f##_64m                                     \
    }

/* ... and the flat forms, if there are any. */
#define NO_FLAT                                                                \
    {                                                                          \
        {                                                                      \
            NULL                                                               \
        }                                                                      \
    }
#define FLAT(f)                                                                \
    {                                                                          \
        exec_##f##_b, exec_##f##_x, exec_##f##_l                               \
    }
#define V_1(f)                                                                 \
    {exec_##f, exec_##f, exec_##f, exec_##f, exec_##f, exec_##f}, NO_FLAT
#define V_M(f) FORMS_M(f), NO_FLAT
#define V_R(f)                                                                 \
    {exec_##f##_r, NULL, exec_##f##_r, NULL, exec_##f##_r, NULL}, NO_FLAT
#define V_W(f)                                                                 \
    {exec_##f##_16, exec_##f##_16, exec_##f##_32,                              \
     exec_##f##_32, exec_##f##_64, exec_##f##_64},                             \
        NO_FLAT
#define V_WR(f)                                                                \
    {exec_##f##_16r, NULL, exec_##f##_32r, NULL, exec_##f##_64r, NULL}, NO_FLAT
#define V_WM(f) FORMS_WM(f), NO_FLAT
#define V_YM(f)                                                                \
    {exec_##f##_32r, exec_##f##_32m, exec_##f##_32r,                           \
     exec_##f##_32m, exec_##f##_64r, exec_##f##_64m},                          \
        NO_FLAT
#define V_MF(f)                                                                \
    FORMS_M(f),                                                                \
    {                                                                          \
        FLAT(f##_m), FLAT(f##_m), FLAT(f##_m)                                  \
    }
#define V_WMF(f)                                                               \
    FORMS_WM(f),                                                               \
    {                                                                          \
        FLAT(f##_16m), FLAT(f##_32m), FLAT(f##_64m)                            \
    }

const struct insn_row insn_rows[INSN_COUNT] = {
#define INSN(id, mn, enc, o1, o2, o3, variant, fr, fw, fu, attr, feature)      \
    [INSN_##id] = {#id,         mn,     enc, {O_##o1, O_##o2, O_##o3},         \
                   fr,          fw,     fu,  attr,                             \
                   F_##feature, variant},
#include "cpu/insn.def"
#undef INSN
};
