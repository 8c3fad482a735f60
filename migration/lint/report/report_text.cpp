#include <fmt/format.h>

#include "migration/lint/report/report.hpp"

namespace pgteal::migration::lint {

namespace {

constexpr const char* margin = "            ";

std::string indented(const std::string& label, const std::string& text) {
    std::string out = fmt::format("{}{:<10}", margin, label);
    for (const char c : text) {
        out += c;
        if (c == '\n') {
            out += fmt::format("{}{:<10}", margin, "");
        }
    }
    return out + "\n";
}

std::string lock_words(const Finding& one) {
    auto words = std::string(to_string(one.lock));
    words += one.relation.empty() ? "" : " on " + one.relation;
    if (one.rewrite) {
        words += ", rewrites it";
    } else if (one.scan) {
        words += ", reads all of it";
    }
    return words;
}

std::string finding_text(const Finding& one) {
    const auto state = one.suppressed.empty() ? to_string(one.level) : std::string_view("allowed");
    auto out = fmt::format("  {:<9} {}:{}:{}  {}\n", state, one.file, one.line, one.column, one.rule);
    if (!one.suppressed.empty()) {
        return out + indented("because", one.suppressed);
    }
    out += margin + one.statement + "\n";
    out += margin + one.why + "\n";
    if (one.lock != Lock::none || one.rewrite) {
        out += indented("lock", lock_words(one));
    }
    if (!one.in_place.empty()) {
        out += indented("in place", one.in_place);
    }
    if (!one.on_green.empty()) {
        out += indented("on green", one.on_green);
    }
    if (one.forward != Stream::ok) {
        out += indented("forward", "blue to green " + std::string(to_string(one.forward)));
    }
    if (one.reverse != Stream::ok) {
        out += indented("reverse", "green to blue " + std::string(to_string(one.reverse)));
    }
    if (!one.stream_why.empty()) {
        out += margin + one.stream_why + "\n";
    }
    if (!one.fix.empty()) {
        out += indented("fix", one.fix);
    }
    return out;
}

std::string plural(int count, const std::string& word) {
    return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

} // namespace

std::string report_text(const Report& report) {
    std::string out;
    for (const auto& one : report.findings) {
        out += finding_text(one) + "\n";
    }
    for (const auto& one : report.not_analysed) {
        out += fmt::format("  {:<9} {}:{}\n{}{}\n{}not analysed: {}. pgteal migrate rehearse runs it.\n\n",
                           "unseen", one.file, one.line, margin, one.statement, margin, one.why);
    }
    if (!report.unknown.empty()) {
        out += "  unknown   without a server:\n";
        for (const auto& one : report.unknown) {
            out += margin + one + "\n";
        }
        out += "\n";
    }
    const auto counts = counts_of(report);
    out += fmt::format("{} statements: {}, {}, {} to know", report.effects.size(),
                       plural(counts.errors, "error"), plural(counts.warnings, "warning"), counts.infos);
    out += counts.suppressed > 0 ? fmt::format(", {} allowed", counts.suppressed) : "";
    out += report.not_analysed.empty() ? "" : fmt::format(", {} not analysed", report.not_analysed.size());
    return out + ". Nothing was changed.\n";
}

} // namespace pgteal::migration::lint
