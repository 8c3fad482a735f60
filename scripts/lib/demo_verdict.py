"""The table at the end of scripts/demo: demo_verdict.py LAB NAME=HELD... Exits 1 when a verdict is not what it has to be."""

import json
import pathlib
import sys

lab = pathlib.Path(sys.argv[1])
held = dict(argument.split("=", 1) for argument in sys.argv[2:])
bad = 0


def document(name):
    try:
        return json.loads((lab / name).read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"   FAILED: {name} cannot be read: {error}\n{(lab / 'check.err').read_text()}")


def count(number):
    return f"{number:,}".replace(",", " ")


def line(what, value, good=None, note=""):
    """One verdict; good is None for what is told but not judged."""
    global bad
    mark = "" if good is None else "ok" if good else "FAILED"
    bad += good is False
    print(f"   {what:<44} {value:>12}   {mark:<6} {note}".rstrip())


final, both, compared = document("final.json"), document("both.json"), document("compare.json")
sides = {name: side["acknowledged"] for name, side in final["sides"].items()}

line("transactions acknowledged to clients", count(final["acknowledged"]))
for side in ("blue", "green"):
    line(f"   by {side}", count(sides.get(side, 0)), sides.get(side, 0) >= 1000)
line("transactions failed", count(final["failed"]), final["failed"] == 0)
line("transactions with unknown outcome", count(final["unknown"]), final["unknown"] == 0)
line("connections lost or refused", count(final["connect_errors"]), final["connect_errors"] == 0)
line("acknowledged writes lost", count(final["lost"]["count"] + both["lost"]["count"] + final["missing"]),
     final["lost"]["count"] + both["lost"]["count"] + final["missing"] == 0)
line("writes applied twice", count(final["duplicated"]["count"] + both["duplicated"]["count"]),
     final["duplicated"]["count"] + both["duplicated"]["count"] == 0)
line("rows wrong in another way", count(final["wrong"]["count"] + both["wrong"]["count"]),
     final["wrong"]["count"] + both["wrong"]["count"] == 0)
line("rows compared by pgteal, blue with green", count(compared["rows"]),
     compared["equal"] and compared["rows"] > 0, "equal" if compared["equal"] else "")
tables = both["tables"]
line("tables compared by the checker", count(len(tables)), bool(tables) and all(t["equal"] for t in tables))

print("\n   Longest time between two commits, as clients saw it:\n")
print(f"   {'':<14} {'persistent':>12} {'new connections':>17} {'held by pgteal':>16} {'errors':>8}")
windows = {}
for gap in final["gaps"]:
    windows.setdefault(gap["window"], {})[gap["clients"]] = gap
for name, gap in windows.items():
    if name == "all":
        continue
    milliseconds = [f"{gap[kind]['longest_gap_us'] / 1000:.0f} ms" if kind in gap else "-" for kind in ("persistent", "new")]
    errors = sum(entry["errors"] for entry in gap.values())
    print(f"   {name:<14} {milliseconds[0]:>12} {milliseconds[1]:>17} {held.get(name, '-') or '?':>16} {errors:>8}")

for report in (both, final):
    for problem in report["problems"]:
        line("the checker says", "", False, problem)
    for verdict in ("lost", "duplicated", "wrong"):
        for example in report[verdict]["examples"]:
            print(f"   {verdict}: {example['side']}, {example['table']} {example['key']}: {example['detail']}")
bad += not (final["ok"] and both["ok"])
sys.exit(1 if bad else 0)
