"""Samples of scripts/bench pause from the gaps that pgteal-workload found: bench_pause_samples.py GAPS_JSON"""

import json
import sys

kinds = {"nothing": "no switch", "bare": "bare PAUSE; RESUME", "pgteal": "pgteal"}
clients = {"persistent": "persistent clients", "new": "new connections"}

with open(sys.argv[1]) as file:
    gaps = json.load(file)
errors = dict.fromkeys(kinds, 0)
for gap in gaps:
    kind, _, run = gap["window"].partition("/")
    if run:
        print(f"{kinds[kind]}, {clients[gap['clients']]}\tms\t{gap['longest_gap_us'] / 1000:.1f}")
        errors[kind] += gap["errors"]
for kind, count in errors.items():
    print(f"{kinds[kind]}, errors in all\terrors\t{count}")
