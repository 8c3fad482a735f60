"""What squawk and pgteal say of the measured statements: squawk_compare.py SQUAWK RESULTS...

RESULTS are what pgtest_migration_lint writes when PGTEAL_MEASURED_OUT is set: for each case what the server did, and what
`migrate lint` said. squawk gets the same files, with --pg-version, and --assume-in-transaction for those that pgteal runs in one.
Prints a table in Markdown; --cases prints which were missed and false as well, --json FILE writes it all.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

# Those of its rules whose page says that a table is scanned, rewritten or indexed while others wait. Its other rules (names, types,
# timeouts, dropped columns …) speak of something else: they count neither as found nor as false.
SLOW_WORK = {
    "adding-field-with-default",
    "adding-foreign-key-constraint",
    "adding-not-nullable-field",
    "adding-serial-primary-key-field",
    "ban-alter-domain-with-add-constraint",
    "changing-column-type",
    "constraint-missing-not-valid",
    "disallowed-unique-constraint",
    "prefer-repack",
    "require-concurrent-index-creation",
    "require-concurrent-reindex",
}
APART = re.compile(r"--\s*pgteal:\s*no-transaction|\bCONCURRENTLY\b|^\s*VACUUM\b", re.I | re.M)


def run_squawk(squawk, cases, major):
    """The names of the rules that fire for each case."""
    fired = {case["id"]: set() for case in cases}
    with tempfile.TemporaryDirectory(prefix="pgteal-squawk-") as folder:
        whole, apart, owner = [], [], {}
        for number, case in enumerate(cases):
            for part, text in enumerate(case["sql"].split("-- next file\n")):
                path = os.path.join(folder, f"{number}_{part}.sql")
                with open(path, "w") as file:
                    file.write(text)
                owner[path] = case["id"]
                (apart if APART.search(text) else whole).append(path)
        for options, paths in ((["--assume-in-transaction"], whole), ([], apart)):
            if not paths:
                continue
            command = [squawk, "--reporter", "json", "--pg-version", str(major), *options, *paths]
            answer = subprocess.run(command, capture_output=True, text=True, timeout=120)
            if answer.returncode not in (0, 1):
                sys.exit(f"squawk ended with {answer.returncode}: {answer.stderr.strip()}")
            for finding in json.loads(answer.stdout):
                fired[owner[finding["file"]]].add(finding["rule_name"])
    return fired


def score(cases, says, abstains=lambda case: False):
    found, missed, false, unseen = [], [], [], []
    for case in cases:
        if case["fails"]:
            continue
        if case["dangerous"]:
            if says(case):
                found.append(case["id"])
            else:
                (unseen if abstains(case) else missed).append(case["id"])
        elif says(case):
            false.append(case["id"])
    return {"found": found, "missed": missed, "not_analysed": unseen, "false": false}


def main():
    arguments = sys.argv[1:]
    show_cases = "--cases" in arguments
    json_file = None
    if "--json" in arguments:
        place = arguments.index("--json")
        json_file = arguments[place + 1]
        del arguments[place : place + 2]
    squawk, *files = [word for word in arguments if word != "--cases"]
    everything = {}
    for path in files:
        with open(path) as file:
            cases = json.load(file)
        major = cases[0]["major"]
        fired = run_squawk(squawk, cases, major)
        for case in cases:
            case["squawk"] = sorted(fired[case["id"]])
        judged = [case for case in cases if not case["fails"]]
        dangerous = sum(case["dangerous"] for case in judged)
        print(f"\nPostgreSQL {major}: {len(judged)} cases, {dangerous} of them dangerous; {len(cases) - len(judged)} more that the server refuses\n")
        print("| | found | missed | said not to be analysed | false |\n| --- | --- | --- | --- | --- |")
        scores = {
            "squawk 2.66": score(cases, lambda case: SLOW_WORK & set(case["squawk"])),
            "pgteal, offline": score(cases, lambda case: case["offline"]["dangerous"], lambda case: case["offline"]["not_analysed"]),
            "pgteal, with catalogs": score(cases, lambda case: case["catalogs"]["dangerous"], lambda case: case["catalogs"]["not_analysed"]),
        }
        for name, result in scores.items():
            print(f"| {name} | " + " | ".join(str(len(result[key])) for key in ("found", "missed", "not_analysed", "false")) + " |")
        if show_cases:
            for name, result in scores.items():
                for key in ("missed", "not_analysed", "false"):
                    print(f"\n{name}, {key.replace('_', ' ')}: {', '.join(result[key]) or 'none'}")
        everything[major] = scores
    if json_file:
        with open(json_file, "w") as file:
            json.dump(everything, file, indent=2)
            file.write("\n")


main()
