// A report in the forms that people and programs read.
#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "migration/lint/rules/finding.hpp"

namespace pgteal::migration::lint {

std::string_view to_string(Level level);

struct Counts {
    int errors = 0, warnings = 0, infos = 0, suppressed = 0;
};
/// Suppressed findings count as suppressed alone.
Counts counts_of(const Report& report);

/// For people.
std::string report_text(const Report& report);
/// {"findings":[{"rule","level","file","line","column","statement","lock","relation","rewrite","scan",
/// "in_place","on_green","why","fix","forward","reverse","stream_why","suppressed"}],
/// "not_analysed":[{"file","line","statement","why"}],"unknown":[…],"errors","warnings","infos"}
boost::json::object report_json(const Report& report);
/// SARIF 2.1.0 (OASIS, sarif-v2.1.0), for code scanning.
boost::json::object report_sarif(const Report& report);
/// Workflow commands (GitHub docs: "Workflow commands for GitHub Actions"), one a line. Suppressed findings
/// are left out.
std::string report_github(const Report& report);

} // namespace pgteal::migration::lint
