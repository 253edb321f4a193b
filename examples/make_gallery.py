#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pictures of docs/images.md: the quickstart's lake, and views of it made by the transform `image`. Needs objlens
in the path (or in OBJLENS), and nothing else.

    make_gallery.py FOLDER
"""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

from draw_lake import lake, png

NAMED = {"width": 480, "format": "jpeg", "watermark": {"text": "for {userIdentity.userName}", "opacity": 0.9}}
VIEWS = {  # name: (who reads it, payload)
    "original.jpg": ("ada", {"format": "jpeg", "quality": 90}),
    "small.jpg": ("ada", {"width": 240, "format": "jpeg"}),
    "centre.jpg": ("ada", {"width": 200, "height": 200, "fit": "fill", "format": "jpeg"}),
    "smart.jpg": ("ada", {"width": 200, "height": 200, "fit": "fill", "gravity": "smart", "format": "jpeg"}),
    "crop.jpg": ("ada", {"width": 200, "height": 200, "fit": "crop", "gravity": "smart", "format": "jpeg"}),
    "for-ada.jpg": ("ada", NAMED),
    "for-grace.jpg": ("grace", NAMED),
    "tiled.jpg": ("ada", {"width": 480, "format": "jpeg", "watermark": {
        "text": "{userIdentity.userName} · draft", "position": "chessboard", "rotate": -25, "opacity": 0.55,
        "size": 0.06, "spacing": 0.6}}),
    "logo.jpg": ("ada", {"width": 480, "format": "jpeg", "watermark": [
        {"image_file": "logo.png", "scale": 0.16, "position": "north-west", "offset": [0.03, 0.03], "opacity": 0.9},
        {"text": "© Example Ltd", "position": "south", "font": "DejaVu Sans Bold", "color": "#ffe9c4", "size": 0.05,
         "shadow": 0.7, "opacity": 1}]}),
    "lake.jpg": ("ada", {"width": 480, "format": "jpeg"}),
    "lake.webp": ("ada", {"width": 480, "format": "webp"}),
    "lake.avif": ("ada", {"width": 480, "format": "avif"}),
}


def logo(side=192):
    """A lens: a ring around a disc, transparent elsewhere."""
    rows = []
    for y in range(side):
        row = bytearray()
        for x in range(side):
            far = math.hypot(x + .5 - side / 2, y + .5 - side / 2) / side
            cover = [min(1, max(0, (edge - far) * side + .5)) for edge in (.48, .36, .2)]
            row += bytes((255, 255, 255, int(255 * (cover[0] - cover[1] + cover[2]))))
        rows.append(row)
    return png(rows, opaque=False)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    original = lake()
    with tempfile.TemporaryDirectory() as beside:
        (pathlib.Path(beside) / "logo.png").write_bytes(logo())
        event = pathlib.Path(beside) / "event.json"
        for name, (reader, payload) in VIEWS.items():
            event.write_text(json.dumps({"userIdentity": {"type": "IAMUser", "userName": reader}}))
            made = subprocess.run(
                [os.environ.get("OBJLENS", "objlens"), "run", "image", "--event", event, "--payload", json.dumps(payload),
                 "--preload-folder", "/usr/share/fonts/truetype/dejavu", "--preload-folder", beside],
                input=original, capture_output=True, check=True)
            (folder / name).write_bytes(made.stdout)
            print(f"{len(made.stdout):7d}  {name}")


if __name__ == "__main__":
    main()
