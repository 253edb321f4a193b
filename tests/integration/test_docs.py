# SPDX-License-Identifier: MIT
"""The examples of the documentation, run as they stand: a ```lua block that begins with "-- NAME.lua"
is that file; in a ```console block each "$ " line is a command and what follows is its output."""
import os
import re
import subprocess

import pytest

from kit.server import OBJLENS, ROOT

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
PAGES = sorted(p.relative_to(ROOT).as_posix() for p in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def blocks(page):
    return BLOCK.findall((ROOT / page).read_text())


def commands(block):
    """[(command, expected output)]"""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], ""])
        else:
            found[-1][1] += line + "\n"
    return found


@pytest.mark.parametrize("page", PAGES)
def test_console_examples_do_what_the_page_says(page, tmp_path):
    environment = dict(os.environ, PATH=f"{OBJLENS.parent}:{os.environ['PATH']}")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "transforms").symlink_to(ROOT / "transforms")
    if "number_lines.so" in (ROOT / page).read_text():
        subprocess.run(["cc", "-std=c11", "-O2", "-fPIC", "-shared", "-I", ROOT / "include", "-o",
                        tmp_path / "number_lines.so", ROOT / "examples/c/number_lines.c"], check=True)
    for kind, text in blocks(page):
        name = re.match(r"-- (\w+\.lua)\n", text)
        if kind == "lua" and name:
            (tmp_path / name.group(1)).write_text(text)
        if kind != "console":
            continue
        for command, expected in commands(text):
            done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, env=environment,
                                  capture_output=True, text=True, timeout=60)
            assert done.stdout == expected, (command, done.stderr)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_there_are_examples_to_run():
    assert sum(kind == "console" for page in PAGES for kind, _ in blocks(page)) >= 5
