// The clone: schema by pg_dump and pg_restore, data by parallel COPY under the snapshot exported by the
// lane's slot.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/program.hpp"
#include "catalog/tables.hpp"
#include "postgres/server.hpp"
#include "postgres/server_words.hpp"
#include "postgres/statement.hpp"
#include "replication/lane/lanes.hpp"

namespace pgteal::replication {

/// How a database is made on the other side: encoding, locale, owner, connection limit, settings
/// (pg_database, pg_db_role_setting).
struct DatabaseProperties {
    std::string name, owner, encoding, collate, ctype;
    std::string provider;   ///< pg_database.datlocprovider: c (libc, always so up to 14), i (ICU, 15+), b
                            ///< (builtin, 17+)
    std::string icu_locale; ///< locale of provider i or b
    std::string icu_rules;  ///< 16+
    int connection_limit = -1;
    std::vector<std::pair<std::string, std::string>>
        settings;                    ///< ALTER DATABASE … SET, default_transaction_read_only left out
    std::vector<std::string> grants; ///< GRANT/REVOKE statements that reproduce datacl
    std::string comment;
    std::string tablespace; ///< its default one; "" = pg_default
};
Task<DatabaseProperties> read_database(postgres::Server& server, std::string database, Deadline deadline);
/// CREATE DATABASE … TEMPLATE template0 (always the first statement, and alone in it: it can't run in a
/// transaction), then settings, grants and comment, which may be repeated. For the maintenance database, in
/// order. Up to `target_version` 14 there are no providers. `as`: an identifier that it is made under instead
/// of its name; its grants, which name it, are left out then.
std::vector<postgres::Statement> create_database(const DatabaseProperties& properties,
                                                 int target_version = 150000,
                                                 const postgres::SqlText& as = {});

/// Programs as data. `dump_file` is a custom-format archive. Subscriptions and schema pgteal are left
/// out, and so are lanes' publications by list_schema(). `bin_dir`: where pg_dump and pg_restore are ("" =
/// PATH).
postgres::Program dump_schema(const postgres::Dsn& from, const std::string& database,
                              const std::string& dump_file, const std::string& bin_dir);
enum class Section { pre_data, post_data };
/// To be run, in order, between dump_schema and restore_schema: writes <dump_file>.list, the archive's table
/// of contents without event triggers whose name starts with pgteal. pg_dump has no option to leave these
/// out, and their functions are not in the archive.
std::vector<postgres::Program> list_schema(const std::string& dump_file, const std::string& bin_dir);
/// Stops at the first error; restores what <dump_file>.list names. `newer`: pg_restore's major is above the
/// server's. It begins each session by setting parameters that such a server may not know
/// (pg_backup_archiver.c, _doSetFixedOutputState), so then it goes on after errors: see restore_problem().
postgres::Program restore_schema(const postgres::Dsn& to, const std::string& database,
                                 const std::string& dump_file, Section section, int jobs,
                                 const std::string& bin_dir,
                                 Bytes maintenance_work_mem = Bytes{256LL * 1024 * 1024}, bool newer = false);
/// What went wrong in a restore, "" when nothing did: the first error that is not about such a parameter.
std::string restore_problem(const postgres::ProgramOutput& output);
/// Whether what was said is only that.
bool is_unknown_parameter(const postgres::Complaint& complaint);
/// Whether pg_restore in `bin_dir` is of a major above `server_version`'s.
Task<bool> restores_newer(std::string bin_dir, int server_version, Deadline deadline);
/// What pg_restore's sessions call themselves: one that outlived its controller is found by it.
inline constexpr const char* restore_application = "pgteal pg_restore";
/// Takes away what an interrupted restore of post-data made of partitioned tables' indexes, which pg_restore
/// --clean can't (it names no index of a partition).
postgres::Statement drop_partition_indexes(const std::string& database);
/// REFRESH of the materialized views (as regclass prints them) that are there and empty, in whatever order
/// they need each other. Those that fail stay empty; gives binding views_left_<database>, their names in one
/// text.
postgres::Statement fill_views(const std::string& database, const std::vector<std::string>& views);
/// Version of pg_dump as 150020, through `pg_dump --version`. Throws Error(program).
Task<int> dump_version(std::string bin_dir, Deadline deadline);
/// The newest pg_dump that can read `server_version` and is installed: looks at /usr/lib/postgresql/*/bin and
/// PATH; prefers the major of the target when it is there, otherwise the newest at least as new as the
/// source. "" = PATH. Throws Error(program) with what to install. `target_version` 0: unknown. A pg_restore
/// newer than the target may set parameters that the target doesn't know.
Task<std::string> find_dump(int source_version, Deadline deadline, int target_version = 0);
/// Pure. The best of the installed majors, 0 when none will do.
int choose_dump(const std::vector<int>& installed_majors, int source_major, int target_major);

/// Progress of a copy, for people and metrics. Called from the loop's thread, often.
struct CopyProgress {
    std::string database, table;
    Bytes done{}; ///< bytes sent since the start of the copy, all tables
    Bytes total_estimate{};
    int tables_done = 0, tables = 0;
};

/// Copies the tables of one lane from `from` to `to` under `snapshot`, largest first, `jobs` at a time;
/// tables above a few ten MB are split into ranges of ctid (TID range scans, 14+) so that one big table
/// doesn't leave the other jobs idle. Columns are listed by name; generated ones left out. Target tables must
/// be empty and have no indexes or triggers yet. Commits with synchronous_commit = off and ends with one
/// durable commit, so that when it returns everything is flushed. `truncate_first`: empties the target tables
/// first (a copy that was interrupted). Returns rows by table. The snapshot's walsender session must stay
/// idle and open until this returns. Settings are made with SET LOCAL, so that sessions go back as they came.
/// The error of the job that failed first is thrown, naming the table; the other jobs are ended.
struct CopiedTable {
    std::string table;
    std::int64_t rows = 0;
};
struct CopyOptions {
    Bytes split_above{
        64LL * 1024 *
        1024}; ///< heap and TOAST; never split for one job, nor on a source before 14 (no TID range scans)
    /// No byte moved for that long: given up. Reading over gigabytes of dead rows sends nothing for minutes;
    /// a peer that is gone is found by TCP keepalives long before.
    Clock::duration stall = std::chrono::minutes(30);
    /// The statement that is run on the target once all of a table is committed there; none when not set.
    std::function<std::string(const Table&)> note_copied = {};
    std::string target_database = {}; ///< "" = it has the same name on both sides
};
Task<std::vector<CopiedTable>> copy_tables(postgres::Server& from, postgres::Server& to, std::string database,
                                           std::vector<Table> tables, std::string snapshot, int jobs,
                                           bool truncate_first,
                                           std::function<void(const CopyProgress&)> progress,
                                           CopyOptions options);
/// The same with CopyOptions as they are. No default argument: g++ 12 destroys an aggregate twice that is
/// made within a co_await expression.
Task<std::vector<CopiedTable>> copy_tables(postgres::Server& from, postgres::Server& to, std::string database,
                                           std::vector<Table> tables, std::string snapshot, int jobs,
                                           bool truncate_first,
                                           std::function<void(const CopyProgress&)> progress);

} // namespace pgteal::replication
