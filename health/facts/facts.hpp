// What the checks judge: rows of the catalogs as plain values. Read by read_facts.cpp, judged by pure
// functions.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "postgres/server.hpp"

namespace pgteal::health {

/// What is in use of each limited resource; `_ours` is the part whose names begin with pgteal_.
struct Usage {
    int slots = 0, slots_ours = 0;
    int senders = 0, senders_ours = 0;
    int origins = 0, origins_ours = 0;
    int apply_workers = 0, apply_workers_ours = 0;
    int background_workers = 0; ///< everything that takes one of max_worker_processes, apply workers included
    int synchronous = 0;        ///< standbys that commits wait for
    bool may_replicate = false; ///< our role has REPLICATION of its own
};

struct DatabaseRow {
    std::string name, encoding, collate, ctype;
    std::string provider; ///< c = libc, i = ICU, b = built in (pg_database.datlocprovider)
    std::string locale;   ///< of ICU and the built-in provider
    bool usable = true;   ///< allows connections and is no template
    std::string tablespace;
};
struct CollationVersions {
    std::string libc, icu;
};
struct AvailableExtension {
    std::string default_version;
    std::vector<std::string> versions;
};
struct PreparedRow {
    std::string gid, database, owner;
    Clock::duration age{};
};
struct SessionRow {
    int pid = 0;
    std::string role, application, database;
    Clock::duration age{}; ///< of its transaction
    bool has_xid = false, is_long = false, superuser = false;
    bool ours = false; ///< in one of the run's databases
};
struct SubscriptionRow {
    std::string name, database;
    bool enabled = false, named_as_ours = false;
};
struct SlotRow {
    std::string name, type, database, plugin;
    bool active = false, named_as_ours = false;
};
struct RoleSettingRow {
    std::string role, database, role_sql, database_sql;
};

/// What a session begins with when neither client nor role nor database sets it; see sql/client_settings.sql.
struct ClientSetting {
    std::string name; ///< as the server writes it
    std::string type; ///< pg_settings.vartype: bool, enum, integer, real, string
    std::string unit; ///< of `value`, unless that names its own
    std::string value;
    bool set = false; ///< by a file or the command line; otherwise it is the default
};
/// A setting of a role in a database; "" is all of them.
struct StoredSetting {
    std::string role, database, name, value;
};

/// Who has privileges on a parameter, quoted: "a, b".
struct ParameterGrant {
    std::string name, grantees;
};

/// A security label of a role or of one of the run's databases.
struct LabelRow {
    std::string kind; ///< ROLE or DATABASE
    std::string name, provider, label;
};

/// One server, without what is inside its databases.
struct ServerFacts {
    std::string side;    ///< "blue" or "green"
    std::string address; ///< "10.0.0.5:5432"
    postgres::ServerIdentity identity;
    std::map<std::string, std::string>
        settings; ///< pg_settings; one that this version doesn't know is missing
    Usage usage;
    std::vector<DatabaseRow> databases;
    CollationVersions collations;
    std::map<std::string, AvailableExtension> extensions;
    std::map<std::string, std::string> tablespaces; ///< where they are; "" of PostgreSQL's own
    std::vector<PreparedRow> prepared;
    std::vector<SessionRow> sessions;
    std::vector<SubscriptionRow> subscriptions;
    std::vector<SlotRow> slots;
    std::vector<RoleSettingRow> role_settings;
    std::map<std::string, ClientSetting> client_settings; ///< by the name in lower case
    std::vector<ParameterGrant> parameter_grants;
    std::vector<StoredSetting> stored_settings; ///< of all roles, and of the run's databases
    std::vector<std::string> catalogs;          ///< ordinary tables of pg_catalog
    std::vector<LabelRow> labels;
    std::vector<std::string> standbys;              ///< addresses that standbys stream from
    std::vector<std::string> standby_names;         ///< their application_name, as often as there are
    std::map<std::string, std::string> text_search; ///< of its maintenance database: see DatabaseFacts

