/*
 * Constants of the transcendental functions, rounded to 128 bits.
 *
 * Qn.m: a fixed-point number with n bits before the point and m after it.
 * All were calculated with 110 decimal digits from their definitions.
 */
#ifndef UMBRA_CPU_FLOAT80_LOG_TABLES_H
#define UMBRA_CPU_FLOAT80_LOG_TABLES_H

#include "cpu/u128.h"

/* 1 / (k + 2)!, Q0.128 */
static const struct u128 exp_series[] = {
    {0x8000000000000000, 0x0000000000000000},
    {0x2aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab},
    {0x0aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab},
    {0x0222222222222222, 0x2222222222222222},
    {0x005b05b05b05b05b, 0x05b05b05b05b05b0},
    {0x000d00d00d00d00d, 0x00d00d00d00d00d0},
    {0x0001a01a01a01a01, 0xa01a01a01a01a01a},
    {0x00002e3bc74aad8e, 0x671f5583911ca003},
    {0x0000049f93edde27, 0xd71cbbc05b4fa99a},
    {0x0000006b99159fd5, 0x138e3f9d1f92e0df},
    {0x00000008f76c77fc, 0x6c4bdaa26d4c3d68},
    {0x00000000b092309d, 0x43684be51c198e92},
};

/* 2^(n / 32), n = 0..31, Q1.127 */
static const struct u128 exp2_table[] = {
    {0x8000000000000000, 0x0000000000000000},
    {0x82cd8698ac2ba1d7, 0x3e2a475b46520bff},
    {0x85aac367cc487b14, 0xc5c95b8c2154c1b2},
    {0x88980e8092da8527, 0x5df8d76c98c67563},
    {0x8b95c1e3ea8bd6e6, 0xfbe4628758a53c90},
    {0x8ea4398b45cd53c0, 0x2dc0144c8783d4c6},
    {0x91c3d373ab11c336, 0x0fd6d8e0ae5ac9d8},
    {0x94f4efa8fef70961, 0x2e8afad12551de54},
    {0x9837f0518db8a96f, 0x46ad23182e42f6f6},
    {0x9b8d39b9d54e5538, 0xa2a817a2a3cc3f1f},
    {0x9ef5326091a111ad, 0xa0911f09ebb9fdd1},
    {0xa27043030c496818, 0x9b7a04ef80cfdea8},
    {0xa5fed6a9b15138ea, 0x1cbd7f621710701b},
    {0xa9a15ab4ea7c0ef8, 0x541e24ec3531fa73},
    {0xad583eea42a14ac6, 0x4980a8c8f59a2ec4},
    {0xb123f581d2ac258f, 0x87d037e96d215d8e},
    {0xb504f333f9de6484, 0x597d89b3754abe9f},
    {0xb8fbaf4762fb9ee9, 0x1b879778566b65a2},
    {0xbd08a39f580c36be, 0xa8811fb66d0faf7a},
    {0xc12c4cca66709456, 0x7c457d59a50087b5},
    {0xc5672a115506dadd, 0x3e2ad0c964dd9f37},
    {0xc9b9bd866e2f27a2, 0x80e1f92a0511697e},
    {0xce248c151f8480e3, 0xe235838f95f2c6ed},
    {0xd2a81d91f12ae45a, 0x12248e57c3de4028},
    {0xd744fccad69d6af4, 0x39a68bb9902d3fde},
    {0xdbfbb797daf23755, 0x3d840d5a9e29aa64},
    {0xe0ccdeec2a94e111, 0x065895048dd333ca},
    {0xe5b906e77c8348a8, 0x1e5e8f4a4edbb0ed},
    {0xeac0c6e7dd24392e, 0xd02d75b3706e54fb},
    {0xefe4b99bdcdaf5cb, 0x46561cf6948db913},
    {0xf5257d152486cc2c, 0x7b9d0c7aed980fc3},
    {0xfa83b2db722a033a, 0x7c25bb14315d7fcd},
};

/* 1 / (2k + 3), Q0.128 */
static const struct u128 atanh_series[] = {
    {0x5555555555555555, 0x5555555555555555},
    {0x3333333333333333, 0x3333333333333333},
    {0x2492492492492492, 0x4924924924924925},
    {0x1c71c71c71c71c71, 0xc71c71c71c71c71c},
    {0x1745d1745d1745d1, 0x745d1745d1745d17},
    {0x13b13b13b13b13b1, 0x3b13b13b13b13b14},
    {0x1111111111111111, 0x1111111111111111},
    {0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f},
};

/* ln(2), Q0.128 */
static const struct u128 ln2_fixed = {0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af};

