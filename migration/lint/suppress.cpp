#include "migration/lint/suppress.hpp"

#include <algorithm>

#include "migration/files/text.hpp"
#include "migration/lint/rules/rules.hpp"
#include "migration/lint/world/sql_text.hpp"

namespace pgteal::migration::lint {

namespace {

constexpr std::string_view mark = "pgteal: allow";

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    const auto end = text.find_last_not_of(" \t");
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin, end + 1 - begin);
}

/// The part after "pgteal: allow"; nothing for another comment.
std::optional<std::string_view> allowance(std::string_view comment) {
    const auto said = trimmed(comment.substr(2));
    if (!said.starts_with(mark) ||
        (said.size() > mark.size() && said[mark.size()] != ' ' && said[mark.size()] != ':')) {
        return std::nullopt;
    }
    return trimmed(said.substr(mark.size()));
}

Suppression read(std::string_view said) {
    Suppression result;
    const auto colon = said.find(':');
    if (colon != std::string_view::npos) {
        result.reason = trimmed(said.substr(colon + 1));
        said = said.substr(0, colon);
    }
    while (!said.empty()) {
        const auto comma = std::min(said.find(','), said.size());
        if (const auto rule = trimmed(said.substr(0, comma)); !rule.empty()) {
            result.rules.emplace_back(rule);
        }
        said.remove_prefix(std::min(comma + 1, said.size()));
    }
    return result;
}

std::size_t statement_for(const File& file, const std::vector<std::size_t>& offsets, std::size_t comment) {
    const auto next = std::upper_bound(offsets.begin(), offsets.end(), comment);
    const auto number = static_cast<std::size_t>(next - offsets.begin());
    if (number > 0) {
        const auto previous = number - 1;
        const auto end = offsets[previous] + file.statements[previous].text.size();
        const auto between = std::string_view(file.text).substr(end, comment > end ? comment - end : 0);
        if (comment < end || between.find_first_of("\r\n") == std::string_view::npos) {
            return previous;
        }
    }
    return number;
}

bool known_rule(const std::string& rule) { return find_rule(rule) != nullptr || rule.starts_with("stream-"); }

Finding complaint(const File& file, std::size_t at, std::string_view rule, const std::string& more) {
    Finding finding;
    const auto* found = find_rule(rule);
    finding.rule = rule;
    finding.level = found->level;
    finding.why = std::string(found->why) + (more.empty() ? "" : " " + more);
    finding.file = file.path;
    const std::string_view text = file.text;
    finding.line = line_at(text, at);
    const auto start = text.substr(0, at).find_last_of("\r\n");
    finding.column = static_cast<int>(at - (start == std::string_view::npos ? 0 : start + 1)) + 1;
    const auto line = text.substr(at);
    finding.statement = excerpt(line.substr(0, line.find_first_of("\r\n")), 120);
    finding.fix = "-- pgteal: allow <rule>: reason";
    return finding;
}

} // namespace

std::vector<std::size_t> statement_offsets(const File& file) {
    std::vector<std::size_t> offsets;
    offsets.reserve(file.statements.size());
    const std::string_view text = file.text;
    std::size_t at = 0;
    for (const auto& statement : file.statements) {
        at = skip_blank(text, at);
        while (at < text.size() && text[at] == ';') {
            at = skip_blank(text, at + 1);
        }
        if (text.substr(at, statement.text.size()) != statement.text) {
            const auto found = text.find(statement.text, at);
            at = found == std::string_view::npos ? std::min(at, text.size()) : found;
        }
        offsets.push_back(at);
        at = std::min(at + statement.text.size(), text.size());
    }
    return offsets;
}

std::vector<Suppression> suppressions_of(const File& file, const std::vector<std::size_t>& offsets) {
    std::vector<Suppression> result;
    if (file.text.find(mark) == std::string::npos) {
        return result;
    }
    const std::string_view text = file.text;
    for (const auto& comment : line_comments(text)) {
        if (const auto said = allowance(text.substr(comment.begin, comment.end - comment.begin))) {
            auto one = read(*said);
            one.begin = comment.begin;
            one.statement = statement_for(file, offsets, comment.begin);
            result.push_back(std::move(one));
        }
    }
    return result;
}

void suppress(std::vector<Suppression>& suppressions, std::size_t statement, Finding& finding) {
    for (auto& one : suppressions) {
        if (one.statement == statement && !one.reason.empty() &&
            std::find(one.rules.begin(), one.rules.end(), finding.rule) != one.rules.end()) {
            one.used = true;
            finding.suppressed = one.reason;
        }
    }
}

std::vector<Finding> complaints(const File& file, const std::vector<Suppression>& suppressions) {
    std::vector<Finding> result;
    for (const auto& one : suppressions) {
        if (one.reason.empty() || one.rules.empty()) {
            result.push_back(complaint(file, one.begin, "suppression-without-reason", ""));
            continue;
        }
        bool unknown = false;
        for (const auto& rule : one.rules) {
            if (!known_rule(rule)) {
                result.push_back(
                    complaint(file, one.begin, "suppression-unknown-rule", "Here: " + rule + "."));
                unknown = true;
            }
        }
        if (!one.used && !unknown) {
            result.push_back(complaint(file, one.begin, "suppression-unused", ""));
        }
    }
    return result;
}

} // namespace pgteal::migration::lint
