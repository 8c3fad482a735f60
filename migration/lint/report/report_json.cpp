#include "migration/lint/report/report.hpp"

namespace pgteal::migration::lint {

namespace json = boost::json;

std::string_view to_string(Level level) {
    switch (level) {
    case Level::error:
        return "error";
    case Level::warning:
        return "warning";
    case Level::info:
        break;
    }
    return "info";
}

std::string_view to_string(Stream stream) {
    switch (stream) {
    case Stream::ok:
        break;
    case Stream::column_list:
        return "ok with column list";
    case Stream::stops:
        return "stops";
    case Stream::diverges:
        return "diverges";
    case Stream::publisher:
        return "fails on the publisher";
    case Stream::cannot_start:
        return "can't start";
    }
    return "ok";
}

Counts counts_of(const Report& report) {
    Counts counts;
    for (const auto& finding : report.findings) {
        if (!finding.suppressed.empty()) {
            ++counts.suppressed;
        } else if (finding.level == Level::error) {
            ++counts.errors;
        } else if (finding.level == Level::warning) {
            ++counts.warnings;
        } else {
            ++counts.infos;
        }
    }
    return counts;
}

json::object report_json(const Report& report) {
    json::array findings;
    for (const auto& one : report.findings) {
        json::object item;
        item["rule"] = one.rule;
        item["level"] = to_string(one.level);
        item["file"] = one.file;
        item["line"] = one.line;
        item["column"] = one.column;
        item["statement"] = one.statement;
        item["lock"] = to_string(one.lock);
        item["relation"] = one.relation;
        item["rewrite"] = one.rewrite;
        item["scan"] = one.scan;
        item["in_place"] = one.in_place;
        item["on_green"] = one.on_green;
        item["why"] = one.why;
        item["fix"] = one.fix;
        item["forward"] = to_string(one.forward);
        item["reverse"] = to_string(one.reverse);
        item["stream_why"] = one.stream_why;
        item["suppressed"] = one.suppressed;
        findings.push_back(std::move(item));
    }
    json::array not_analysed;
    for (const auto& one : report.not_analysed) {
        json::object item;
        item["file"] = one.file;
        item["line"] = one.line;
        item["statement"] = one.statement;
        item["why"] = one.why;
        not_analysed.push_back(std::move(item));
    }
    json::array unknown;
    for (const auto& one : report.unknown) {
        unknown.emplace_back(one);
    }
    const auto counts = counts_of(report);
    json::object document;
    document["findings"] = std::move(findings);
    document["not_analysed"] = std::move(not_analysed);
    document["unknown"] = std::move(unknown);
    document["errors"] = counts.errors;
    document["warnings"] = counts.warnings;
    document["infos"] = counts.infos;
    return document;
}

} // namespace pgteal::migration::lint
