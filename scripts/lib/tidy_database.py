"""Makes g++'s compile commands readable for clang-tidy.

tidy_database.py COMPILE_COMMANDS FOLDER <FILES   writes FOLDER/compile_commands.json and prints those of the
files on stdin that the build knows: others have no command line to read them with.
"""

import json
import os
import re
import sys

# clang can't read g++'s precompiled header, so it is given the header itself; clang 14 knows C++20's coroutines but doesn't announce them,
# without which libstdc++ hides <coroutine>.
DROPPED = re.compile(r" -(include \S*cmake_pch\.hxx|Winvalid-pch|fpch-preprocess|Werror|fcoroutines)(?=\s)")
PCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../cmake/pch.hpp")
ADDED = f" -include {PCH}" " -D__cpp_impl_coroutine=201902L -Wno-builtin-macro-redefined -Wno-unknown-warning-option"

source, folder = sys.argv[1:]
known = set()
with open(source) as file:
    entries = json.load(file)
for entry in entries:
    entry["command"] = DROPPED.sub("", entry["command"]) + ADDED
    known.add(os.path.realpath(os.path.join(entry["directory"], entry["file"])))
with open(os.path.join(folder, "compile_commands.json"), "w") as file:
    json.dump(entries, file)
for line in sys.stdin:
    if os.path.realpath(line.strip()) in known:
        print(line.strip())
