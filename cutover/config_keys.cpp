#include "cutover/config.hpp"

namespace pgteal::cutover {

const std::vector<ConfigKey>& config_keys() {
    static const std::vector<ConfigKey> keys{
        {"run", "name", "text", "(required)",
         "Name of the run; part of every slot, publication and subscription name."},
        {"run", "state", "path", "$XDG_STATE_HOME/pgteal; /var/lib/pgteal as root", "Folder of the journal."},
        {"blue", "dsn", "DSN", "(required)",
         "How pgteal reaches this side: any libpq conninfo or URI without dbname. Needs a superuser."},
        {"blue", "peer_dsn", "DSN", "dsn",
         "How the other side's subscriptions reach this one, when that differs. "
         "Stored in pg_subscription: prefer passfile to password."},
        {"blue", "pooler_host", "text", "host of dsn", "How the poolers reach this side, when that differs."},
        {"blue", "pooler_port", "text", "port of dsn", "The same for the port."},
        {"blue", "password_command", "list", "none",
         "Program and arguments that print the password on their first line."},
        {"green", "dsn", "DSN", "(required)", "As in [blue]."},
        {"green", "peer_dsn", "DSN", "dsn", "As in [blue]."},
        {"green", "pooler_host", "text", "host of dsn", "As in [blue]."},
        {"green", "pooler_port", "text", "port of dsn", "As in [blue]."},
        {"green", "password_command", "list", "none", "As in [blue]."},
        {"[database]", "name", "text", "(required)", "A database of blue. One [[database]] section each."},
        {"[database]", "lanes", "number", "1",
         "Slots and apply workers that share the tables of this database; 1 to 16."},
        {"[database]", "migrations", "path", "none",
         "Folder of versioned .sql files that prepare applies to green."},
        {"[pooler]", "name", "text", "(required)",
         "Name for messages. One [[pooler]] section for each PgBouncer process."},
        {"[pooler]", "admin", "DSN", "(required)",
         "Its admin console, dbname=pgbouncer; the user must be in admin_users."},
        {"[pooler]", "probe", "DSN", "host, port and user of admin",
         "How a client logs in through it; used to prove which server answers."},
        {"[pooler]", "config", "path", "(required)",
         "Its pgbouncer.ini. pgteal rewrites host, port and dbname of the entries."},
        {"[pooler]", "entries", "list", "every entry that points at blue",
         "Entries of [databases] to switch."},
        {"cutover", "max_pause", "duration", "5s",
         "Longest time clients may be held. Must be below query_wait_timeout."},
        {"cutover", "max_lag", "size", "16MB", "A switchover is refused while a lane lags by more."},
        {"clone", "jobs", "number", "number of CPUs", "Parallel COPY streams and index builds."},
        {"clone", "catch_up", "duration", "24h",
         "How long prepare waits for the lanes to catch up after the copy."},
        {"check", "accept", "list", "none",
         "Checks whose errors you accept (they become warnings): unlogged-tables, large-objects."},
        {"metrics", "listen", "text", "off", "Address for GET /metrics and GET /status, as 127.0.0.1:9187."},
    };
    return keys;
}

} // namespace pgteal::cutover
