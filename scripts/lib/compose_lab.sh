#!/usr/bin/env bash
# Writes down what scripts/lab runs and writes, and what docker/blue.sh runs, without starting any of it: their own code
# works, with a recorder in place of every process. For scripts/check compose.
#
#   compose_lab.sh FOLDER     FOLDER/lab and FOLDER/blue-service get two files for each command: *.words, *.input
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=scripts/lib/lab_process.sh
. "$(dirname "$0")/lab_process.sh"
# shellcheck source=scripts/lib/lab_files.sh
. "$(dirname "$0")/lab_files.sh"
# shellcheck source=scripts/lib/lab_up.sh
. "$(dirname "$0")/lab_up.sh"

# record COMMAND...: its words, each ended by a zero byte, and what it was to read.
record() {
    local file
    file="$(mktemp "$recorded/XXXXXX.words")"
    printf '%s\0' "$@" >"$file"
    cat >"${file%.words}.input"
}

# The lab, told of the names and passwords that docker-compose.yml uses.
dir="$(realpath "$1")"
lab_user="$(id -un)"
databases=(app) aliases=() scale=1 fsync=on rate=200 pool_size=20 shared_buffers=256MB
POOLERS=1 BLUE_PORT=5432 GREEN_PORT=5432 PGB1_PORT=6432 METRICS_PORT=9187
BLUE_BIN=/lab GREEN_BIN=/lab CLIENT_BIN=/lab
pgteal_password=pgteal app_password=app
export recorded="$dir/lab"
mkdir -p "$recorded" "$dir/blue" "$dir/green" "$dir/run"

as_lab_user() { record "$@"; }
# The load is taken for running from the second look on.
member_pid() {
    [ -e "$dir/looked" ] || { touch "$dir/looked"; return 1; }
}
wait_answer() { :; }
write_file() { cat >"$1"; }

{
    make_server blue "$BLUE_BIN" "$BLUE_PORT"
    make_server green "$GREEN_BIN" "$GREEN_PORT"
    server_is_ready blue
    make_databases
    write_config
    write_pooler pgb1 "$PGB1_PORT"
    start_pooler pgb1
    start_load
    wait
} </dev/null

psql() { record psql "$@"; }
pgbench() { record pgbench "$@"; }
export -f record psql pgbench
export recorded="$dir/blue-service"
mkdir "$recorded"
bash "$root_dir/docker/blue.sh" </dev/null
