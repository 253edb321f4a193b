# SPDX-License-Identifier: MIT
"""docs/images.md: its pictures are those that examples/make_gallery.py makes, and what it says of them is true."""
import importlib.util
import json
import os
import re
import subprocess
import sys

import pytest
from PIL import Image, ImageChops, ImageStat

from kit.server import OBJLENS, ROOT

PAGE = (ROOT / "docs/images.md").read_text()
PICTURES = ROOT / "docs/images"
CONFIG = """
listen "127.0.0.1:0"
data = "data"
root { access_key = "ROOTKEYFORTESTS1", secret_key = "root-secret-for-tests-0123456789" }
bucket "shop" {}
access_point "shop" { bucket = "shop" }
"""


@pytest.fixture(scope="module")
def script():
    """make_gallery.py, as a module."""
    sys.path.insert(0, str(ROOT / "examples"))
    spec = importlib.util.spec_from_file_location("make_gallery", ROOT / "examples/make_gallery.py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    subprocess.run([sys.executable, ROOT / "examples/make_gallery.py", folder], check=True, timeout=600,
                   env=dict(os.environ, OBJLENS=str(OBJLENS)), stdout=subprocess.DEVNULL)
    return folder


def test_the_page_shows_all_of_them_and_no_others(script, made):
    shown = set(re.findall(r"\]\(images/([\w.-]+)\)", PAGE))
    assert shown == set(script.VIEWS) == {p.name for p in PICTURES.iterdir()} == {p.name for p in made.iterdir()}


def test_they_are_what_is_made_today(made):
    for path in sorted(PICTURES.iterdir()):
        if path.suffix == ".avif" and not Image.registered_extensions().get(".avif"):
            assert made.joinpath(path.name).read_bytes()[4:12] == b"ftypavif"
            continue
        kept, new = Image.open(path), Image.open(made / path.name)
        assert (kept.format, kept.size) == (new.format, new.size), path.name
        differ = ImageChops.difference(kept.convert("RGB"), new.convert("RGB"))
        assert max(ImageStat.Stat(differ).mean) < 2, path.name
        # Nor in any part: a mark fills little of a picture.
        assert max(high for _, high in differ.resize((16, 16), Image.BOX).getextrema()) < 8, path.name


def test_the_payloads_on_the_page_are_theirs(script):
    def shown(name):
        """What the page gives in the row of a picture, or in the last block before it."""
        before = PAGE[:PAGE.index(f"images/{name})")]
        row = re.search(r"`(.*?)`", before.splitlines()[-1])
        if not row:
            return json.loads(re.findall(r"```json\n(.*?)^```", before, re.M | re.S)[-1])
        return json.loads(row.group(1) if row.group(1)[0] == "{" else "{%s}" % row.group(1))
    payloads = {name: payload for name, (_, payload) in script.VIEWS.items()}
    assert shown("tiled.jpg") == payloads["tiled.jpg"]["watermark"]
    marks = payloads["logo.jpg"]["watermark"]
    assert [dict(given, **mark) for given, mark in zip(marks, shown("logo.jpg"), strict=True)] == marks
    for name in ("small.jpg", "centre.jpg"):
        assert dict(shown(name), format="jpeg") == payloads[name]
    assert dict(payloads["centre.jpg"], **shown("smart.jpg")) == payloads["smart.jpg"]
    assert dict(payloads["smart.jpg"], **shown("crop.jpg")) == payloads["crop.jpg"]


def test_the_configuration_on_the_page(script, tmp_path):
    block = re.search(r"^```lua\n(.*?)^```", PAGE, re.M | re.S).group(1)
    assert json.loads(re.search(r"\[\[(.*?)\]\]", block, re.S).group(1)) == script.NAMED
    for name in ("ADA", "GRACE"):
        block = block.replace('"…"', f'"{name}SKEYFORTESTS1"', 1)
    (tmp_path / "objlens.lua").write_text(CONFIG + block)
    done = subprocess.run([OBJLENS, "check", "objlens.lua"], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                          env=dict(os.environ, ADA_SECRET_KEY="ada-secret-for-tests-0123456789",
                                   GRACE_SECRET_KEY="grace-secret-for-tests-012345678"))
    assert done.returncode == 0, done.stderr


def test_the_sizes_on_the_page(script):
    said = re.search(r"^\| ([\d.]+) kB \| ([\d.]+) kB \| ([\d.]+) kB \|$", PAGE, re.M).groups()
    assert said == tuple(f"{(PICTURES / f'lake.{kind}').stat().st_size / 1000:.1f}" for kind in ("jpg", "webp", "avif"))
    width, height, size = re.search(r"the original: (\d+)x(\d+), (\d+) kB", PAGE).groups()
    original = script.lake()
    assert (int(width), int(height)) == (int.from_bytes(original[16:20], "big"), int.from_bytes(original[20:24], "big"))
    assert abs(int(size) - len(original) / 1000) < 1
    assert Image.open(PICTURES / "original.jpg").size == (int(width), int(height))
