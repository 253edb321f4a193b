/* SPDX-License-Identifier: MIT */
/*
 * Country calling codes (ITU-T E.164) with the shortest and longest national number in use.
 * A code that is not listed has three digits and OTHER_MIN to OTHER_MAX behind it.
 */
#include "phone_codes.h"

#include <stddef.h>

#define OTHER_MIN 6
#define OTHER_MAX 12
#define TOTAL_MIN 8
#define TOTAL_MAX 15

static const struct code {
    uint16_t code;
    uint8_t min, max;
} codes[] = {
    {1, 10, 10}, {7, 10, 10},

    {20, 8, 10}, {27, 9, 9},   {30, 10, 10}, {31, 9, 9},   {32, 8, 9},   {33, 9, 9},
    {34, 9, 9},  {36, 8, 9},   {39, 6, 12},  {40, 9, 9},   {41, 9, 9},   {43, 7, 13},
    {44, 9, 10}, {45, 8, 8},   {46, 7, 10},  {47, 8, 8},   {48, 9, 9},   {49, 6, 13},
    {51, 8, 9},  {52, 10, 10}, {53, 6, 8},   {54, 10, 11}, {55, 10, 11}, {56, 8, 9},
    {57, 8, 10}, {58, 10, 10}, {60, 8, 10},  {61, 9, 9},   {62, 8, 12},  {63, 8, 10},
    {64, 8, 10}, {65, 8, 8},   {66, 8, 9},   {81, 9, 10},  {82, 8, 11},  {84, 9, 10},
    {86, 9, 12}, {90, 10, 10}, {91, 10, 10}, {92, 9, 10},  {93, 9, 9},   {94, 9, 9},
    {95, 7, 10}, {98, 10, 10},

    {212, 9, 9}, {213, 8, 9},  {216, 8, 8},  {218, 9, 9},  {233, 9, 9},  {234, 8, 10},
    {254, 9, 10}, {255, 9, 9}, {256, 9, 9},  {351, 9, 9},  {352, 6, 11}, {353, 7, 9},
    {354, 7, 9}, {358, 6, 12}, {359, 7, 9},  {370, 8, 8},  {371, 8, 8},  {372, 7, 8},
    {375, 9, 9}, {380, 9, 9},  {381, 8, 9},  {385, 8, 9},  {386, 8, 8},  {420, 9, 9},
    {421, 9, 9}, {852, 8, 8},  {853, 8, 8},  {855, 8, 9},  {880, 8, 10}, {886, 8, 9},
    {961, 7, 8}, {962, 8, 9},  {965, 8, 8},  {966, 9, 9},  {968, 8, 8},  {971, 8, 9},
    {972, 8, 9}, {973, 8, 8},  {974, 8, 8},  {977, 8, 10}, {994, 9, 9},  {995, 9, 9},
};

static const struct code *find(unsigned code)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].code == code)
            return &codes[i];
    return NULL;
}

bool pii_phone_length_ok(const uint8_t *digits, unsigned count)
{
    if (count < TOTAL_MIN || count > TOTAL_MAX || digits[0] == 0)
        return false;
    unsigned code = 0;
    for (unsigned len = 1; len <= 3; len++) {
        code = code * 10 + digits[len - 1];
        const struct code *c = find(code);
        if (c)
            return count - len >= c->min && count - len <= c->max;
    }
    return count - 3 >= OTHER_MIN && count - 3 <= OTHER_MAX;
}
