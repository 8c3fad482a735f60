# shellcheck shell=bash
# scripts/bench lint: 1,000 migration files through `migrate lint --offline` and through squawk, in turns.

bench_lint() { # RUNS FILES
    local run squawk linted answer
    squawk="$(squawk_bin)" || die "without squawk there is nothing to compare with"
    lab="$(mktemp -d "/tmp/pgteal-$program.XXXXXX")"
    trap close_lab EXIT
    trap 'exit 130' INT TERM HUP
    mkdir "$lab/migrations"
    python3 scripts/lib/bench_lint_files.py tests/migration/lint/measured "$lab/migrations" "$2"
    say "lint: $1 runs of each, $2 files, $(cat "$lab"/migrations/*.sql | wc -c) bytes"
    for ((run = 0; run <= $1; run++)); do
        measured sh -c '"$@"; [ $? -le 3 ]' sh "$pgteal" --json migrate lint --offline --pg-version 15 "$lab/migrations"
        # Whoever is fast because of an error has not linted.
        linted="$(python3 -c 'import json, sys; print(len({f["file"] for f in json.load(sys.stdin)["findings"]}))' <"$lab/out")" ||
            die "pgteal migrate lint gave no findings: $(tail -n 3 "$lab/err")"
        [ "$run" = 0 ] || sample "pgteal migrate lint" ms "$(in_ms "$took_s")"
        measured sh -c '"$@"; [ $? -le 1 ]' sh "$squawk" --reporter json --pg-version 15 --assume-in-transaction "$lab"/migrations/*.sql
        answer="$(python3 -c 'import json, sys; print(len({f["file"] for f in json.load(sys.stdin)}))' <"$lab/out")" ||
            die "squawk gave no findings: $(tail -n 3 "$lab/err")"
        # The first of each only warms the file cache.
        [ "$run" = 0 ] || sample "squawk $squawk_version" ms "$(in_ms "$took_s")"
    done
    say "  files with findings: pgteal $linted, squawk $answer"
    python3 scripts/lib/bench_report.py lint "$lab/samples" "$json" \
        "squawk=pgteal migrate lint/squawk $squawk_version"
}

in_ms() { awk -v s="$1" 'BEGIN { printf "%.0f", s * 1000 }'; }
