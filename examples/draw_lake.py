#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws the picture of the quickstart and of docs/images.md: hills over a lake in the evening, from a fixed seed. A
PNG, written with nothing but the standard library.

    draw_lake.py FILE
"""
import math
import pathlib
import random
import struct
import sys
import zlib

WIDTH, HEIGHT, SHORE, SEED = 768, 512, 340, 9
SLIDE_MAX = 16  # of the waves, in pixels
SUN_X, SUN_Y, SUN_RADIUS, GLOW_RADIUS = 520, 196, 34, 240
NIGHT, ROSE, AMBER, SUN, GLOW, WATER = ((44, 50, 104), (214, 98, 112), (255, 176, 110), (255, 240, 205),
                                        (255, 214, 150), (22, 30, 58))


def mix(one, other, share):
    return [a + (b - a) * share for a, b in zip(one, other)]


def pixel(color):
    return bytes(int(level) for level in color)


def ridge(rng, height, rough):
    """A line of hills: its middle goes up or down, then the middles of both halves, and so on."""
    line = [height] * (WIDTH + 1)
    line[0], line[WIDTH] = (height + rng.uniform(-rough, rough) for _ in range(2))

    def split(left, right, swing):
        if right - left < 2:
            return
        middle = (left + right) // 2
        line[middle] = (line[left] + line[right]) / 2 + rng.uniform(-swing, swing)
        split(left, middle, swing / 1.9)
        split(middle, right, swing / 1.9)

    split(0, WIDTH, rough)
    return line


def sky_row(y):
    base = mix(NIGHT, ROSE, y / 200) if y < 200 else mix(ROSE, AMBER, (y - 200) / (SHORE - 200))
    row = bytearray(pixel(base) * WIDTH)
    for x in range(SUN_X - GLOW_RADIUS, min(WIDTH, SUN_X + GLOW_RADIUS)):
        far = math.hypot(x - SUN_X, y - SUN_Y)
        if far < GLOW_RADIUS:
            color = mix(base, GLOW, .8 * (1 - far / GLOW_RADIUS) ** 3)
            row[3 * x:3 * x + 3] = pixel(mix(color, SUN, min(1, max(0, SUN_RADIUS - far))))
    return row


def lay_hills(row, y, line, shade):
    """What of these hills stands in that row, the lower the more in the mist."""
    top = min(line)
    if y < top:
        return
    color = mix(shade, AMBER, .45 * ((y - top) / (SHORE - top)) ** 1.5)
    solid = pixel(color)
    for x in range(WIDTH):
        cover = y - line[x]
        if cover > 0:
            row[3 * x:3 * x + 3] = solid if cover >= 1 else pixel(mix(row[3 * x:3 * x + 3], color, cover))


def water_row(land, y):
    """Its mirror image, darker towards the eye, a little to and fro."""
    depth = y - SHORE
    slide = int(2 * (1 + depth / 40) * math.sin(depth * 1.3))
    seen = land[max(0, SHORE - 1 - int(depth * 1.6))]
    seen = (seen[:3] * SLIDE_MAX + seen + seen[-3:] * SLIDE_MAX)[3 * (SLIDE_MAX + slide):][:3 * WIDTH]
    share = .2 + .45 * depth / (HEIGHT - SHORE)
    row = bytearray(3 * WIDTH)
    for band in range(3):
        row[band::3] = seen[band::3].translate(pixel(v + (WATER[band] - v) * share for v in range(256)))
    return row


def rows():
    rng = random.Random(SEED)
    hills = [(ridge(rng, 235 + 30 * n, 62 - 11 * n), mix((190, 104, 118), (30, 36, 64), n / 3)) for n in range(4)]
    land = [sky_row(y) for y in range(SHORE)]
    for y, row in enumerate(land):
        for line, shade in hills:
            lay_hills(row, y, line, shade)
    return land + [water_row(land, y) for y in range(SHORE, HEIGHT)]


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(rows, opaque=True):
    """Of rows of pixels, 3 bytes each; 4 where they may be transparent."""
    width = len(rows[0]) // (3 if opaque else 4)
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 2 if opaque else 6, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def lake():
    return png(rows())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[1]).write_bytes(lake())
