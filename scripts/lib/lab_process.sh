# shellcheck shell=bash
# The lab's processes: who they run as, and starting, stopping and killing them. Wants $dir (the lab's folder).

# PostgreSQL and PgBouncer refuse to run as root.
if [ "$(id -u)" = 0 ]; then lab_user=postgres; else lab_user="$(id -un)"; fi

as_lab_user() {
    if [ "$(id -u)" = 0 ]; then
        env HOME="$dir" setpriv --reuid="$lab_user" --regid="$lab_user" --init-groups -- "$@"
    else
        "$@"
    fi
}

# Names of all members: blue, green, pgb1…
members() {
    echo blue
    echo green
    local n
    for ((n = 1; n <= ${POOLERS:-0}; n++)); do echo "pgb$n"; done
}

pid_file() {
    case "$1" in
    blue | green) echo "$dir/$1/postmaster.pid" ;;
    load) echo "$dir/run/load.pid" ;;
    *) echo "$dir/$1/pgbouncer.pid" ;;
    esac
}

# The process of a member, if it lives and really is the lab's: a stale pid file may name a stranger.
member_pid() {
    local pid exe
    pid="$(head -n 1 "$(pid_file "$1")" 2>/dev/null)" || return 1
    [[ "$pid" =~ ^[0-9]+$ ]] && [ -d "/proc/$pid" ] || return 1
    exe="$(readlink "/proc/$pid/exe" 2>/dev/null)" || return 1
    case "${exe##*/}" in postgres | pgbouncer | pgbench) echo "$pid" ;; *) return 1 ;; esac
}

# Every server process has its data directory as working directory, which finds those without a pid file too.
stray_pids() {
    local link cwd exe
    for link in /proc/[0-9]*/cwd; do
        cwd="$(readlink "$link" 2>/dev/null)" || continue
        [[ "$cwd" == "$dir" || "$cwd" == "$dir"/* ]] || continue
        exe="$(readlink "${link%/cwd}/exe" 2>/dev/null)" || continue
        exe="${exe% (deleted)}"
        case "${exe##*/}" in postgres | pgbouncer | pgbench | initdb)
            link="${link%/cwd}"
            echo "${link##*/}"
            ;;
        esac
    done
}

with_children() {
    echo "$1"
    ps -o pid= --ppid "$1" | tr -d ' ' || true
}

# wait_gone SECONDS PID...
wait_gone() {
    local deadline=$((SECONDS + $1)) pid
    shift
    for pid in "$@"; do
        while [ -d "/proc/$pid" ] && [ "$(awk '/^State/ { print $2 }' "/proc/$pid/status" 2>/dev/null)" != Z ]; do
            [ "$SECONDS" -lt "$deadline" ] || return 1
            sleep 0.02
        done
    done
}

start_member() {
    member_pid "$1" >/dev/null && return 0
    case "$1" in
    blue) start_server blue "$BLUE_BIN" ;;
    green) start_server green "$GREEN_BIN" ;;
    *) start_pooler "$1" ;;
    esac
}

start_server() {
    # Its process is gone, or a zombie that nobody collects and that PostgreSQL would take for alive.
    rm -f "$(pid_file "$1")" "$dir/run/.s.PGSQL.$(member_port "$1")"*
    (cd "$dir" && as_lab_user "$2/pg_ctl" -D "$dir/$1" -l "$dir/$1.log" -t 30 -w -s start >/dev/null) ||
        fail_with_log "$1 did not start" "$dir/$1.log"
}

start_pooler() {
    # A pid file of a killed process would stop PgBouncer from starting.
    rm -f "$(pid_file "$1")"
    (
        cd "$dir/$1"
        ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
        as_lab_user pgbouncer -q -d "$dir/$1/pgbouncer.ini" >/dev/null
    ) || fail_with_log "$1 did not start" "$dir/$1/pgbouncer.log"
    wait_answer "$1" "$(member_port "$1")"
}

fail_with_log() {
    warn "$1; the end of $2:"
    tail -n 20 "$2" >&2 2>/dev/null || true
    return 1
}

