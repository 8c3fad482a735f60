#include "migration/lint/report/report.hpp"

namespace pgteal::migration::lint {

namespace {

/// What @actions/core escapes in a message, and in a property's value besides.
std::string escaped(std::string_view text, bool property) {
    std::string result;
    for (const char c : text) {
        if (c == '%') {
            result += "%25";
        } else if (c == '\r') {
            result += "%0D";
        } else if (c == '\n') {
            result += "%0A";
        } else if (property && c == ':') {
            result += "%3A";
        } else if (property && c == ',') {
            result += "%2C";
        } else {
            result += c;
        }
    }
    return result;
}

std::string command(std::string_view level, const std::string& file, int line, int column,
                    const std::string& title, const std::string& message) {
    return "::" + std::string(level) + " file=" + escaped(file, true) + ",line=" + std::to_string(line) +
           (column > 0 ? ",col=" + std::to_string(column) : "") + ",title=" + escaped(title, true) +
           "::" + escaped(message, false) + "\n";
}

} // namespace

std::string report_github(const Report& report) {
    std::string result;
    for (const auto& one : report.findings) {
        if (!one.suppressed.empty()) {
            continue;
        }
        auto message = one.why;
        if (!one.stream_why.empty()) {
            message += "\nReplication: " + one.stream_why;
        }
        if (!one.fix.empty()) {
            message += "\nSafe form:\n" + one.fix;
        }
        result += command(one.level == Level::info ? "notice" : to_string(one.level), one.file, one.line,
                          one.column, one.rule, message);
    }
    for (const auto& one : report.not_analysed) {
        result += command("notice", one.file, one.line, 0, "not analysed", one.why + ": " + one.statement);
    }
    return result;
}

} // namespace pgteal::migration::lint