/* 2 / ln(2), Q2.126 */
static const struct u128 two_log2e_fixed = {0xb8aa3b295c17f0bb,
                                            0xbe87fed0691d3e89};

/* factor / 512 is near 64 / n, `log2` is |log2(512 / factor)|, Q0.128:
 * positive for n > 64, negative for n < 64. n = 48..96. */
static const struct log_entry {
    uint32_t factor;
    struct u128 log2;
} log_table[] = {
    {683, {0x6a6e0d72631c27e6, 0x75df639d476354c6}},
    {669, {0x62c7e0d782d90694, 0x4ba567f384ec9403}},
    {655, {0x5af84a19be08356f, 0xe5525e7a806316ad}},
    {643, {0x54240a3fe382864c, 0x919f90e70ee83e73}},
    {630, {0x4c98e58daca0d66b, 0x8f8f03b557bc711d}},
    {618, {0x457e99daec23fd65, 0xf8e114f071908187}},
    {607, {0x3edc8acacffcaab1, 0xa8ba728bc2d11f9f}},
    {596, {0x381b6d9bb29bdc81, 0xc4db31339fde86be}},
    {585, {0x313a1a15686199a1, 0xdba01c986d5a19f4}},
    {575, {0x2adbea651ab18ab6, 0x5c1a4cd5806de50f}},
    {565, {0x246120cba52f227c, 0xf118b10deb621dcd}},
    {555, {0x1dc8b7c49a1ddb78, 0x86f885876db7846f}},
    {546, {0x17beee96b8a2813c, 0x41ae323543f4a736}},
    {537, {0x119b74069f5f0994, 0x1811b2ee16d4b5cb}},
    {529, {0x0c10500d63aa6588, 0x257529b625de1550}},
    {520, {0x05b9e5a170b48a62, 0x9b89f8846042be52}},
    {512, {0x0000000000000000, 0x0000000000000000}},
    {504, {0x05d0fba187cd558d, 0x9520d847df02fc16}},
    {496, {0x0bb9ca64ecac6aae, 0xf2e1c07f0438ebac}},
    {489, {0x10f9a634663adccb, 0xd61136d37f123502}},
    {482, {0x164ce26c067156b4, 0x3e42925a938daa2d}},
    {475, {0x1bb4102f925393c6, 0x64ed16b688a2b9b5}},
    {468, {0x212fc719cc0c9257, 0x490fbf64c9655340}},
    {462, {0x25f3c65ab7fba134, 0x3a3384109039d328}},
    {455, {0x2b974a740ec5da6a, 0x39ad03d78bd79967}},
    {449, {0x307e6099b8b54d71, 0x9978fbbfee7325df}},
    {443, {0x35765953d8e8e4c5, 0x9c322521086caa21}},
    {437, {0x3a7faa87495ab8f4, 0x9b9239d5e3328973}},
    {431, {0x3f9acefcb59039b7, 0x72eda08e4cf7268d}},
    {426, {0x43ea120112cd4421, 0xbc0f6d0aaadd0594}},
    {420, {0x492734ac4f35b134, 0x107c0e54aecf3cb4}},
    {415, {0x4d9389447320833c, 0x2077fc2f4b557097}},
    {410, {0x520d979a575e5aa8, 0xa607f6eeed3181c0}},
    {405, {0x5695b5e8dc37b588, 0x5b23dbdaaf11db88}},
    {400, {0x5b2c3da19723a80d, 0xb6a0480592812599}},
    {395, {0x5fd18b96385a20a0, 0x968271aaa9877a5e}},
    {390, {0x648600249374edfd, 0xc46af571993193dd}},
    {386, {0x6854bc50a606cf5e, 0xc39974b36773a2ce}},
    {381, {0x6d25753a4617dd4b, 0xcb97f73b859fc045}},
    {377, {0x710b57131a22cf3c, 0x2d9bc9c7104547c3}},
    {372, {0x75f9b02af0d5e30f, 0x52d6ae74fdad3ddb}},
    {368, {0x79f7d7f94e2acd3b, 0xed456b24ed10f558}},
    {364, {0x7e012ba343340663, 0x5e5cdfd4c297069b}},
    {360, {0x8215ea5cd3e4c4c7, 0x9b39ffeebc29372a}},
    {356, {0x8636557862acb7ce, 0xb987b42e3bb332a1}},
    {352, {0x8a62b07f3457c407, 0x050799beaaab2941}},
    {349, {0x8d8bf424d6e130b2, 0x00e1715e0f7ba707}},
    {345, {0x91cddc901de619a3, 0x288a7d1dafc5da53}},
    {341, {0x961c7ae421042eb5, 0xf7e95a3daee414ed}},
};

#endif
