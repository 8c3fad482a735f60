# shellcheck shell=bash
# Making a lab: folder, clusters, roles, databases, poolers, load.

up() {
    local started=$EPOCHREALTIME
    choose_servers
    claim_folder
    # Whatever ends this early takes the half-made lab with it.
    trap 'take_down || true' EXIT
    trap 'exit 130' INT TERM HUP
    choose_ports
    pgteal_password="$(random_word)"
    app_password="$(random_word)"
    local ports
    mapfile -t ports < <(pooler_ports)
    write_passfile "$BLUE_PORT" "$GREEN_PORT" "${ports[@]}"
    write_config
    write_env
    make_servers
    make_databases
    local name
    for name in $(members); do
        [[ "$name" == pgb* ]] || continue
        write_pooler "$name" "$(member_port "$name")"
        [ "$start_poolers" = 0 ] || start_member "$name"
    done
    [ "$load" = 0 ] || start_load
    trap - EXIT INT TERM HUP
    summary "$started"
}

random_word() { od -An -N 12 -tx1 /dev/urandom | tr -d ' \n'; }

pooler_ports() {
    local n
    for ((n = 1; n <= POOLERS; n++)); do member_port "pgb$n"; done
}

choose_servers() {
    local debian major
    debian="$(debian_major)" || die "Debian's PostgreSQL is missing; run scripts/setup"
    BLUE_MAJOR="${blue_major:-$debian}"
    GREEN_MAJOR="$green_major"
    if [ -z "$GREEN_MAJOR" ]; then
        GREEN_MAJOR="$(upgrade_major "$BLUE_MAJOR")" || GREEN_MAJOR="$BLUE_MAJOR"
    fi
    for major in "$BLUE_MAJOR" "$GREEN_MAJOR"; do
        server_bin "$major" >/dev/null || die "PostgreSQL $major is missing; run scripts/setup --servers $major"
    done
    BLUE_BIN="$(server_bin "$BLUE_MAJOR")"
    GREEN_BIN="$(server_bin "$GREEN_MAJOR")"
    CLIENT_BIN="/usr/lib/postgresql/$debian/bin"
    LAB_DIR="$dir"
    LAB_USER="$lab_user"
}

