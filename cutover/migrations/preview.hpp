// migrate preview: migrations as Markdown for a pull request.
#pragma once

#include <string>
#include <vector>

#include "migration/files/find.hpp"
#include "migration/lint/lint.hpp"

namespace pgteal::cutover {

struct PreviewedFile {
    migration::File file;
    std::vector<migration::lint::Finding> findings; ///< not the suppressed ones
    std::vector<migration::lint::NotAnalysed> not_analysed;
};

struct Preview {
    std::string database; ///< "" when files were named on the command line
    std::vector<PreviewedFile> files;
    bool offline = true; ///< the findings were made without blue's catalogs
};

/// Joins files with what the linter said of each.
Preview make_preview(std::string database, std::vector<migration::File> files,
                     const migration::lint::Report& report, bool offline);

/// SHA-256 over databases, names and texts, down scripts too: says whether it is still what was reviewed.
std::string hash_of(const std::vector<Preview>& previews);

/// A table of all files, then for each its findings and its exact SQL, in a fence that no backticks in it
/// can close.
std::string markdown_of(const std::vector<Preview>& previews);

/// Pure: at least three backticks, and one more than the longest run in `text`.
std::string fence_for(const std::string& text);

} // namespace pgteal::cutover
