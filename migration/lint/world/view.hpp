// One statement while it is judged.
#pragma once

#include <string>

#include "migration/files/find.hpp"
#include "migration/lint/rules/finding.hpp"
#include "migration/lint/world/tree.hpp"

namespace pgteal::migration::lint {

struct View {
    const File& file;
    const Statement& statement;
    const Options& options;
    Node node;                 ///< the statement's own node; absent when it can't be read
    std::size_t offset = 0;    ///< of the statement in the file's text
    bool transactional = true; ///< it runs inside a transaction block

    /// A finding with file, statement, line and column filled in. `at`: byte offset in the statement's text,
    /// as a node's location() gives it.
    [[nodiscard]] Finding finding(std::string rule, Level level, std::size_t at = 0) const;
};

} // namespace pgteal::migration::lint
