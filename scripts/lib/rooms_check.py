"""Holds every #include of the product to the arrows of cmake/rooms.txt: rooms_check.py rooms.txt <list of files."""

import os
import re
import sys


def read_rooms(path):
    """Room -> rooms that it may include. Rooms stand bottom first, so an arrow up is a fault of the table itself."""
    allowed = {}
    with open(path, encoding="utf-8") as table:
        for line in table:
            if not re.match("[a-z]", line):
                continue
            columns = [column.strip() for column in line.split("|")]
            for other in columns[3].split():
                if other not in allowed:
                    sys.exit(f"{path}: {columns[0]} may include {other}, which does not stand above it")
            allowed[columns[0]] = set(columns[3].split()) | {columns[0]}
    return allowed


def main():
    allowed = read_rooms(sys.argv[1])
    folders = {room.split("/")[0] for room in allowed}
    bad = []
    seen = set()
    for file in sys.stdin.read().split():
        room = os.path.dirname(file)
        seen.add(room)
        if room not in allowed:
            bad.append(f"{file}: {room}/ is no room of cmake/rooms.txt")
            continue
        with open(file, encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                found = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
                if not found:
                    continue
                target = os.path.dirname(found.group(1))
                at = f"{file}:{number}: {line.strip()}"
                if ".." in target.split("/"):
                    bad.append(f"{at}: paths begin at the root")
                elif target.split("/")[0] == "tests":
                    bad.append(f"{at}: the product includes no tests")
                elif target.split("/")[0] in folders and target not in allowed[room]:
                    bad.append(f"{at}: {room}/ may not include {target}/")
                elif room != "postgres" and re.search(r"(^|/)(libpq-fe|pg_config.*|libpq/.*)\.h$", found.group(1)):
                    bad.append(f"{at}: only postgres/ knows libpq")
    bad += [f"cmake/rooms.txt: {room}/ has no files" for room in sorted(set(allowed) - seen)]
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
