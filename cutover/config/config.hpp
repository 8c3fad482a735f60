// pgteal.toml as a value. Unknown keys, missing units and wrong types are errors that name the line.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/side.hpp"
#include "base/units.hpp"
#include "migration/lint/rules/conventions.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::cutover {

struct SideConfig {
    postgres::Dsn dsn;
    postgres::Dsn peer_dsn;  ///< how the other side's subscriptions reach this one; dsn when not given
    std::string pooler_host; ///< how the poolers reach it; from dsn when not given
    std::string pooler_port;
    std::vector<std::string>
        password_command; ///< prints the password of dsn (and of peer_dsn, unless that has its own)
};

struct DatabaseConfig {
    std::string name;
    int lanes = 1;
    std::string migrations; ///< folder with versioned .sql files for green; "" = none
};

struct PoolerConfig {
    std::string name;
    postgres::Dsn admin;
    postgres::Dsn
        probe; ///< how a client logs in through the pooler; admin's host, port and user when not given
    std::string config;               ///< path of its pgbouncer.ini
    std::vector<std::string> entries; ///< empty: every entry that points at blue
};

struct MigrateConfig {
    std::string history = "pgteal";                             ///< whose history table: "pgteal" or "flyway"
    std::string history_table = "public.flyway_schema_history"; ///< of Flyway's
    std::vector<std::string> command; ///< a tool that migrates instead of pgteal; empty: pgteal does
    std::chrono::milliseconds lock_timeout{2000};
    std::chrono::milliseconds statement_timeout{0};  ///< 0 = none
    int attempts = 5;                                ///< when a lock is not granted
    std::string gaps = "allow";                      ///< between version numbers: "allow" or "refuse"
    std::string out_of_order = "refuse";             ///< a new file below the newest applied one
    std::string placeholders = "refuse";             ///< ${name} in a file: refused, or "literal" text
    int approvals = 0;                               ///< distinct people who have to approve
    std::chrono::milliseconds long_statement{60000}; ///< rehearse flags what takes longer
    std::chrono::milliseconds long_lock{1000};       ///< and an ACCESS EXCLUSIVE lock held longer
};

struct Config {
    std::string path;
    std::string run;
    std::string state; ///< directory of the journal
    SideConfig blue;
    SideConfig green;
    std::vector<DatabaseConfig> databases;
    std::vector<PoolerConfig> poolers;
    std::chrono::milliseconds max_pause{5000};
    Bytes max_lag{16LL << 20};
    std::chrono::milliseconds catch_up{std::chrono::hours(24)};
    int jobs = 1;
    std::string partitions = "refuse"; ///< that clients make, attach or detach during a run, or "carry"
    std::vector<std::string> accept;
    MigrateConfig migrate;
    migration::lint::Conventions lint;
    std::string metrics; ///< host:port, "" = off

    [[nodiscard]] const SideConfig& side(Side which) const { return which == Side::blue ? blue : green; }
    [[nodiscard]] bool carry_partitions() const { return partitions == "carry"; }
    [[nodiscard]] std::vector<std::string> database_names() const;
    [[nodiscard]] const DatabaseConfig& database(std::string_view name) const;
};

/// Reads and checks the file; runs no password command. Throws Error(config): "pgteal.toml:12: unknown key
/// 'lane' in [[database]]", with "did you mean 'lanes'?" as hint.
Config load_config(const std::string& path);
/// The same from text (path is for messages).
Config parse_config(const std::string& text, const std::string& path);

} // namespace pgteal::cutover
