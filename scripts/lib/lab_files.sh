# shellcheck shell=bash
# The files of a lab: server settings, PgBouncer configs, the passfile, pgteal.toml and lab.env.

# A file of the lab's user, from stdin: write_file PATH MODE
write_file() {
    cat >"$1"
    chmod "$2" "$1"
    [ "$(id -u)" != 0 ] || chown "$lab_user:" "$1"
}

# free_ports COUNT: below the range from which the kernel takes the ports of outgoing connections.
free_ports() {
    local found=0 port
    for port in $(shuf -i 15000-32000 -n 500); do
        answers "$port" && continue
        echo "$port"
        found=$((found + 1))
        [ "$found" -lt "$1" ] || return 0
    done
    return 1
}

# On ::1 too: a PgBouncer with c-ares takes "localhost" for that, whatever /etc/hosts says (RFC 6761).
write_server_settings() { # NAME PORT
    cat >>"$dir/$1/postgresql.conf" <<SETTINGS

# pgteal lab
listen_addresses = '127.0.0.1, ::1'
port = $2
unix_socket_directories = '$dir/run'
password_encryption = scram-sha-256
wal_level = logical
max_connections = 200
max_worker_processes = 40
max_logical_replication_workers = 20
max_replication_slots = 20
max_wal_senders = 20
shared_buffers = $shared_buffers
checkpoint_timeout = 15min
max_wal_size = 4GB
max_slot_wal_keep_size = 16GB
fsync = $fsync
logging_collector = off
log_line_prefix = '%m [%p] %u@%d %a '
SETTINGS
    cat >"$dir/$1/pg_hba.conf" <<HBA
local  all          all                  trust
host   all          all  127.0.0.1/32    scram-sha-256
host   replication  all  127.0.0.1/32    scram-sha-256
host   all          all  ::1/128         scram-sha-256
HBA
}

# One line for each port and role, so that a dump of this file never helps against another server.
write_passfile() {
    local port
    for port in "$@"; do
        printf '127.0.0.1:%s:*:pgteal:%s\n' "$port" "$pgteal_password"
        printf '127.0.0.1:%s:*:app:%s\n' "$port" "$app_password"
    done | write_file "$dir/passfile" 0600
}

# The formatting is odd on purpose: rewriting must leave every byte alone that it does not mean.
write_pooler() { # NAME PORT
    local database alias key value
    mkdir -p "$dir/$1"
    {
        printf ';; %s of the lab in %s\n\n[databases]\n' "$1" "$dir"
        for database in "${databases[@]}"; do
            key="${database//[^A-Za-z0-9_.-]/_}" # up to 1.24 no other name can stand there
            value="$database"
            [ "$key" = "$database" ] || value="'$database'"
            printf '%-10s= host=127.0.0.1 port=%s dbname=%s\n' "$key" "$BLUE_PORT" "$value"
        done
        for alias in "${aliases[@]}"; do
            printf "%s=dbname='%s'  host=127.0.0.1   port=%s   pool_size=5\n" "${alias%%=*}" "${alias#*=}" "$BLUE_PORT"
        done
        cat <<INI

; ---- who may log in ----
[pgbouncer]
auth_type    = scram-sha-256
auth_file    = $dir/$1/userlist.txt
admin_users  = pgteal
stats_users  = pgteal

listen_addr  = 127.0.0.1
listen_port  = $2
unix_socket_dir =
logfile = $dir/$1/pgbouncer.log
pidfile = $dir/$1/pgbouncer.pid

pool_mode    = transaction
default_pool_size = $pool_size
reserve_pool_size=0
max_client_conn   = 1000
query_wait_timeout = 30
  ; what drivers send and PgBouncer doesn't know
ignore_startup_parameters = extra_float_digits,options
INI
    } | write_file "$dir/$1/pgbouncer.ini" 0644
    printf '"pgteal" "%s"\n"app" "%s"\n' "$pgteal_password" "$app_password" |
        write_file "$dir/$1/userlist.txt" 0600
    [ "$(id -u)" != 0 ] || chown "$lab_user:" "$dir/$1"
}

write_config() {
    local name database
    {
        cat <<TOML
#:schema $root_dir/docs/pgteal.schema.json
# Written by scripts/lab: the two servers and the poolers of the lab in $dir.
[run]
name  = "lab"
state = "$dir/state"

[blue]
dsn = "host=127.0.0.1 port=$BLUE_PORT user=pgteal passfile=$dir/passfile"

[green]
dsn = "host=127.0.0.1 port=$GREEN_PORT user=pgteal passfile=$dir/passfile"

TOML
        for database in "${databases[@]}"; do
            mkdir -p "$dir/migrations/$database"
            printf '[[database]]\nname  = "%s"\nlanes = 1\nmigrations = "%s"\n\n' "$database" "$dir/migrations/$database"
        done
        for name in $(members); do
            [[ "$name" == pgb* ]] || continue
            cat <<TOML
[[pooler]]
name   = "$name"
admin  = "host=127.0.0.1 port=$(member_port "$name") user=pgteal dbname=pgbouncer passfile=$dir/passfile"
config = "$dir/$name/pgbouncer.ini"

TOML
        done
        cat <<TOML
[cutover]
max_pause = "5s"
max_lag   = "16MB"

[clone]
jobs = 2

[metrics]
listen = "127.0.0.1:$METRICS_PORT"
TOML
    } >"$dir/pgteal.toml"
}

# For other scripts and the tests: KEY=VALUE, safe to source; no secrets.
write_env() {
    local n name
    {
        for name in LAB_DIR LAB_USER BLUE_PORT GREEN_PORT BLUE_MAJOR GREEN_MAJOR BLUE_BIN GREEN_BIN; do
            printf '%s=%q\n' "$name" "${!name}"
        done
        printf 'BLUE_DATA=%q\nGREEN_DATA=%q\n' "$dir/blue" "$dir/green"
        printf 'DATABASES=%q\n' "$(IFS=,; echo "${databases[*]}")"
        printf 'POOLERS=%s\n' "$POOLERS"
        for ((n = 1; n <= POOLERS; n++)); do
            printf 'PGB%d_PORT=%s\n' "$n" "$(member_port "pgb$n")"
            printf 'PGB%d_INI=%q\n' "$n" "$dir/pgb$n/pgbouncer.ini"
            printf 'PGB%d_PID=%q\n' "$n" "$dir/pgb$n/pgbouncer.pid"
        done
        printf 'PASSFILE=%q\nMETRICS_PORT=%s\nLAB_CONFIG=%q\nCLIENT_BIN=%q\n' \
            "$dir/passfile" "$METRICS_PORT" "$dir/pgteal.toml" "$CLIENT_BIN"
    } >"$dir/lab.env"
}
