"""Medians and ratios of samples: bench_report.py BENCH SAMPLES JSON_FILE RATIO=ROW/ROW...

SAMPLES has lines of name, unit and value, with tabs between. Without a JSON_FILE ("") only the table is printed. A ratio of which a
row is missing is left out.
"""

import json
import os
import platform
import statistics
import sys

bench, samples, json_file, *wanted = sys.argv[1:]

values = {}
with open(samples) as file:
    for line in file:
        name, unit, value = line.rstrip("\n").split("\t")
        values.setdefault((name, unit), []).append(float(value))
rows = [
    {"name": name, "median": round(statistics.median(found), 2), "min": min(found), "max": max(found), "unit": unit, "runs": len(found)}
    for (name, unit), found in values.items()
]
medians = {row["name"]: row["median"] for row in rows}
ratios = {}
for ratio in wanted:
    name, _, terms = ratio.partition("=")
    above, below = terms.split("/")
    if above in medians and medians.get(below):
        ratios[name] = round(medians[above] / medians[below], 2)


def cpu_model():
    with open("/proc/cpuinfo") as info:
        return next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), platform.machine())


machine = {
    "cpus": len(os.sched_getaffinity(0)),
    "cpu": cpu_model(),
    "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
    "kernel": platform.release(),
    "load_average": round(os.getloadavg()[0], 1),
}

width = max(len(row["name"]) for row in rows)
print(f"\n{bench} on {machine['cpus']} CPUs ({machine['cpu']}), {machine['memory_mb']} MB, load average {machine['load_average']}\n")
print(f"  {'':<{width}} {'median':>10} {'min':>10} {'max':>10}  {'unit':<6} {'runs':>4}")
for row in sorted(rows, key=lambda row: row["unit"] == "MB"):
    print(f"  {row['name']:<{width}} {row['median']:>10.1f} {row['min']:>10.1f} {row['max']:>10.1f}  {row['unit']:<6} {row['runs']:>4}")
if ratios:
    print("\n  ratio of the medians, pgteal to the other")
for name, ratio in ratios.items():
    print(f"  {name:<{width}} {ratio:>10.2f}")
print()

if json_file:
    with open(json_file, "w") as file:
        json.dump({"bench": bench, "machine": machine, "rows": rows, "ratios": ratios}, file, indent=2)
        file.write("\n")