member_port() {
    local name
    case "$1" in
    blue) echo "$BLUE_PORT" ;;
    green) echo "$GREEN_PORT" ;;
    pgb*)
        name="PGB${1#pgb}_PORT"
        echo "${!name}"
        ;;
    esac
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A server listens before it lets anyone in; a pooler that listens is ready.
server_is_ready() { as_lab_user "$CLIENT_BIN/pg_isready" -q -h 127.0.0.1 -p "$(member_port "$1")" -U postgres; }

is_ready() {
    case "$1" in
    blue | green) server_is_ready "$1" ;;
    *) answers "$(member_port "$1")" ;;
    esac
}

wait_answer() {
    local deadline=$((SECONDS + 10))
    until answers "$2"; do
        [ "$SECONDS" -lt "$deadline" ] || { warn "$1 does not answer on port $2"; return 1; }
        sleep 0.02
    done
}

# stop_member NAME: as an operator would; servers in fast mode.
stop_member() {
    local pid
    pid="$(member_pid "$1")" || return 0
    kill -CONT "$pid"
    case "$1" in blue | green) kill -INT "$pid" ;; *) kill -TERM "$pid" ;; esac
    wait_gone 30 "$pid" || { warn "$1 (pid $pid) did not stop within 30 s"; return 1; }
}

# kill_member NAME: SIGKILL to the process and its children at once, as when the machine loses power.
kill_member() {
    local pid pids
    pid="$(member_pid "$1")" || { warn "$1 is not running"; return 1; }
    kill -STOP "$pid"
    mapfile -t pids < <(with_children "$pid")
    kill -STOP "${pids[@]}" 2>/dev/null || true
    note_shared_memory "${pids[@]}"
    kill -KILL "${pids[@]}" 2>/dev/null || true
    wait_gone 10 "${pids[@]}" || { warn "$1 survived SIGKILL"; return 1; }
}

# signal_member SIGNAL NAME: to the process and its children; STOP makes a member hang, CONT wakes it.
signal_member() {
    local pid pids
    pid="$(member_pid "$2")" || { warn "$2 is not running"; return 1; }
    mapfile -t pids < <(with_children "$pid")
    kill "-$1" "${pids[@]}" 2>/dev/null || true
}

# take_down: everything that runs in the folder ends, then the folder goes.
take_down() {
    local try name pid pids=()
    [ -e "$dir" ] || return 0
    [ -e "$dir/.pgteal-lab" ] || { warn "$dir is not a lab's folder; left alone"; return 1; }
    mapfile -t pids < <(stray_pids)
    note_shared_memory "${pids[@]}"
    # Immediate shutdown lets the servers remove their shared memory; the data goes anyway.
    for name in blue green; do
        if pid="$(member_pid "$name")"; then
            kill -CONT "$pid"
            kill -QUIT "$pid"
        fi
    done
    for ((try = 0; try < 200; try++)); do
        mapfile -t pids < <(stray_pids)
        [ ${#pids[@]} -gt 0 ] || break
        for pid in "${pids[@]}"; do
            [ "$try" -lt 100 ] && is_server "$pid" || kill -KILL "$pid" 2>/dev/null || true
        done
        sleep 0.02
    done
    free_shared_memory
    rm -rf "$dir"
}

is_server() { [[ "$(readlink "/proc/$1/exe" 2>/dev/null)" == */postgres ]]; }

# A server that is killed leaves its segments in /dev/shm: note their names while it lives.
note_shared_memory() {
    local pid
    for pid in "$@"; do
        { grep -oE '/dev/shm/PostgreSQL\.[0-9]+' "/proc/$pid/maps" 2>/dev/null || true; } | sort -u >>"$dir/shared-memory"
    done
}

# The other segment that a killed postmaster leaves behind is named by line 7 of its pid file.
free_shared_memory() {
    local name id
    if [ -s "$dir/shared-memory" ]; then sort -u "$dir/shared-memory" | xargs rm -f; fi
    for name in blue green; do
        id="$(sed -n '7s/.* \([0-9][0-9]*\)$/\1/p' "$dir/$name/postmaster.pid" 2>/dev/null)" || continue
        [ -z "$id" ] || ipcrm -m "$id" 2>/dev/null || true
    done
}