    [[nodiscard]] int major() const { return identity.version / 10000; }
    [[nodiscard]] const DatabaseRow* database(const std::string& name) const;
    [[nodiscard]] std::string setting(const std::string& name) const; ///< "" when unknown
    [[nodiscard]] long number(const std::string& name) const;         ///< 0 when unknown or no number
};

/// How a table's UPDATE and DELETE find their row on the other side; `name` and the other names are quoted
/// where SQL needs it.
struct IdentityRow {
    std::string name;
    std::string identity; ///< pg_class.relreplident: d, i, f or n
    bool has_key = false, key_usable = false, index_usable = false;
    std::string candidate;   ///< unique index that could serve, or ""
    std::string key_columns; ///< "id, part"
    std::string index_name;  ///< for the index a fix would make
    std::vector<std::string> incomparable;
    std::vector<std::string> generated; ///< columns of the identity in use that are, quoted
    std::string root;                   ///< of a partition, whose columns are made there
    bool typed = false;                 ///< CREATE TABLE OF a type, which has the columns
};
struct TriggerRow {
    std::string table, name, enabled;
    bool before_row = false; ///< it may change a row, or leave it out
};
struct SequenceRow {
    std::string name, remaining, type;
};
struct ExtensionRow {
    std::string name, version;
    bool has_configuration = false;
    std::string schema{};
};
/// By what it is on any server: pg_identify_object().
struct MemberRow {
    std::string extension, type, name;
    auto operator<=>(const MemberRow&) const = default;
    /// Without pg_catalog before types: 17 leaves it out where the type has a name of the standard's (json).
    [[nodiscard]] MemberRow on_any_major() const;
};
struct NotableRow {
    std::string kind, name;
};
/// A function whose text changes the schema, or that calls such a one.
struct SchemaChanger {
    std::string name;
    std::string how;                 ///< the words that do it: "create table"
    std::string through;             ///< the function that it calls for it, or ""
    bool makes = false;              ///< makes, attaches or detaches tables, as partitions on demand do
    std::vector<std::string> tables; ///< whose triggers, defaults, rules, checks and policies run it
};
/// A statement of clients that changes partitions, or of a job.
struct RecordedChange {
    std::string where; ///< "pg_stat_statements", "pg_cron job 3"
    std::string role, statement;
};

/// What no dump holds though it is in this database; see sql/left_behind.sql.
struct LeftRow {
    /// extension rows (a table with some), extension table, extension member, system schema, label (name: its
    /// provider)
    std::string kind;
    std::string name;  ///< as pg_identify_object() has it, quoted
    std::string type;  ///< "table", "function"
    std::string owner; ///< the extension or schema
    std::string fix;   ///< SQL
};

/// See sql/copied_badly.sql.
struct CopiedRow {
    std::string kind, name, what;
};

/// One database of the serving side.
struct DatabaseFacts {
    std::string name;
    std::vector<IdentityRow> identities;
    std::vector<std::string> unlogged;
    long large_objects = 0;
    long tables = 0; ///< that pg_dump locks
    std::vector<std::string> large_object_columns;
    std::vector<TriggerRow> triggers;
    std::vector<SequenceRow> sequences;
    std::vector<ExtensionRow> extensions;
    std::vector<std::string> tablespaces;
    std::vector<NotableRow> notable;
    std::vector<LeftRow> left;
    std::vector<MemberRow> members; ///< of extensions
    /// Of each extension that could be tried on green in blue's version: what its script makes.
    std::map<std::string, std::set<MemberRow>> scripts;
    std::map<std::string, std::string> text_search; ///< initdb's configurations, and a sum of what is in them
    std::vector<SchemaChanger> changers;
    bool shares_login = false; ///< a client is logged in with our role
    std::vector<RecordedChange> changes;
    std::string partman;  ///< schema of pg_partman's configuration, quoted; "" without it
    std::string stranger; ///< who owns what of schema pgteal, when it is not a superuser
    std::map<std::string, std::string> settings; ///< of our sessions: array_nulls, xmloption
    std::vector<CopiedRow> copied;
    std::vector<std::string> huge;     ///< tables with a value that COPY can't carry
    std::vector<std::string> unlooked; ///< tables that were not looked through for one
};

/// A database that exists on green before a run: everything in it that a user made (at most 1,000 rows).
struct GreenDatabase {
    std::string name;
    std::vector<NotableRow> objects;
};

} // namespace pgteal::health
