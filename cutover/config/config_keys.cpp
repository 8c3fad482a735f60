#include "cutover/config/config.hpp"

#include "cutover/config/acceptable.hpp"

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
        {"freeze", "partitions", "text", "refuse",
         "What becomes of partitions that clients make, attach or detach during a run: refuse; or carry, and "
         "pgteal does the same on the other side before rows arrive."},
        {"check", "accept", "list", "none",
         "What you accept though a check or the gate refuses it: " + acceptable_meanings() + "."},
        {"migrate", "history", "text", "pgteal",
         "Whose history table records what is applied: pgteal (pgteal_migrations.history) or flyway."},
        {"migrate", "history_table", "text", "public.flyway_schema_history",
         "Flyway's table, schema first; or the one in which the tool of command keeps its record. It goes "
         "through "
         "no lane."},
        {"migrate", "command", "list", "none",
         "Program and arguments that migrate green instead of pgteal, such as flyway or alembic. It finds "
         "the "
         "database in PGTEAL_DSN and in libpq's variables (PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD)."},
        {"migrate", "lock_timeout", "duration", "2s", "How long a statement may wait for a lock."},
        {"migrate", "statement_timeout", "duration", "none", "How long a statement may run."},
        {"migrate", "attempts", "number", "5", "How often a file is tried when a lock is not granted."},
        {"migrate", "gaps", "text", "allow", "Gaps between version numbers: allow or refuse."},
        {"migrate", "out_of_order", "text", "refuse",
         "A new file whose version is below the newest applied one: refuse or allow."},
        {"migrate", "placeholders", "text", "refuse",
         "What ${name} in a file is: refuse, as a tool would have filled it in; or literal, text as any "
         "other."},
        {"migrate", "approvals", "number", "0",
         "How many people have to run pgteal approve before apply and cutover go on."},
        {"lint", "ignore", "list", "none", "Rules that are left out; migrate lint names them."},
        {"lint", "table_names", "text", "any", "Regular expression that names of new tables have to match."},
        {"lint", "column_names", "text", "any", "The same for new columns."},
        {"lint", "index_names", "text", "any", "The same for new indexes."},
        {"lint", "constraint_names", "text", "any", "The same for new constraints."},
        {"rehearse", "long_statement", "duration", "60s", "A statement that takes longer is flagged."},
        {"rehearse", "long_lock", "duration", "1s",
         "An ACCESS EXCLUSIVE lock that is held longer is flagged."},
        {"metrics", "listen", "text", "off", "Address for GET /metrics and GET /status, as 127.0.0.1:9187."},
    };
    return keys;
}

} // namespace pgteal::cutover
