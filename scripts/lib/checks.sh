# shellcheck shell=bash
# The items of scripts/check: each prints what is wrong and returns non-zero, or is silent. Run from the root.

folders=(base catalog postgres replication migration pooler health cutover)
longest=400

title_of() {
    case "$1" in
    includes) echo "rooms include each other only in the allowed direction" ;;
    length) echo "no source file has more than $longest lines" ;;
    format) echo "clang-format" ;;
    tidy) echo "clang-tidy" ;;
    scripts) echo "shellcheck" ;;
    runbook) echo "docs/runbook.md is what the step list says" ;;
    config) echo "docs/config.md is what the config reader says" ;;
    schema) echo "docs/pgteal.schema.json is what the config reader says" ;;
    checks) echo "docs/checks.md is what check asks" ;;
    rules) echo "docs/migrations/rules.md is what the linter says" ;;
    named) echo "docs/security.md names tests that are there" ;;
    compose) echo "docker-compose.yml parses and runs what scripts/lab runs" ;;
    esac
}

# All C++ files, committed or not yet, but not ignored ones.
sources() { git ls-files --cached --others --exclude-standard -- "$@" | grep -E '\.(cpp|hpp)$' | while read -r file; do
    [ ! -e "$file" ] || echo "$file"
done; }

# forbid WHAT PATTERN FILE...: prints the lines that match.
forbid() {
    local what="$1" pattern="$2" found
    shift 2
    [ $# -gt 0 ] || return 0
    if found="$(grep -nHE -- "$pattern" "$@")"; then
        printf '%s:\n%s\n' "$what" "$found"
        return 1
    fi
}

check_includes() {
    sources "${folders[@]}" | python3 scripts/lib/rooms_check.py cmake/rooms.txt
}

check_length() {
    local bad=0 file lines
    while read -r file; do
        lines="$(wc -l <"$file")"
        [ "$lines" -le "$longest" ] || { echo "$file has $lines lines"; bad=1; }
    done < <(sources; git ls-files --cached --others --exclude-standard -- '*.sql' | while read -r file; do [ ! -e "$file" ] || echo "$file"; done)
    return $bad
}

check_format() {
    local files
    mapfile -t files < <(sources)
    [ ${#files[@]} -gt 0 ] || return 0
    clang-format --dry-run -Werror "${files[@]}" 2>&1 | grep -E 'error|warning' | head -n 40
    # The pipe above is for people; the exit status has to be clang-format's.
    return "${PIPESTATUS[0]}"
}

need_build() {
    [ -e "build/$preset/compile_commands.json" ] && [ -x "build/$preset/pgteal" ] ||
        scripts/build "$preset" >/dev/null
}

check_tidy() {
    local files
    need_build || return 1
    if [ "$changed" = 1 ]; then
        mapfile -t files < <({ git diff --name-only HEAD; git ls-files --others --exclude-standard; } |
            grep -E '\.cpp$' | while read -r file; do [ ! -e "$file" ] || echo "$file"; done)
    else
        mapfile -t files < <(sources "${folders[@]}" | grep -E '\.cpp$')
    fi
    [ ${#files[@]} -gt 0 ] || return 0
    local database status=0
    database="$(mktemp -d)"
    printf '%s\n' "${files[@]}" |
        python3 scripts/lib/tidy_database.py "build/$preset/compile_commands.json" "$database" |
        xargs -r -P 2 -n 4 clang-tidy --quiet --warnings-as-errors='*' -p "$database" >"$database/said" 2>&1 || status=1
    grep -vE 'warnings? (and|generated|treated)|^Suppressed|^Use -header-filter' "$database/said" | head -n 120
    rm -rf "$database"
    return $status
}

check_scripts() {
    local files
    command -v shellcheck >/dev/null || { echo "shellcheck is missing; run scripts/setup"; return 1; }
    mapfile -t files < <(git ls-files --cached --others --exclude-standard scripts .ci | while read -r file; do
        if [ -e "$file" ] && head -n 1 "$file" | grep -qE '^#!.*\b(ba)?sh\b'; then echo "$file"; fi
    done)
    shellcheck -x "${files[@]}"
}

# docs_are_fresh NAME FILE: the file is what the program prints now.
docs_are_fresh() {
    need_build || return 1
    local again="build/$preset/pgteal docs $1 > $2" status=0
    [ -e "$2" ] || { echo "$2 is missing; write it with: $again"; return 1; }
    "build/$preset/pgteal" docs "$1" >"$output.page" && diff -u "$2" "$output.page" ||
        { status=1; echo "stale; write it again with: $again"; }
    rm -f "$output.page"
    return $status
}

check_named() { python3 scripts/lib/named_tests.py docs/security.md; }

check_runbook() { docs_are_fresh runbook docs/runbook.md; }
check_rules() { docs_are_fresh rules docs/migrations/rules.md; }
check_config() { docs_are_fresh config docs/config.md; }
check_checks() { docs_are_fresh checks docs/checks.md; }
check_schema() { docs_are_fresh schema docs/pgteal.schema.json; }

check_compose() {
    [ -e docker-compose.yml ] || { echo "docker-compose.yml is missing"; return 1; }
    local folder status=0
    folder="$(mktemp -d)"
    scripts/lib/compose_lab.sh "$folder" && python3 scripts/lib/compose_check.py "$folder" || status=1
    rm -rf "$folder"
    # What the service pgteal runs, asked of pgteal.
    need_build || { echo "pgteal could not be built"; return 1; }
    "build/$preset/pgteal" serve --help >/dev/null || { echo "pgteal has no command serve"; status=1; }
    # Docker knows the format best, where it is.
    if docker compose version >/dev/null 2>&1; then docker compose -f docker-compose.yml config -q || status=1; fi
    return $status
}
