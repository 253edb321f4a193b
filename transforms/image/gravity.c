/* SPDX-License-Identifier: MIT */
#include "config.h"

const struct kit_word image_fits[] = {{"fit", IMAGE_FIT},
                                     {"fill", IMAGE_FILL},
                                     {"crop", IMAGE_CROP},
                                     {"force", IMAGE_FORCE},
                                     {NULL, 0}};

const struct kit_word image_gravities[] = {
    {"centre", IMAGE_CENTRE},         {"center", IMAGE_CENTRE},         {"north", IMAGE_NORTH},
    {"south", IMAGE_SOUTH},           {"east", IMAGE_EAST},             {"west", IMAGE_WEST},
    {"north-east", IMAGE_NORTH_EAST}, {"north-west", IMAGE_NORTH_WEST}, {"south-east", IMAGE_SOUTH_EAST},
    {"south-west", IMAGE_SOUTH_WEST}, {"smart", IMAGE_SMART},           {NULL, 0}};

void image_gravity_begin(enum image_gravity gravity, int across, int down, int *left, int *top)
{
    /* In halves of the room: from the west, from the north. */
    static const signed char halves[][2] = {
        [IMAGE_CENTRE] = {1, 1},     [IMAGE_NORTH] = {1, 0},      [IMAGE_SOUTH] = {1, 2},
        [IMAGE_EAST] = {2, 1},       [IMAGE_WEST] = {0, 1},       [IMAGE_NORTH_EAST] = {2, 0},
        [IMAGE_NORTH_WEST] = {0, 0}, [IMAGE_SOUTH_EAST] = {2, 2}, [IMAGE_SOUTH_WEST] = {0, 2},
        [IMAGE_SMART] = {1, 1}};
    *left = across * halves[gravity][0] / 2;
    *top = down * halves[gravity][1] / 2;
}
