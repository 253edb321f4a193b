#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pictures of docs/images.md: an original drawn from a fixed seed, and views of it made by the transform
`image`. Needs Pillow, and objlens in the path (or in OBJLENS).

    make_gallery.py FOLDER
"""
import io
import json
import os
import pathlib
import random
import subprocess
import sys

from PIL import Image, ImageDraw, ImageFilter

VIEWS = {
    "resized": {"width": 300},
    "cut": {"width": 200, "height": 200, "fit": "fill", "gravity": "smart"},
    "named": {"width": 400, "watermark": {"text": "for {userIdentity.userName}", "opacity": 0.8}},
    "tiled": {"width": 400, "watermark": {"text": "{userIdentity.userName} · draft", "position": "chessboard",
                                          "rotate": -25, "opacity": 0.35, "size": 22}},
}
EVENT = {"userIdentity": {"type": "IAMUser", "userName": "ada"}}


def landscape(width=800, height=600, seed=7):
    """Hills under an evening sky."""
    rng = random.Random(seed)
    sky = Image.linear_gradient("L").resize((width, height))
    image = Image.merge("RGB", (sky.point(lambda v: 90 + v * 150 // 255), sky.point(lambda v: 80 + v * 70 // 255),
                                sky.point(lambda v: 150 - v * 60 // 255)))
    draw = ImageDraw.Draw(image)
    draw.ellipse((560, 180, 660, 280), fill=(255, 214, 140))
    for layer in range(5):
        y, points = 300 + 60 * layer, [(0, height)]
        for x in range(0, width + 20, 20):
            y += rng.randint(-14, 14)
            points.append((x, y))
        shade = 110 - 20 * layer
        draw.polygon(points + [(width, height)], fill=(shade // 2, shade, shade * 2 // 3))
    return image.filter(ImageFilter.GaussianBlur(0.8))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    file = io.BytesIO()
    landscape().save(file, "JPEG", quality=75)
    (folder / "original.jpg").write_bytes(file.getvalue())
    event = folder / "event.json"
    event.write_text(json.dumps(EVENT))
    for name, payload in VIEWS.items():
        made = subprocess.run([os.environ.get("OBJLENS", "objlens"), "run", "image", "--event", event, "--payload",
                               json.dumps(payload)], input=file.getvalue(), capture_output=True, check=True)
        (folder / f"{name}.jpg").write_bytes(made.stdout)
    event.unlink()


main()
