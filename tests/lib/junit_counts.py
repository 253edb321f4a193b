#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up a JUnit report: "PASSED FAILED SKIPPED" on the first line, then one line for each
skipped test with its reason. A report without a single test counts as one failure.

A program of unit tests counts as one test: what it skipped of its cases is told, too, but not counted."""
import re
import sys
import xml.etree.ElementTree as ElementTree

passed = failed = 0
skips, partly = [], []


def cases_skipped(output):
    """Of a program of cmocka: how many, and why."""
    cases = set(re.findall(r"^\[  SKIPPED \] (\w+)$", output, re.M))
    reasons = dict.fromkeys(re.findall(r"^skipped: (.*)$", output, re.M))
    return len(cases), "; ".join(reasons) or "no reason given"


for case in ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
    name = f'{case.get("classname", "")}.{case.get("name", "")}'.strip(".")
    skip = case.find("skipped")
    if skip is not None or case.get("status") in ("notrun", "disabled"):
        skips.append(f'skipped: {name}: {skip.get("message", "") if skip is not None else "not run"}')
    elif case.find("failure") is not None or case.find("error") is not None:
        failed += 1
    else:
        passed += 1
        count, why = cases_skipped(case.findtext("system-out") or "")
        if count:
            partly.append(f"skipped within {case.get('name')}: {count} of its cases: {why}")
if passed + failed + len(skips) == 0:
    failed = 1
print(passed, failed, len(skips))
print("\n".join(skips + partly))
