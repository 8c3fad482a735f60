// The audit as a JSON document and as text.
#include <fmt/format.h>

#include "cutover/cli/terminal.hpp"
#include "cutover/record/audit.hpp"

namespace pgteal::cutover {

namespace {

namespace json = boost::json;

/// "2026-11-21 12:00:01"
std::string second_of(const std::string& at) {
    auto text = at.substr(0, 19);
    std::replace(text.begin(), text.end(), 'T', ' ');
    return text;
}

/// "12:00:01"
std::string clock_of(const std::string& at) { return at.size() >= 19 ? at.substr(11, 8) : at; }

json::object to_json(const AuditEntry& entry) {
    json::object object;
    object["at"] = entry.at;
    object["ended"] = entry.ended;
    object["who"] = entry.who;
    object["command"] = entry.command;
    object["run_id"] = entry.run_id;
    object["epoch"] = entry.epoch;
    object["what"] = entry.what;
    object["step"] = entry.step;
    object["outcome"] = entry.outcome;
    object["ms"] = entry.time ? json::value(to_ms(*entry.time)) : json::value();
    object["summary"] = entry.summary;
    json::array actions;
    for (const auto& [where, what] : entry.actions) {
        json::object one;
        one["where"] = where;
        one["what"] = what;
        actions.push_back(std::move(one));
    }
    object["actions"] = std::move(actions);
    return object;
}

/// Body of an event that stands for itself, with when and who.
json::object with_author(const AuditEntry& entry) {
    auto object = entry.details;
    object["at"] = entry.at;
    object["who"] = entry.who;
    object["run_id"] = entry.run_id;
    return object;
}

class Switchovers {
public:
    void take(const AuditEntry& entry) {
        if (entry.what == "switchover begun") {
            auto object = with_author(entry);
            object["epoch"] = entry.epoch;
            object["outcome"] = "no record of its end";
            list.push_back(std::move(object));
        } else if (!list.empty() &&
                   (entry.what == "switchover completed" || entry.what == "switchover taken back")) {
            auto& last = list.back().as_object();
            last["ended"] = entry.at;
            last["outcome"] = entry.what == "switchover completed" ? "switched" : "taken back";
            last["pause_ms"] = entry.time ? json::value(to_ms(*entry.time)) : json::value();
        }
    }
    json::array list;
};

std::string indented(const std::string& text, const std::string& space) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        out += text[i];
        if (text[i] == '\n' && i + 1 < text.size()) {
            out += space;
        }
    }
    while (!out.empty() && out.back() == '\n') {
        out.pop_back();
    }
    return out;
}

std::string line_of(const AuditEntry& entry) {
    const auto time = entry.time ? duration_text(*entry.time) : std::string();
    if (!entry.step.empty()) {
        const auto state =
            entry.what == "step undone" && entry.outcome == "undone" ? "undone" : entry.outcome;
        return fmt::format("  {}   {:<14} {:<8} {:>10}   {}", clock_of(entry.at), entry.step, state, time,
                           entry.summary);
    }
    auto text = fmt::format("  {}   {}", clock_of(entry.at), entry.what);
    if (entry.what == "run begun") {
        return text + " (" + entry.run_id + ")";
    }
    if (entry.what == "approved") {
        const auto* hash = entry.details.if_contains("hash");
        const auto digest = hash != nullptr && hash->is_string() ? std::string(hash->as_string()) : "";
        return text + " by " + entry.summary + ", sha256 " + digest.substr(0, 16);
    }
    if (entry.what == "migrated") {
        const auto* hash = entry.details.if_contains("sha256");
        const auto digest = hash != nullptr && hash->is_string() ? std::string(hash->as_string()) : "";
        return text + " " + entry.summary + " in " + time + ", sha256 " + digest.substr(0, 16);
    }
    if (entry.what == "switchover completed") {
        return text + (time.empty() ? "" : ": clients were held " + time);
    }
    return text + (entry.summary.empty() ? "" : ": " + entry.summary);
}

} // namespace

json::object audit_document(const std::string& run, const std::vector<AuditEntry>& entries) {
    json::array all;
    json::array approvals;
    json::array migrations;
    Switchovers switchovers;
    for (const auto& entry : entries) {
        all.push_back(to_json(entry));
        switchovers.take(entry);
        if (entry.what == "approved") {
            approvals.push_back(with_author(entry));
        } else if (entry.what == "migrated") {
            migrations.push_back(with_author(entry));
        }
    }
    json::object document;
    document["run"] = run;
    document["entries"] = std::move(all);
    document["approvals"] = std::move(approvals);
    document["migrations"] = std::move(migrations);
    document["switchovers"] = std::move(switchovers.list);
    return document;
}

std::string audit_text(const std::string& run, const std::vector<AuditEntry>& entries) {
    std::string text = "run " + run + ", times in UTC\n";
    const AuditEntry* before = nullptr;
    for (const auto& entry : entries) {
        const bool same = before != nullptr && before->who == entry.who && before->command == entry.command &&
                          before->at.substr(0, 10) == entry.at.substr(0, 10);
        if (!same) {
            text += fmt::format("\n{}   {}   {}\n", second_of(entry.at),
                                entry.command.empty() ? "(not recorded)" : "pgteal " + entry.command,
                                entry.who.empty() ? "(not recorded)" : "by " + entry.who);
        }
        text += line_of(entry) + "\n";
        for (const auto& [where, what] : entry.actions) {
            text += "               " + where + ":  " + indented(what, "                 ") + "\n";
        }
        before = &entry;
    }
    return text;
}

} // namespace pgteal::cutover
