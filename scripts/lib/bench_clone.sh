# shellcheck shell=bash
# scripts/bench clone: a copy of one database by pgteal, by pg_dump with pg_restore, and by pgcopydb, in turns, two jobs each.

bench_clone() { # RUNS SCALE
    local run size tool
    say "clone: $1 runs of each, pgbench scale $2, two jobs each"
    open_lab --scale "$2"
    lab_psql -p "$GREEN_PORT" -U pgteal -d postgres -c 'CREATE ROLE app LOGIN'
    size="$(lab_psql -p "$BLUE_PORT" -U pgteal -d app -At -c "SELECT pg_size_pretty(pg_database_size('app'))")"
    say "  database: $size"
    command -v pgcopydb >/dev/null || say "  pgcopydb is not installed (Debian package pgcopydb): left out"
    for ((run = 1; run <= $1; run++)); do
        for tool in pgteal dump pgcopydb; do
            [ "$tool" != pgcopydb ] || command -v pgcopydb >/dev/null || continue
            # What one of them left to be written must not be paid by the next.
            lab_psql -p "$BLUE_PORT" -U pgteal -d postgres -c CHECKPOINT
            lab_psql -p "$GREEN_PORT" -U pgteal -d postgres -c CHECKPOINT
            clone_with_"$tool"
        done
    done
    python3 scripts/lib/bench_report.py clone "$lab/samples" "$json" \
        "pg_dump and pg_restore=pgteal, copy/pg_dump and pg_restore" "pgcopydb=pgteal, copy/pgcopydb"
}

clone_with_pgteal() {
    measured "$pgteal" --json prepare
    local copy step ms
    # What the others do too: the schema, a snapshot, the rows, the indexes. prepare also starts the lanes and compares all rows.
    python3 -c 'import json, sys
for step in json.load(sys.stdin)["steps"]:
    if step["id"] in ("schema", "lanes", "copy", "build"):
        print(step["id"], step["ms"])' <"$lab/out" >"$lab/steps"
    while read -r step ms; do
        sample "  step $step" s "$(awk -v ms="$ms" 'BEGIN { printf "%.2f", ms / 1000 }')"
    done <"$lab/steps"
    copy="$(awk '{ ms += $2; n++ } END { if (n != 4) exit 1; printf "%.2f", ms / 1000 }' "$lab/steps")" ||
        die "pgteal prepare did not tell how long its steps took"
    sample "pgteal, copy" s "$copy"
    sample "pgteal prepare as a whole" s "$took_s"
    sample "pgteal prepare, peak memory" MB "$peak_mb"
    say "  pgteal                  $copy s (prepare as a whole: $took_s s)"
    "$pgteal" --quiet abort >"$lab/out" 2>&1 || die "pgteal abort failed: $(tail -n 5 "$lab/out")"
}

new_copy() { lab_psql -p "$GREEN_PORT" -U pgteal -d postgres -c 'CREATE DATABASE copied OWNER app'; }

# A copy that lacks rows or indexes was not faster but wrong.
check_copy() {
    local sql="SELECT (SELECT count(*) FROM public.pgbench_accounts), (SELECT count(*) FROM pg_indexes WHERE schemaname = 'public')"
    [ "$(lab_psql -d "$blue_dsn" -At -c "$sql")" = "$(lab_psql -d "${green_dsn/dbname=app/dbname=copied}" -At -c "$sql")" ] ||
        die "what $1 copied is not what blue has"
}
drop_copy() { lab_psql -p "$GREEN_PORT" -U pgteal -d postgres -c 'DROP DATABASE copied'; }

# Uncompressed, which is the faster way for a dump that is read once.
clone_with_dump() {
    local dump_s
    new_copy
    measured "$CLIENT_BIN/pg_dump" -Fd -j2 -Z0 -f "$lab/dump" -d "$blue_dsn"
    dump_s="$took_s"
    measured "$CLIENT_BIN/pg_restore" -j2 -d "${green_dsn/dbname=app/dbname=copied}" "$lab/dump"
    took_s="$(awk -v a="$dump_s" -v b="$took_s" 'BEGIN { printf "%.2f", a + b }')"
    sample "pg_dump and pg_restore" s "$took_s"
    say "  pg_dump and pg_restore  $took_s s"
    check_copy "pg_restore"
    rm -rf "$lab/dump"
    drop_copy
}

clone_with_pgcopydb() {
    new_copy
    if measured pgcopydb clone --dir "$lab/pgcopydb" --table-jobs 2 --index-jobs 2 --skip-extensions --skip-large-objects \
        --source "postgres://pgteal@127.0.0.1:$BLUE_PORT/app" --target "postgres://pgteal@127.0.0.1:$GREEN_PORT/copied"; then
        sample "pgcopydb" s "$took_s"
        check_copy "pgcopydb"
        say "  pgcopydb                $took_s s"
    else
        say "  pgcopydb failed; left out"
    fi
    rm -rf "$lab/pgcopydb"
    drop_copy
}
