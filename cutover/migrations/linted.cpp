#include "cutover/migrations/linted.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "migration/lint/world/catalog_read.hpp"

namespace pgteal::cutover {

namespace {

using migration::lint::Stream;

constexpr std::size_t most_named = 5;

bool harmless(Stream stream) { return stream == Stream::ok || stream == Stream::column_list; }

std::string ways_of(const migration::lint::Finding& finding) {
    const bool forward = !harmless(finding.forward);
    const bool reverse = !harmless(finding.reverse);
    return forward && reverse ? "both ways"
           : forward          ? "from blue to green, once prepare has applied it"
                              : "on the way back, after the cutover";
}

} // namespace

LintGround read_lint_ground(const postgres::Dsn& blue, const migration::HistoryTable& table) {
    return {migration::lint::read_catalog(blue), migration::history(blue, "blue", table)};
}

int leave_out_applied(std::vector<migration::File>& files, const std::vector<migration::Applied>& applied) {
    return static_cast<int>(std::erase_if(files, [&](const migration::File& file) {
        const auto is_it = [&](const auto& row) {
            return row.finished() && migration::same_migration(file, row);
        };
        return !file.version.empty() &&
               (std::ranges::any_of(applied, is_it) || migration::below_baseline(file, applied));
    }));
}

std::vector<health::Finding> stream_findings(const std::string& database,
                                             const migration::lint::Report& report) {
    std::vector<health::Finding> found;
    std::size_t more = 0;
    for (const auto& one : report.findings) {
        if (!one.suppressed.empty() || (harmless(one.forward) && harmless(one.reverse))) {
            continue;
        }
        if (found.size() == most_named) {
            ++more;
            continue;
        }
        const auto file = std::filesystem::path(one.file).filename().string();
        found.push_back(
            {"migrations", health::Level::warning, "", fmt::format("{}: {}:{}", database, file, one.line),
             fmt::format("replication {}: {}", ways_of(one), one.stream_why),
             fmt::format("write it as pgteal migrate lint shows; or say that it is meant, in a line "
                         "before it:  -- pgteal: allow {}: it is meant",
                         one.rule)});
    }
    if (more > 0) {
        found.back().message += fmt::format(" (and {} more: pgteal migrate lint)", more);
    }
    return found;
}

} // namespace pgteal::cutover
