"""Runs a command and writes "SECONDS PEAK_MB" of it: measure.py FILE COMMAND... Exits as the command does.

The peak is read from /proc, because the one that wait4() gives includes the command's children.
"""

import subprocess
import sys
import time


def peak_kb(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            return next((int(line.split()[1]) for line in status if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


started = time.monotonic()
process = subprocess.Popen(sys.argv[2:])
peak = 0
while process.poll() is None:
    peak = max(peak, peak_kb(process.pid))
    time.sleep(0.01)
with open(sys.argv[1], "w") as file:
    print(f"{time.monotonic() - started:.3f} {peak / 1024:.1f}", file=file)
sys.exit(process.returncode if process.returncode >= 0 else 128 - process.returncode)
