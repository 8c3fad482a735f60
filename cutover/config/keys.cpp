#include "cutover/config/keys.hpp"

#include "migration/lint/rules/rules.hpp"

namespace pgteal::cutover {

namespace {

using namespace std::chrono_literals;
using migration::lint::Conventions;

/// Where 0 would be none: of PostgreSQL's lock_timeout, and of a wait.
constexpr Duration shortest = 1ms;

Words rules_of_lint() {
    Words words;
    for (const auto& rule : migration::lint::rules()) {
        words.push_back({rule.id});
    }
    return words;
}

std::vector<Key<Config>> run_keys() {
    return {
        Key("name", &Config::run,
            {.pattern = "[A-Za-z0-9._-]{1,40}", .may = "hold letters, digits, '-', '_' and '.', at most 40"},
            required, "Name of the run; part of every slot, publication and subscription name."),
        Key("state", &Config::state, {.path = true}, "$XDG_STATE_HOME/pgteal; /var/lib/pgteal as root",
            "Folder of the journal.", Approved::nothing),
    };
}

std::vector<Key<SideConfig>> side_keys() {
    return {
        Key("dsn", &SideConfig::dsn, {}, required,
            "How pgteal reaches this side: any libpq conninfo or URI. Needs a superuser."),
        Key("peer_dsn", &SideConfig::peer_dsn, {}, "dsn",
            "How the other side's subscriptions reach this one, when that differs. Stored in "
            "pg_subscription: prefer passfile to password."),
        Key("pooler_host", &SideConfig::pooler_host, {}, "host of dsn",
            "How the poolers reach this side, when that differs."),
        Key("pooler_port", &SideConfig::pooler_port, {.pattern = "[0-9]{0,5}", .may = "be a port number"},
            "port of dsn", "The same for the port."),
        Key("password_command", &SideConfig::password_command, {.ordered = true}, "none",
            "Program and arguments that print the password on their first line.", Approved::nothing),
    };
}

std::vector<Key<DatabaseConfig>> database_keys() {
    return {
        Key("name", &DatabaseConfig::name,
            {.pattern = "(?!(?:postgres|template0|template1)$)[\\s\\S]+",
             .may = "be any but postgres, template0 and template1, which pgteal and servers need: move what "
                    "is in it to a database of its own",
             .once = "each database is listed once"},
            required, "A database of blue."),
        Key("lanes", &DatabaseConfig::lanes, {1, 16}, "",
            "Slots and apply workers that share the tables of this database."),
        Key("migrations", &DatabaseConfig::migrations, {.path = true}, "none",
            "Folder of versioned .sql files that prepare applies to green.", Approved::presence),
    };
}

std::vector<Key<PoolerConfig>> pooler_keys() {
    const auto* const own_file = "each PgBouncer process needs a file of its own: switched at the same "
                                 "moment, one would find it changed by the other";
    return {
        Key("name", &PoolerConfig::name, {.once = "each pooler is listed once"}, required,
            "Name for messages."),
        Key("admin", &PoolerConfig::admin, {.dbname = true}, required,
            "Its admin console, dbname=pgbouncer; the user must be in admin_users."),
        Key("probe", &PoolerConfig::probe, {}, "host, port and user of admin",
            "How a client logs in through it; used to prove which server answers.", Approved::nothing),
        Key("config", &PoolerConfig::config, {.once = own_file, .path = true}, required,
            "Its pgbouncer.ini. pgteal rewrites host, port and dbname of the entries."),
        Key("entries", &PoolerConfig::entries, {}, "every entry that points at blue",
            "Entries of [databases] to switch."),
    };
}

std::vector<Key<Config>> cutover_keys() {
    return {
        Key("max_pause", &Config::max_pause, {.low = 100ms}, "",
            "Longest time clients may be held. Must be below query_wait_timeout; a switchover needs about 20 "
            "ms and the longest open transaction."),
        Key("max_lag", &Config::max_lag, {}, "", "A switchover is refused while a lane lags by more."),
    };
}

std::vector<Key<Config>> clone_keys() {
    return {
        Key("jobs", &Config::jobs, {1, 128}, "number of CPUs", "Parallel COPY streams and index builds.",
            Approved::nothing),
        Key("catch_up", &Config::catch_up, {.low = shortest}, "",
            "How long prepare waits for the lanes to catch up after the copy."),
    };
}

std::vector<Key<MigrateConfig>> migrate_keys() {
    return {
        Key("history", &MigrateConfig::history,
            {.words = {{"pgteal", "pgteal_migrations.history"}, {"flyway"}}}, "",
            "Whose history table records what is applied"),
        Key("history_table", &MigrateConfig::history_table, {}, "",
            "Flyway's table, schema first; or the one in which the tool of command keeps its record. It goes "
            "through no lane."),
        Key("command", &MigrateConfig::command, {.ordered = true}, "none",
            "Program and arguments that migrate green instead of pgteal, such as flyway or alembic. It finds "
            "the database in PGTEAL_DSN and in libpq's variables (PGHOST, PGPORT, PGUSER, PGDATABASE, "
            "PGPASSWORD)."),
        Key("lock_timeout", &MigrateConfig::lock_timeout, {.low = shortest}, "",
            "How long a statement may wait for a lock."),
        Key("statement_timeout", &MigrateConfig::statement_timeout, {}, "none",
            "How long a statement may run."),
        Key("attempts", &MigrateConfig::attempts, {1, 100}, "",
            "How often a file is tried when a lock is not granted."),
        Key("gaps", &MigrateConfig::gaps, {.words = {{"allow"}, {"refuse"}}}, "",
            "Gaps between version numbers."),
        Key("out_of_order", &MigrateConfig::out_of_order, {.words = {{"refuse"}, {"allow"}}}, "",
            "A new file whose version is below the newest applied one."),
        Key("placeholders", &MigrateConfig::placeholders,
            {.words = {{"refuse", "a tool would have filled it in"}, {"literal", "text as any other"}}}, "",
            "What ${name} in a file is"),
        Key("approvals", &MigrateConfig::approvals, {0, 20}, "",
            "How many people have to run pgteal approve before apply and cutover go on."),
    };
}

std::vector<Key<Conventions>> lint_keys() {
    return {
        Key("ignore", &Conventions::ignored_rules, {.words = rules_of_lint()}, "none",
            "Rules that are left out; pgteal docs rules lists them."),
        Key("table_names", &Conventions::table_names, {.regex = true}, "any",
            "What names of new tables have to match."),
        Key("column_names", &Conventions::column_names, {.regex = true}, "any", "The same for new columns."),
        Key("index_names", &Conventions::index_names, {.regex = true}, "any", "The same for new indexes."),
        Key("constraint_names", &Conventions::constraint_names, {.regex = true}, "any",
            "The same for new constraints."),
    };
}

std::vector<Key<MigrateConfig>> rehearse_keys() {
    return {
        Key("long_statement", &MigrateConfig::long_statement, {}, "",
            "A statement that takes longer is flagged.", Approved::nothing),
        Key("long_lock", &MigrateConfig::long_lock, {}, "",
            "An ACCESS EXCLUSIVE lock that is held longer is flagged.", Approved::nothing),
    };
}

} // namespace

const std::vector<AnySection>& config_sections() {
    static const std::vector<AnySection> all{
        Section("run", run_keys()),
        Section("blue", side_keys(), &Config::blue),
        Section("green", side_keys(), &Config::green),
        Section("database", database_keys(), &Config::databases, "database to move"),
        Section("pooler", pooler_keys(), &Config::poolers, "PgBouncer process that clients use"),
        Section("cutover", cutover_keys()),
        Section("clone", clone_keys()),
        Section<Config>(
            "freeze",
            {Key("partitions", &Config::partitions,
                 {.words = {{"refuse"},
                            {"carry", "pgteal does the same on the other side before rows arrive"}}},
                 "", "What becomes of partitions that clients make, attach or detach during a run")}),
        Section<Config>("check", {Key("accept", &Config::accept, {.words = acceptables()}, "none",
                                      "What you accept though a check or the gate refuses it")}),
        Section("migrate", migrate_keys(), &Config::migrate),
        Section("lint", lint_keys(), &Config::lint),
        Section("rehearse", rehearse_keys(), &Config::migrate),
        Section<Config>(
            "metrics",
            {Key("listen", &Config::metrics,
                 {.pattern = "(?:.+:[0-9]{1,5})?", .may = "be an address and a port, as 127.0.0.1:9187"},
                 "off", "Address for GET /metrics and GET /status.", Approved::nothing)}),
    };
    return all;
}

} // namespace pgteal::cutover