claim_folder() {
    # The kernel takes no longer name for a socket than 107 bytes.
    [ ${#dir} -le 75 ] || die "$dir is too long a name: 75 characters at most, for the sockets in it"
    if [ -e "$dir" ]; then
        [ -e "$dir/.pgteal-lab" ] || [ -z "$(ls -A "$dir")" ] ||
            die "$dir exists and is not a lab's folder; choose another with --dir"
        [ -z "$(stray_pids)" ] || die "a lab already runs in $dir; end it with: scripts/lab down --dir $dir"
        rm -rf "$dir"
    fi
    mkdir -p "$dir"
    chmod 0755 "$dir"
    touch "$dir/.pgteal-lab"
    mkdir "$dir/state" "$dir/migrations" "$dir/run" "$dir/blue" "$dir/green"
    touch "$dir/blue.log" "$dir/green.log"
    if [ "$(id -u)" = 0 ]; then
        chown "$lab_user:" "$dir/run" "$dir/blue" "$dir/green" "$dir/blue.log" "$dir/green.log"
        as_lab_user test -w "$dir/blue" ||
            { rm -rf "$dir"; die "the user $lab_user cannot reach $dir; choose a folder below /tmp"; }
    fi
}

choose_ports() {
    local ports n
    mapfile -t ports < <(free_ports $((POOLERS + 3)))
    [ ${#ports[@]} = $((POOLERS + 3)) ] || die "no free ports on 127.0.0.1"
    BLUE_PORT="${ports[0]}"
    GREEN_PORT="${ports[1]}"
    METRICS_PORT="${ports[2]}"
    for ((n = 1; n <= POOLERS; n++)); do declare -g "PGB${n}_PORT=${ports[$((n + 2))]}"; done
}

# Both at once, each from initdb to its first answer.
make_servers() {
    local blue_job green_job failed=0
    make_server blue "$BLUE_BIN" "$BLUE_PORT" &
    blue_job=$!
    make_server green "$GREEN_BIN" "$GREEN_PORT" &
    green_job=$!
    wait "$blue_job" || failed=1
    wait "$green_job" || failed=1
    [ "$failed" = 0 ] || exit 1
}

make_server() { # NAME BIN PORT
    trap - EXIT
    (cd "$dir" && as_lab_user "$2/initdb" -D "$dir/$1" -N -U postgres -E UTF8 --locale=C.UTF-8 --auth=trust) \
        >"$dir/$1.initdb.log" 2>&1 || { fail_with_log "initdb of $1 failed" "$dir/$1.initdb.log"; exit 1; }
    write_server_settings "$1" "$3"
    start_server "$1" "$2" || exit 1
    # On stdin, so that no password shows in the list of processes.
    as_lab_user "$CLIENT_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$dir/run" -p "$3" -U postgres -d postgres <<SQL
CREATE ROLE pgteal LOGIN SUPERUSER PASSWORD '$pgteal_password';
SQL
}

# On blue only: pgteal brings roles and databases to green.
make_databases() {
    local database
    {
        echo "CREATE ROLE app LOGIN PASSWORD '$app_password';"
        for database in "${databases[@]}"; do echo "CREATE DATABASE \"$database\" OWNER app;"; done
    } | as_lab_user "$CLIENT_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$dir/run" -p "$BLUE_PORT" -U postgres -d postgres ||
        { fail_with_log "the databases could not be made on blue" "$dir/blue.log"; exit 1; }
    [ "$scale" -gt 0 ] || return 0
    as_lab_user env PGPASSFILE="$dir/passfile" "$CLIENT_BIN/pgbench" -i -q -s "$scale" \
        -h 127.0.0.1 -p "$BLUE_PORT" -U app "${databases[0]}" >"$dir/pgbench.log" 2>&1 ||
        { fail_with_log "pgbench could not make its tables" "$dir/pgbench.log"; exit 1; }
    # Without a primary key its UPDATE and DELETE could not be replicated.
    as_lab_user env PGPASSFILE="$dir/passfile" "$CLIENT_BIN/psql" -X -q -v ON_ERROR_STOP=1 \
        -h 127.0.0.1 -p "$BLUE_PORT" -U app -d "${databases[0]}" <<'SQL'
ALTER TABLE pgbench_history ADD COLUMN hid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
SQL
}

start_load() {
    [ "$POOLERS" -gt 0 ] || { warn "the load wants a pooler"; return 1; }
    ! member_pid load >/dev/null || return 0
    # The shell that exec turns into pgbench writes the pid: as_lab_user's own differs.
    # shellcheck disable=SC2016
    (cd "$dir/run" && as_lab_user env PGPASSFILE="$dir/passfile" setsid sh -c 'echo $$ >load.pid; exec "$@"' sh \
        "$CLIENT_BIN/pgbench" -n -c 8 -j 1 -T 86400 -R "$rate" -P 1 \
        -h 127.0.0.1 -p "$PGB1_PORT" -U app "${databases[0]}") </dev/null >"$dir/load.log" 2>&1 &
    local deadline=$((SECONDS + 10))
    until member_pid load >/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || { fail_with_log "the load did not start" "$dir/load.log"; return 1; }
        sleep 0.02
    done
}

member_version() {
    case "$1" in
    blue) "$BLUE_BIN/postgres" --version ;;
    green) "$GREEN_BIN/postgres" --version ;;
    *) pgbouncer --version | head -n 1 ;;
    esac | grep -oE '[0-9]+\.[0-9.]+' | head -n 1
}

summary() {
    local took
    took="$(awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", to - from }')"
    [ "${quiet:-0}" = 0 ] || return 0
    say "lab in $dir, up in $took"
    say ""
    status
    say ""
    say "config   $dir/pgteal.toml"
    say "psql     scripts/lab psql pgb1 --dir $dir"
    say "end it   scripts/lab down --dir $dir"
}
