"""Fails when a page names a test that is not there: named_tests.py PAGE… (run from the root)."""

import pathlib
import re
import sys

tests = set()
files = set()
for path in pathlib.Path("tests").rglob("*.cpp"):
    files.add(path.stem)
    for suite, name in re.findall(r"\b\w*TEST\w*\(\s*(\w+),\s*(\w+)\s*\)", path.read_text(encoding="utf-8")):
        tests.add(f"{suite}.{name}")
suites = {test.split(".")[0] for test in tests}
# Suites that run with parameters are named "Instance/Suite" by the runner and plainly in pages.
missing = []
for page in sys.argv[1:]:
    for number, line in enumerate(pathlib.Path(page).read_text(encoding="utf-8").split("\n"), 1):
        for word in re.findall(r"`([^`]+)`", line):
            if re.fullmatch(r"\w+_(scenario|test|pgtest)", word):
                there = word in files
            elif re.fullmatch(r"[A-Z]\w*\.\*", word):
                there = word[:-2] in suites
            elif re.fullmatch(r"[A-Z]\w*\.\w+", word):
                there = word in tests
            else:
                continue
            if not there:
                missing.append(f"{page}:{number}: no test is called {word}")
print("\n".join(missing))
sys.exit(1 if missing else 0)
