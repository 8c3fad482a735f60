# shellcheck shell=bash
# What scripts/demo and scripts/bench share: the binaries, a lab of their own, the load, and clearing up.
# Wants $preset and $keep; sets $pgteal, $workload, $lab and the lab's own variables (scripts/lab env).

export LC_ALL=C
lab='' load_pid=''

# get_binaries: builds both, unless PGTEAL_NO_BUILD=1 says that they are there.
get_binaries() {
    pgteal="$root_dir/build/$preset/pgteal"
    workload="$root_dir/build/$preset/pgteal-workload"
    [ "${PGTEAL_NO_BUILD:-0}" = 1 ] || "$root_dir/scripts/build" "$preset" --target pgteal --target pgteal-workload
    [ -x "$pgteal" ] && [ -x "$workload" ] || die "$pgteal or $workload is missing; run without PGTEAL_NO_BUILD"
}

# open_lab OPTIONS...: a lab in a new folder; it goes when the script ends, however it ends.
open_lab() {
    lab="$(mktemp -d "/tmp/pgteal-$program.XXXXXX")"
    trap close_lab EXIT
    trap 'exit 130' INT TERM HUP
    "$root_dir/scripts/lab" up --dir "$lab" --quiet "$@"
    # shellcheck source=/dev/null
    . "$lab/lab.env"
    export PGPASSFILE="$PASSFILE" PGTEAL_CONFIG="$LAB_CONFIG"
    blue_dsn="host=127.0.0.1 port=$BLUE_PORT user=pgteal dbname=app"
    green_dsn="host=127.0.0.1 port=$GREEN_PORT user=pgteal dbname=app"
}

close_lab() {
    local status=$?
    trap - EXIT
    stop_load || true
    if [ "$keep" = 1 ] && [ -e "$lab/lab.env" ]; then
        printf '\nThe lab is still there.  config  %s\n%24s status  scripts/lab status --dir %s\n%24s end it  scripts/lab down --dir %s\n' \
            "$LAB_CONFIG" '' "$lab" '' "$lab"
    elif [ -n "$lab" ] && [ -e "$lab/.pgteal-lab" ]; then
        "$root_dir/scripts/lab" down --dir "$lab" --quiet || status=1
    elif [ -n "$lab" ]; then
        rm -rf "$lab"
    fi
    exit "$status"
}

lab_psql() { "$CLIENT_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 "$@"; }

# The load's tables belong to the application, as its clients do.
init_load() { "$workload" init --dsn "host=127.0.0.1 port=$BLUE_PORT user=app dbname=app"; }

# start_load LOG OPTIONS...: through the first pooler, until stop_load.
start_load() {
    local log="$1" before=0 deadline=$((SECONDS + 20))
    shift
    [ ! -e "$log" ] || before="$(wc -c <"$log")"
    "$workload" run --dsn "host=127.0.0.1 port=$PGB1_PORT user=app dbname=app" --log "$log" "$@" >"$lab/load.out" 2>&1 &
    load_pid=$!
    until [ -e "$log" ] && tail -c "+$((before + 1))" "$log" | grep -m 1 '^O ' >/dev/null; do
        load_runs || die "the load did not start: $(tail -n 3 "$lab/load.out")"
        [ "$SECONDS" -lt "$deadline" ] || die "the load got no answer within 20 s"
        sleep 0.05
    done
}

load_runs() { [ -n "$load_pid" ] && kill -0 "$load_pid" 2>/dev/null; }

# Ends what is under way in order. Fails when the load had ended by itself, or ended badly.
stop_load() {
    local pid="$load_pid" early=0 try
    [ -n "$pid" ] || return 0
    load_pid=''
    kill -TERM "$pid" 2>/dev/null || early=1
    for ((try = 0; try < 1400; try++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" && [ "$early" = 0 ]
}

# Microseconds of the wall clock, as in the load's log.
now_us() { echo "${EPOCHREALTIME/./}"; }
