# SPDX-License-Identifier: MIT
"""Is what xml_json made of every DIR/*.xml (in DIR/*.json) what xmltodict makes of it, order of
keys included? Where xml_json refused (no .json file), xmltodict's opinion does not matter, but
for names beginning with "good-". Prints differences; exit code 77 when xmltodict is missing."""
import json
import pathlib
import sys

try:
    import xmltodict
except ImportError:
    sys.exit(77)

failed = compared = 0
for xml in sorted(pathlib.Path(sys.argv[1]).glob("*.xml")):
    made = xml.with_suffix(".json")
    if not made.exists():
        if xml.name.startswith("good-"):
            print(f"{xml.name}: refused")
            failed += 1
        continue
    try:
        wanted = xmltodict.parse(xml.read_bytes(), disable_entities=True)
    except Exception as error:
        print(f"{xml.name}: xmltodict refuses it: {error}")
        failed += 1
        continue
    got = json.loads(made.read_bytes().decode("utf-8"))
    compared += 1
    if json.dumps(got) != json.dumps(wanted):
        failed += 1
        a, b = json.dumps(got), json.dumps(wanted)
        at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        print(f"{xml.name}: differs at {at}:\n  got    {a[max(0, at - 60):at + 60]}"
              f"\n  wanted {b[max(0, at - 60):at + 60]}")
print(f"{compared} compared, {failed} wrong")
sys.exit(1 if failed else 0)
