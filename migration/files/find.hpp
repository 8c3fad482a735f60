// Versioned SQL files: which there are, in which order, and what statements they hold.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgteal::migration {

/// `-- pgteal: backfill table=public.orders key=id batch=1000 sleep=100ms` right before a statement: it runs
/// once for each range of keys, in a transaction of its own together with its progress.
struct Backfill {
    std::string table;                  ///< as written, an SQL name: public.orders
    std::string key;                    ///< column that the ranges are cut by; "" = the table's primary key
    int batch = 1000;                   ///< rows of the table in one range
    std::chrono::milliseconds sleep{0}; ///< after each batch
};

/// One statement of a file, as libpg_query splits it.
struct Statement {
    std::string text; ///< from its first character that isn't space or comment, without the semicolon
    int line = 1;     ///< of that character
    bool transactional =
        true; ///< false when PostgreSQL refuses it inside a transaction block, e.g. CREATE INDEX CONCURRENTLY
    /// False when libpg_query (PostgreSQL 15's grammar on Debian 12, 17's on 13) can't read it: newer syntax,
    /// or a mistake. Then only the server can judge it, and a linter must say "not analysed", never "clean".
    bool analysed = true;
    /// Then `text` has $1 and $2, both of the key's type, where the file says :from and :to: the first and
    /// the last key of a range. Run it through migration/apply/backfill.hpp.
    std::optional<Backfill> backfill = {};
};

/// What takes a migration back: U<version>__<name>.sql, the .down.sql of a pair, or the other half of the
/// file.
struct Down {
    std::string path;
    std::string script;
    std::string text;
    std::vector<Statement> statements; ///< may be empty: a script of nothing but comments
    bool transactional = true;
};

/// When a migration may run: before the cutover, on green, while blue still serves with its old schema; or
/// after `finish`, when nobody will go back.
enum class Phase { expand, contract };
std::string_view to_string(Phase phase);

/// How the files of a folder are named.
enum class Naming {
    versioned, ///< V1.2__x.sql, U1.2__x.sql, R__x.sql, 20260101120000_x.sql, x.up.sql with x.down.sql
    plain,     ///< anything else: by leading number, then by name
};

/// One forward migration.
struct File {
    std::string path;
    std::string script;  ///< file name, with the folders below the one that was asked for
    std::string version; ///< "1.2" or "20260101120000"; plain names: the number, or the name; repeatable: ""
    std::string name;    ///< "add_order_total"
    std::string
        checksum; ///< Flyway's: see checksum(); the same whatever the path, line ends and pgteal's version
    std::string text;                  ///< of what goes up: without byte order mark, line ends as in the file
    std::vector<Statement> statements; ///< at least one
    /// One transaction holds the whole file. False when a statement can't run in one, or when a comment
    /// before the first statement says `-- pgteal: no-transaction`.
    bool transactional = true;
    bool no_transaction_asked = false; ///< that comment is there
    Phase phase = Phase::expand; ///< a comment before the first statement may say `-- pgteal: phase contract`
    bool repeatable = false; ///< R__<name>.sql: applied again when its text changes, after the versioned ones
    std::optional<Down> down = {};
};

struct FileName {
    std::string version, name;
    bool repeatable = false;
    bool down = false; ///< takes back the migration of the same version
};

/// A larger file is refused: it is data rather than a migration, and reading it would take gigabytes.
inline constexpr std::size_t max_file_size = std::size_t{16} << 20U;

/// Files of a folder in version order, repeatable ones last by name: see migration/files/layout.hpp for
/// sub-folders and for what is refused rather than left out. Hidden files and folders are ignored. When any
/// file has a versioned name, all need one, so that nothing is left out unnoticed; else they are taken as
/// plain names. Throws Error(file) when the folder or a file can't be read or is too large, and
/// Error(migration) for names, duplicate versions, down scripts without their migration, and what
/// parse_file() refuses.
std::vector<File> find_migrations(const std::string& folder);

/// Pure: how the files of these names are named.
Naming naming_of(const std::vector<std::string>& scripts);

/// Pure: one file from its name and bytes. A file of a tool that has both directions in one (see
/// migration/files/halves.hpp) brings its `down` along. Throws Error(migration) "file:line: …" for NUL bytes,
/// invalid UTF-8, open quotes and comments, psql commands and variables that make it unreadable, COPY with
/// the client's data, transaction control, directives that don't exist, and for a file without any statement.
File parse_file(const std::string& script, const std::string& bytes);
File parse_file(const std::string& script, const std::string& bytes, const FileName& name);

/// Pure: a script that goes back.
Down parse_down(const std::string& script, const std::string& bytes);

/// Pure: the statements of one file's text.
std::vector<Statement> split_statements(const std::string& script, const std::string& text);

/// Pure. Throws Error(migration) with the name to use instead.
FileName parse_file_name(const std::string& script, Naming naming = Naming::versioned);

/// Dotted numbers, part by part, of any length; missing parts are 0: 1.9 < 1.10, 1 == 1.0. Names that are no
/// numbers come after all numbers, byte by byte.
std::strong_ordering compare_versions(std::string_view a, std::string_view b);

/// Pure: "V3__a.sql is followed by V5__b.sql": versions whose first number leaves one out. Times and dates (8
/// digits and more) have no gaps. Empty when there is none.
std::vector<std::string> gaps(const std::vector<File>& files);

/// Flyway's checksum: the CRC-32 of the text without byte order mark and line ends, as a signed decimal
/// number (flyway-core, ChecksumCalculator).
std::string checksum(std::string_view text);

} // namespace pgteal::migration
