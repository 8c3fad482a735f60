// Versioned SQL files: which there are, in which order, and what statements they hold.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgteal::migration {

/// One statement of a file, as libpg_query splits it.
struct Statement {
    std::string text; ///< from its first character that isn't space or comment, without the semicolon
    int line = 1;     ///< of that character
    bool transactional =
        true; ///< false when PostgreSQL refuses it inside a transaction block, e.g. CREATE INDEX CONCURRENTLY
    /// False when libpg_query, whose grammar is PostgreSQL 15's, can't read it: newer syntax, or a mistake.
    /// Then only the server can judge it, and a linter must say "not analysed", never "clean".
    bool analysed = true;
};

/// V<version>__<name>.sql (Flyway) or YYYYMMDDHHMMSS_<name>.sql.
struct File {
    std::string path;
    std::string script;  ///< file name
    std::string version; ///< "1.2" or "20260101120000"
    std::string name;    ///< "add_order_total"
    std::string
        checksum; ///< Flyway's: see checksum(); the same whatever the path, line ends and pgteal's version
    std::string text;                  ///< without byte order mark, line ends as in the file
    std::vector<Statement> statements; ///< at least one
    /// One transaction holds the whole file. False when a statement can't run in one, or when a comment
    /// before the first statement says `-- pgteal: no-transaction`.
    bool transactional = true;
    bool no_transaction_asked = false; ///< that comment is there
};

/// A larger file is refused: it is data rather than a migration, and reading it would take gigabytes.
inline constexpr std::size_t max_file_size = std::size_t{16} << 20U;

/// Files of a folder in version order. Sub-folders, hidden files and files without .sql are ignored; a .sql
/// file that isn't named like a versioned migration is an error, so that nothing is left out unnoticed.
/// Throws Error(file) when the folder or a file can't be read or is too large, and Error(migration) for
/// names, duplicate versions and what parse_file() refuses.
std::vector<File> find_migrations(const std::string& folder);

/// Pure: one file from its name and bytes. Throws Error(migration) "file:line: …" for NUL bytes, invalid
/// UTF-8, open quotes and comments, psql commands and variables that make it unreadable, COPY with the
/// client's data, transaction control, and for a file without any statement.
File parse_file(const std::string& script, const std::string& bytes);

/// Pure: the statements of one file's text.
std::vector<Statement> split_statements(const std::string& script, const std::string& text);

struct FileName {
    std::string version, name;
};

/// Pure. Throws Error(migration) with the name to use instead.
FileName parse_file_name(const std::string& script);

/// Dotted numbers, part by part, of any length; missing parts are 0: 1.9 < 1.10, 1 == 1.0.
std::strong_ordering compare_versions(std::string_view a, std::string_view b);

/// Flyway's checksum: the CRC-32 of the text without byte order mark and line ends, as a signed decimal
/// number (flyway-core, ChecksumCalculator).
std::string checksum(std::string_view text);

} // namespace pgteal::migration
