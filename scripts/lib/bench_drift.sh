# shellcheck shell=bash
# scripts/bench drift: how long `pgteal migrate drift` takes for 10,000 objects on PostgreSQL 15 and 17.

bench_drift() { # RUNS
    local run found side port
    say "drift: $1 runs of each, 10,000 objects on each side, blue 15, green 17"
    open_lab --scale 0 --blue 15 --green 17
    lab_psql -p "$GREEN_PORT" -U pgteal -d postgres -c 'CREATE ROLE app LOGIN' -c 'CREATE DATABASE app OWNER app'
    drift_schema >"$lab/schema.sql"
    for side in blue green; do
        [ "$side" = blue ] && port="$BLUE_PORT" || port="$GREEN_PORT"
        lab_psql -p "$port" -U pgteal -d app -f "$lab/schema.sql"
        # DROP DATABASE writes a checkpoint at once: what the load above left to be written is not drift's.
        lab_psql -p "$port" -U pgteal -d postgres -c CHECKPOINT
    done
    for ((run = 1; run <= $1; run++)); do
        one_drift "equal schemas" 0 0
    done
    found="$(python3 -c 'import json, sys; print(json.load(sys.stdin)["databases"][0]["blue_objects"])' <"$lab/out")"
    say "  $found objects on blue"
    [ "$found" -ge 10000 ] || die "the schema has fewer than 10,000 objects: $found"
    # Ten plain differences, and ten views that only a server can tell to be different.
    lab_psql -p "$GREEN_PORT" -U pgteal -d app -f - <<'SQL'
SELECT format('ALTER TABLE t%s ALTER c3 SET DEFAULT 7', n) FROM generate_series(1, 10) n \gexec
SELECT format('CREATE OR REPLACE VIEW v%s AS SELECT a.id, a.c1, b.c2 FROM t%1$s a JOIN t700 b ON b.id = a.id WHERE a.c3 > 1000', n)
FROM generate_series(1, 10) n \gexec
SQL
    for ((run = 1; run <= $1; run++)); do
        one_drift "20 differences" 3 20
    done
    python3 scripts/lib/bench_report.py drift "$lab/samples" "$json"
}

# 700 tables with 8 columns, a primary key and a check each, 400 foreign keys, 800 indexes, 700 views, 400 functions.
drift_schema() {
    cat <<'SQL'
SET synchronous_commit = off;
SELECT format('CREATE TABLE t%s (id bigint PRIMARY KEY, c1 text NOT NULL, c2 varchar(20) CHECK (c2 IN (''a'', ''b'')), c3 integer DEFAULT 0, c4 numeric(10, 2), '
              'c5 timestamptz DEFAULT now(), c6 jsonb, parent bigint)', n) FROM generate_series(1, 700) n \gexec
SELECT format('ALTER TABLE t%s ADD FOREIGN KEY (parent) REFERENCES t%s', n, n + 1) FROM generate_series(1, 400) n \gexec
SELECT format('CREATE INDEX t%s_c1 ON t%1$s (lower(c1), c5 DESC) WHERE c3 > 0', n) FROM generate_series(1, 700) n \gexec
SELECT format('CREATE INDEX t%s_c6 ON t%1$s USING gin (c6)', n) FROM generate_series(1, 100) n \gexec
SELECT format('CREATE VIEW v%s AS SELECT a.id, a.c1, b.c2 FROM t%1$s a JOIN t700 b ON b.id = a.id WHERE a.c3 > 10', n)
FROM generate_series(1, 350) n \gexec
SELECT format('CREATE VIEW v%s AS SELECT t%1$s.id, upper(t%1$s.c1) AS name FROM t%1$s WHERE t%1$s.c3 > 10 ORDER BY t%1$s.c5', n)
FROM generate_series(351, 700) n \gexec
SELECT format('CREATE FUNCTION f%s(a integer, b text DEFAULT ''x'') RETURNS integer LANGUAGE sql AS $$SELECT a + %1$s + length(b)$$', n)
FROM generate_series(1, 400) n \gexec
SQL
}

# one_drift NAME EXIT_CODE DIFFERENCES
one_drift() {
    local status=0 found
    python3 scripts/lib/measure.py "$lab/measured" "$pgteal" --json migrate drift --database app >"$lab/out" 2>"$lab/err" || status=$?
    [ "$status" = "$2" ] || die "pgteal migrate drift ended with $status, not $2: $(tail -n 5 "$lab/err" "$lab/out")"
    found="$(python3 -c 'import json, sys; print(len(json.load(sys.stdin)["differences"]))' <"$lab/out")"
    [ "$found" = "$3" ] || die "$found differences were found, not $3"
    read -r took_s peak_mb <"$lab/measured"
    sample "drift, $1" s "$took_s"
    sample "drift, $1, peak memory" MB "$peak_mb"
    say "  $1: $took_s s"
}
