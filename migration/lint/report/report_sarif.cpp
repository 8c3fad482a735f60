#include <map>

#include "base/version.hpp"
#include "migration/lint/report/report.hpp"
#include "migration/lint/rules/rules.hpp"

namespace pgteal::migration::lint {

namespace json = boost::json;

namespace {

std::string_view sarif_level(Level level) { return level == Level::info ? "note" : to_string(level); }

/// A relative reference of a URI (RFC 3986): what isn't unreserved or a slash is escaped.
std::string uri_of(const std::string& path) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || std::string_view("-._~/").find(c) != std::string_view::npos) {
            result += c;
        } else {
            result += '%';
            result += digits[byte >> 4U];
            result += digits[byte & 15U];
        }
    }
    return result;
}

json::object message_of(std::string text) {
    json::object message;
    message["text"] = std::move(text);
    return message;
}

json::object location_of(const std::string& file, int line, int column) {
    json::object artifact;
    artifact["uri"] = uri_of(file);
    json::object region;
    region["startLine"] = line > 0 ? line : 1;
    if (column > 0) {
        region["startColumn"] = column;
    }
    json::object physical;
    physical["artifactLocation"] = std::move(artifact);
    physical["region"] = std::move(region);
    json::object location;
    location["physicalLocation"] = std::move(physical);
    return location;
}

json::object rule_of(const std::string& id) {
    json::object rule;
    rule["id"] = id;
    if (const auto* known = find_rule(id)) {
        rule["shortDescription"] = message_of(std::string(known->why));
        json::object configuration;
        configuration["level"] = sarif_level(known->level);
        rule["defaultConfiguration"] = std::move(configuration);
    }
    return rule;
}

std::string words(const Finding& finding) {
    auto text = finding.why;
    if (finding.lock != Lock::none) {
        text += " Lock: " + std::string(to_string(finding.lock)) +
                (finding.relation.empty() ? "" : " on " + finding.relation) + ".";
    }
    if (!finding.stream_why.empty()) {
        text += " Replication: " + finding.stream_why;
    }
    if (!finding.fix.empty()) {
        text += "\nSafe form:\n" + finding.fix;
    }
    return text;
}

json::object result_of(const Finding& finding) {
    json::object result;
    result["ruleId"] = finding.rule;
    result["level"] = sarif_level(finding.level);
    result["message"] = message_of(words(finding));
    result["locations"] = json::array{location_of(finding.file, finding.line, finding.column)};
    if (!finding.suppressed.empty()) {
        json::object suppression;
        suppression["kind"] = "inSource";
        suppression["justification"] = finding.suppressed;
        result["suppressions"] = json::array{std::move(suppression)};
    }
    return result;
}

} // namespace

json::object report_sarif(const Report& report) {
    json::array results;
    std::map<std::string, bool> used;
    for (const auto& finding : report.findings) {
        used[finding.rule] = true;
        results.push_back(result_of(finding));
    }
    for (const auto& one : report.not_analysed) {
        used["not-analysed"] = true;
        json::object result;
        result["ruleId"] = "not-analysed";
        result["level"] = "note";
        result["message"] = message_of("Not analysed: " + one.why + ".");
        result["locations"] = json::array{location_of(one.file, one.line, 0)};
        results.push_back(std::move(result));
    }
    json::array rules;
    for (const auto& [id, seen] : used) {
        static_cast<void>(seen);
        rules.push_back(rule_of(id));
    }
    json::object driver;
    driver["name"] = "pgteal";
    driver["version"] = version;
    driver["rules"] = std::move(rules);
    json::object tool;
    tool["driver"] = std::move(driver);
    json::object run;
    run["tool"] = std::move(tool);
    run["results"] = std::move(results);
    run["columnKind"] = "unicodeCodePoints";
    json::object document;
    document["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
    document["version"] = "2.1.0";
    document["runs"] = json::array{std::move(run)};
    return document;
}

} // namespace pgteal::migration::lint
