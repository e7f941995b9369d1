/*
 * Constants of the transcendental functions, rounded to 128 bits.
 *
 * Qn.m: a fixed-point number with n bits before the point and m after it.
 * All were calculated with 110 decimal digits from their definitions.
 */
#ifndef UMBRA_CPU_FLOAT80_TRIG_TABLES_H
#define UMBRA_CPU_FLOAT80_TRIG_TABLES_H

#include "cpu/u128.h"

/* 1 / (2k + 3)!, Q0.128 */
static const struct u128 sine_series[] = {
    {0x2aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab},
    {0x0222222222222222, 0x2222222222222222},
    {0x000d00d00d00d00d, 0x00d00d00d00d00d0},
    {0x00002e3bc74aad8e, 0x671f5583911ca003},
    {0x0000006b99159fd5, 0x138e3f9d1f92e0df},
    {0x00000000b092309d, 0x43684be51c198e92},
    {0x0000000000d73f9f, 0x399dc0f88ec32b58},
    {0x000000000000ca96, 0x3b81856a53593029},
    {0x0000000000000097, 0xa4da340a0ab92651},
    {0x0000000000000000, 0x5c6e3bdb73d5c630},
    {0x0000000000000000, 0x002ec368262c7034},
    {0x0000000000000000, 0x000013f3ccdd1660},
};

/* 1 / (2k + 2)!, Q0.128 */
static const struct u128 cosine_series[] = {
    {0x8000000000000000, 0x0000000000000000},
    {0x0aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaab},
    {0x005b05b05b05b05b, 0x05b05b05b05b05b0},
    {0x0001a01a01a01a01, 0xa01a01a01a01a01a},
    {0x0000049f93edde27, 0xd71cbbc05b4fa99a},
    {0x00000008f76c77fc, 0x6c4bdaa26d4c3d68},
    {0x000000000c9cba54, 0x603e4e905d6f8a2f},
    {0x00000000000d73f9, 0xf399dc0f88ec32b6},
    {0x0000000000000b41, 0x3c31dcbecbbdd802},
    {0x0000000000000007, 0x950ae900808941ea},
    {0x0000000000000000, 0x04338e5b6dfe14a5},
    {0x0000000000000000, 0x0001f2cf01972f57},
    {0x0000000000000000, 0x000000c4742fe352},
};

/* 1 / (2k + 3), Q0.128 */
static const struct u128 atan_series[] = {
    {0x5555555555555555, 0x5555555555555555},
    {0x3333333333333333, 0x3333333333333333},
    {0x2492492492492492, 0x4924924924924925},
    {0x1c71c71c71c71c71, 0xc71c71c71c71c71c},
    {0x1745d1745d1745d1, 0x745d1745d1745d17},
    {0x13b13b13b13b13b1, 0x3b13b13b13b13b14},
    {0x1111111111111111, 0x1111111111111111},
    {0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f},
    {0x0d79435e50d79435, 0xe50d79435e50d794},
};

/* atan(n / 32), n = 0..32, Q0.128 */
static const struct u128 atan_table[] = {
    {0x0000000000000000, 0x0000000000000000},
    {0x07ff556eea5d892a, 0x13bcebbb6ed46311},
    {0x0ffaaddb967ef4e3, 0x6cb2792dc0e2e0d5},
    {0x17ee182602f10e8c, 0x126acfcf099f06cf},
    {0x1fd5ba9aac2f6dc6, 0x5912f313e7d111df},
    {0x27adddd18cc4d8b0, 0xd1d8674940d83fa1},
    {0x2f72f6979cb6044d, 0x1ec2d3e207271d22},
    {0x3721aea524c14408, 0xbd88697072d54bc1},
    {0x3eb6ebf25901bac5, 0x5b71e7bd7de885f9},
    {0x462fd68c2fc5e098, 0x6523a458dfc414c7},
    {0x4d89dcdc1faf2f34, 0xe2d5da4c693d7994},
    {0x54c2b6654735276d, 0x4cdbfbbdfbecf461},
    {0x5bd86507937bc239, 0xc55190916e7f2242},
    {0x62c934e5286c95b6, 0xd0ba3748fa85146f},
    {0x6993bb0f308ff2db, 0x213e4af4800f389b},
    {0x7036d3253b27be33, 0xe318f6cb3cc65c02},
    {0x76b19c1586ed3da2, 0xb7f222f65e1d4682},
    {0x7d03742d50505f2e, 0x33691e3eaee47661},
    {0x832bf4a6d9867e2a, 0x4b6a09cb61a515c1},
    {0x892aecdfde9547b5, 0x094478fc472b4afc},
    {0x8f005d5ef7f59f9b, 0x5c835e1665c43748},
    {0x94ac72c9847186f6, 0x18c4f393f78a32f9},
    {0x9a2f80e671bdda20, 0x4226f8e2204ff3bd},
    {0x9f89fdc4f4b7a1ec, 0xf8b492644f0701e0},
    {0xa4bc7d1934f70924, 0x19a87f2a457dac9f},
    {0xa9c7abdc4830f5c8, 0x916a84b5be7933f6},
    {0xaeac4c38b4d8c080, 0x14725e2f3e52070a},
    {0xb36b31c91f043691, 0x590141744462f93a},
    {0xb8053e2bc2319e73, 0xcb2da55210a4443d},
    {0xbc7b5deae98af280, 0xd4113006e80fb290},
    {0xc0ce85b8ac526640, 0x89dd62c46e92fa25},
    {0xc4ffaffabf8fbd54, 0x8cb43d10bc9e0221},
    {0xc90fdaa22168c234, 0xc4c6628b80dc1cd1},
};

/* pi, Q2.126 */
static const struct u128 pi_fixed = {0xc90fdaa22168c234, 0xc4c6628b80dc1cd1};

#endif
