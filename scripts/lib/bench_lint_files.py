"""Makes migration files of the measured suite: bench_lint_files.py SUITE FOLDER COUNT, named as Flyway names them."""

import glob
import itertools
import os
import re
import sys

suite, folder, count = sys.argv[1:]

texts = []
for path in sorted(glob.glob(os.path.join(suite, "*.sql"))):
    if os.path.basename(path) == "fixture.sql":
        continue
    with open(path) as file:
        for case in re.split(r"^-- case: ", file.read(), flags=re.M)[1:]:
            name = case.split("\n", 1)[0]
            for text in re.split(r"^-- (?:file|next):", case, flags=re.M)[1:]:
                texts.append((name.replace("-", "_"), text.strip() + "\n"))
if len(texts) < 150:
    sys.exit(f"{suite} has only {len(texts)} migrations")
for number, (name, text) in zip(range(1, int(count) + 1), itertools.cycle(texts)):
    with open(os.path.join(folder, f"V{number}__{name}.sql"), "w") as file:
        file.write(text)
