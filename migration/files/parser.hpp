// libpg_query, which is PostgreSQL 15's own scanner and grammar, behind C++ types. Safe from several threads:
// its memory belongs to the calling thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pgteal::migration::parser {

struct Range {
    std::size_t begin = 0, end = 0; ///< bytes
};

struct Failure {
    std::string message;
    std::size_t offset = 0; ///< byte
};

struct Split {
    std::vector<Range> ranges;
    std::optional<Failure> failure;
};

/// By the grammar; ranges hold leading comments, but no semicolon.
Split split(const std::string& text);

/// By tokens only, so that text the grammar rejects can be split too. It cuts the bodies of BEGIN ATOMIC
/// functions apart and leaves out pieces without any keyword.
Split split_by_tokens(const std::string& text);

/// Every token, comments too. Empty when it can't be scanned.
std::vector<Range> scan(const std::string& text);

/// The tokens without comments; unquoted words in upper case, anything else as written. Empty when it can't
/// be scanned.
std::vector<std::string> tokens(const std::string& text);

} // namespace pgteal::migration::parser
