# shellcheck shell=bash
# What every script here needs: messages, retries, the repository's root.

root_dir="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export root_dir
program="$(basename "$0")"
# Debian keeps pgbouncer in /usr/sbin, which an ordinary user's PATH has not.
export PATH="$PATH:/usr/sbin:/sbin"

say() { [ "${quiet:-0}" = 1 ] || printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "$program" "$*" >&2; }
die() { warn "$*"; exit 1; }
usage_error() { warn "$* (see scripts/$program --help)"; exit 2; }

# The comment at the top of a script is its help.
print_help() { awk 'NR == 1 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$0"; }

# retry TIMES COMMAND...: with a growing rest in between.
retry() {
    local times="$1" try
    shift
    for ((try = 1; try <= times; try++)); do
        "$@" && return 0
        [ "$try" = "$times" ] || sleep $((try * 3))
    done
    return 1
}

# as_root COMMAND...: directly when root, else through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

can_be_root() { [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }
