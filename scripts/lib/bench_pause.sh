# shellcheck shell=bash
# scripts/bench pause: the stall that clients see at a switchover, beside that of a bare PAUSE; RESUME, in turns.

bench_pause() { # RUNS SCALE
    local run seen=1
    say "pause: $1 runs of each, pgbench scale $2, 16 clients with 400 transactions a second, 30 new connections a second"
    open_lab --scale "$2"
    init_load
    start_load "$lab/load.log" --clients 16 --rate 400 --probe-rate 30
    measured "$pgteal" prepare
    sample "pgteal prepare, peak memory" MB "$peak_mb"
    sleep 2
    windows=()
    for ((run = 1; run <= $1; run++)); do
        one_window "nothing/$run" sleep 0.1
        one_window "bare/$run" bare_pause
        if [ $((run % 2)) = 1 ]; then one_switch cutover "$run"; else one_switch switch-back "$run"; fi
        say "  $run of $1: pgteal held clients $pause_ms ms"
    done
    [ $(($1 % 2)) = 0 ] && serving=blue || serving=green
    stop_load || die "the load ended badly: $(tail -n 3 "$lab/load.out")"
    "$workload" gaps --log "$lab/load.log" "${windows[@]/#/--window=}" --json >"$lab/gaps.json"
    python3 scripts/lib/bench_pause_samples.py "$lab/gaps.json" >>"$lab/samples"
    "$workload" check --blue "$blue_dsn" --green "$green_dsn" --serving "$serving" --both --log "$lab/load.log" \
        --switches "$1" >"$lab/checked" 2>&1 || { cat "$lab/checked"; seen=0; }
    pause_report
    [ "$seen" = 1 ] || die "the checker found that writes were lost or doubled; see above"
    say "The checker compared both servers with the load's log: nothing lost, nothing doubled."
}

# one_window NAME COMMAND...: the command within three seconds of load, the same for each kind.
one_window() {
    local name="$1" from until now
    shift
    from="$(now_us)"
    until=$((from + 3000000))
    sleep 0.5
    "$@"
    now="$(now_us)"
    if [ "$now" -lt "$until" ]; then sleep "$(awk -v us=$((until - now)) 'BEGIN { printf "%.3f", us / 1e6 }')"; fi
    load_runs || die "the load ended by itself: $(tail -n 3 "$lab/load.out")"
    windows+=("$name:$from:$(now_us)")
    # A gap that reaches over the end must not count for the next window too.
    sleep 0.3
}

bare_pause() { lab_psql -p "$PGB1_PORT" -U pgteal -d pgbouncer -c 'PAUSE app' -c 'RESUME app' >"$lab/bare.out"; }

one_switch() { # COMMAND RUN
    one_window "pgteal/$2" measured "$pgteal" --json "$1"
    pause_ms="$(python3 -c 'import json, sys; print(round(json.load(sys.stdin)["pause_ms"], 1))' <"$lab/out")"
    sample "pgteal, held by its own account" ms "$pause_ms"
    sample "pgteal switch, peak memory" MB "$peak_mb"
}

pause_report() {
    python3 scripts/lib/bench_report.py pause "$lab/samples" "$json" \
        "persistent clients=pgteal, persistent clients/bare PAUSE; RESUME, persistent clients" \
        "new connections=pgteal, new connections/bare PAUSE; RESUME, new connections"
}
