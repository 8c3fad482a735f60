// Comments that tell pgteal something: -- pgteal: no-transaction | phase … | backfill …
#pragma once

#include <optional>
#include <string>

#include "migration/files/find.hpp"

namespace pgteal::migration {

/// What the comments before one statement say. Those for the linter (allow …) are its own business.
struct Directives {
    bool no_transaction = false;
    std::optional<Phase> phase;
    std::optional<Backfill> backfill;
};

/// Those of text[begin, end), which holds nothing but space, comments and semicolons. `head`: before the
/// first statement, where what concerns the whole file belongs. Throws Error(migration) "script:line: …" for
/// words that don't exist, values that make no sense, and the right word in the wrong place.
Directives read_directives(const std::string& script, const std::string& text, std::size_t begin,
                           std::size_t end, bool head);

/// The text with $1 and $2 where the statement after a backfill comment says :from and :to. Every offset
/// stays.
std::string with_parameters(const std::string& text);

} // namespace pgteal::migration
