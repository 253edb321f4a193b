#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Precision and recall of the transform pii, entity by entity, on the corpus in pii/.

    OBJLENS_BUILD=build tests/bench/pii_score.py [--seed N] [--each N] [--errors] [--docs]

A finding is right when type, start and end are those of a label. --errors shows what was missed and what was found too much;
--docs writes the figures into the table of docs/pii.md.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "pii"))
import corpus as made  # noqa: E402

DOCS = HERE.parent.parent / "docs/pii.md"
OBJLENS = pathlib.Path(os.environ.get("OBJLENS_BUILD", "build")) / "objlens"


def findings(text, entities=None):
    payload = {"mode": "report", **({"entities": entities} if entities else {})}
    out = subprocess.run([str(OBJLENS), "run", "pii", "--payload", json.dumps(payload), "--limit", "cpu_ms=100000"], input=text,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return [(f["start"], f["end"], f["type"]) for f in map(json.loads, out.splitlines())]


class Score:
    def __init__(self):
        self.right, self.found, self.labels = collections.Counter(), collections.Counter(), collections.Counter()
        self.missed, self.extra = [], []

    def add(self, text, labels, found):
        labels, found = set(labels), set(found)
        for name, group in (("right", labels & found), ("labels", labels), ("found", found)):
            getattr(self, name).update(entity for _, _, entity in group)
        show = lambda item: (item[2], text[max(0, item[0] - 40):item[0]] + b">>" + text[item[0]:item[1]] + b"<<" + text[item[1]:item[1] + 12])
        self.missed += [show(item) for item in sorted(labels - found)]
        self.extra += [show(item) for item in sorted(found - labels)]

    def precision(self, name):
        return self.right[name] / self.found[name] if self.found[name] else 1.0

    def recall(self, name):
        return self.right[name] / self.labels[name] if self.labels[name] else 1.0


def names(rows):
    return list(dict.fromkeys(row[0] for row in rows))


def measure(seed, each):
    """(score, findings in look-alikes of the default set). The default set meets its own corpus and the look-alikes; an
    optional entity meets its own lines, those of all others, and the look-alikes; those with check digits meet themselves with
    one digit changed."""
    score = Score()
    text, labels = made.corpus(seed, made.DEFAULT, each)
    score.add(text, labels, findings(text))
    alike = made.look_alikes(seed + 1, 20 * each)
    false = findings(alike)
    score.add(alike, [], false)
    text, labels = made.corpus(seed + 2, made.OPTIONAL, each)
    optional = set(names(made.OPTIONAL))
    score.add(text, labels, [f for f in findings(text, ["ALL"]) if f[2] in optional])
    score.add(alike, [], [f for f in findings(alike, ["ALL"]) if f[2] in optional])
    text, labels = made.near_misses(seed + 4, each)
    wrong = set(labels)
    score.add(text, [], [f for f in findings(text, ["ALL"]) if f in wrong])
    text, labels = made.corpus(seed + 3, made.BEST_EFFORT, each)
    score.add(text, labels, findings(text, names(made.BEST_EFFORT)))
    return score, len(false)


def write_docs(score):
    lines = DOCS.read_text().splitlines()
    for i, line in enumerate(lines):
        m = re.match(r"\| `(\w+)` \|", line)
        if m and line.count("|") == 10 and score.labels[m[1]]:
            cells = line.split("|")
            cells[8:10] = [" %.3f " % score.precision(m[1]), " %.3f " % score.recall(m[1])]
            lines[i] = "|".join(cells)
    DOCS.write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--each", type=int, default=300)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--docs", action="store_true")
    options = parser.parse_args()
    score, false = measure(options.seed, options.each)
    print("%-32s %7s %7s %9s %7s" % ("entity", "labels", "found", "precision", "recall"))
    for name in names(made.DEFAULT + made.OPTIONAL + made.BEST_EFFORT):
        print("%-32s %7d %7d %9.4f %7.4f" % (name, score.labels[name], score.found[name], score.precision(name), score.recall(name)))
    print("findings of the default set in %d lines of look-alikes: %d" % (20 * options.each, false))
    if options.errors:
        for title, items in (("missed", score.missed), ("too much", score.extra)):
            for entity, place in items:
                print(title, entity, place.decode(errors="replace"))
    if options.docs:
        write_docs(score)


if __name__ == "__main__":
    main()
