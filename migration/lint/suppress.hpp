// Suppressions: -- pgteal: allow <rule>[, <rule>]: reason
#pragma once

#include <string>
#include <vector>

#include "migration/files/find.hpp"
#include "migration/lint/rules/finding.hpp"

namespace pgteal::migration::lint {

struct Suppression {
    std::vector<std::string> rules;
    std::string reason;
    std::size_t begin = 0;     ///< of the comment in the file's text
    std::size_t statement = 0; ///< the one it is meant for: that on its line, or the next
    bool used = false;
};

/// Where each statement begins in the file's text.
std::vector<std::size_t> statement_offsets(const File& file);

/// Those of a file. A comment after the last statement, on a line of its own, is meant for none: its
/// statement is past the end.
std::vector<Suppression> suppressions_of(const File& file, const std::vector<std::size_t>& offsets);

/// Marks what a suppression with a reason covers.
void suppress(std::vector<Suppression>& suppressions, std::size_t statement, Finding& finding);

/// What is wrong with the suppressions themselves, once everything was marked.
std::vector<Finding> complaints(const File& file, const std::vector<Suppression>& suppressions);

} // namespace pgteal::migration::lint
