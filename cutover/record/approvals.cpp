#include "cutover/record/approvals.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "cutover/record/digest.hpp"
#include "cutover/record/names.hpp"

namespace pgteal::cutover {

namespace {

namespace json = boost::json;

std::string text_of(const json::object& body, const char* key) {
    const auto* value = body.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string joined(const std::vector<std::string>& items, std::size_t limit) {
    std::string text;
    for (std::size_t i = 0; i < items.size() && i < limit; ++i) {
        text += (i == 0 ? "" : ", ") + items[i];
    }
    return items.size() > limit ? text + " and " + std::to_string(items.size() - limit) + " more" : text;
}

/// "2026-11-21 12:00" of an event's time.
std::string minute_of(const std::string& at) {
    auto text = at.substr(0, 16);
    std::replace(text.begin(), text.end(), 'T', ' ');
    return text + " UTC";
}

} // namespace

std::vector<std::string> changes(const Subject& then, const Subject& now) {
    std::vector<std::string> found;
    if (then.config != now.config) {
        found.emplace_back("the config changed");
    }
    for (const auto& [name, digest] : now.files) {
        const auto before = then.files.find(name);
        if (before == then.files.end()) {
            found.push_back(name + " was added");
        } else if (before->second != digest) {
            found.push_back(name + " changed");
        }
    }
    for (const auto& [name, digest] : then.files) {
        if (!now.files.contains(name)) {
            found.push_back(name + " was removed");
        }
    }
    return found;
}

std::string Subject::hash() const {
    std::string text = "config " + config + "\n";
    for (const auto& [name, digest] : files) {
        // The length keeps one name from looking like two lines.
        text += std::to_string(name.size()) + " " + name + " " + digest + "\n";
    }
    return sha256(text);
}

Event approval_event(const std::string& name, const std::string& by, const Subject& subject) {
    json::object files;
    for (const auto& [file, digest] : subject.files) {
        files[file] = digest;
    }
    Event event;
    event.step = "approve";
    event.kind = EventKind::approved;
    event.body["as"] = name;
    event.body["by"] = by;
    event.body["hash"] = subject.hash();
    event.body["config"] = subject.config;
    event.body["files"] = std::move(files);
    return event;
}

std::vector<Approval> approvals_in(const std::vector<Event>& events) {
    std::vector<Approval> found;
    for (const auto& event : events) {
        if (event.kind != EventKind::approved) {
            continue;
        }
        Approval approval{text_of(event.body, "as"), event.at, text_of(event.body, "by"), {}};
        approval.subject.config = text_of(event.body, "config");
        if (const auto* files = event.body.if_contains("files"); files != nullptr && files->is_object()) {
            for (const auto& [name, digest] : files->as_object()) {
                approval.subject.files[std::string(name)] = digest.as_string().c_str();
            }
        }
        found.push_back(std::move(approval));
    }
    return found;
}

Decision decide_approvals(int needed, const Subject& now, const std::vector<Approval>& approvals) {
    Decision decision;
    decision.needed = needed;
    std::map<std::string, Approval> current;
    std::map<std::string, Approval> newest;
    for (const auto& approval : approvals) {
        const auto who = folded(approval.name);
        newest[who] = approval;
        if (approval.subject == now) {
            current[who] = approval;
        }
    }
    for (const auto& [who, approval] : current) {
        decision.given.push_back(approval);
    }
    for (const auto& [who, approval] : newest) {
        if (!current.contains(who)) {
            decision.outdated.push_back({approval, changes(approval.subject, now)});
        }
    }
    const auto earlier = [](const Approval& a, const Approval& b) { return a.at < b.at; };
    std::stable_sort(decision.given.begin(), decision.given.end(), earlier);
    std::stable_sort(decision.outdated.begin(), decision.outdated.end(),
                     [&](const Outdated& a, const Outdated& b) { return earlier(a.approval, b.approval); });
    return decision;
}

std::string in_words(const Decision& decision) {
    std::string text =
        std::to_string(decision.needed) +
        (decision.needed == 1 ? " approval is needed, " : " approvals are needed, ") +
        (decision.given.empty() ? "none is given"
                                : std::to_string(decision.given.size()) +
                                      (decision.given.size() == 1 ? " is given: " : " are given: "));
    std::vector<std::string> names;
    names.reserve(decision.given.size());
    for (const auto& approval : decision.given) {
        names.push_back(approval.name + " (" + minute_of(approval.at) + ")");
    }
    text += joined(names, 20);
    for (const auto& [approval, changed] : decision.outdated) {
        text +=
            ". Since " + approval.name + " approved (" + minute_of(approval.at) + "), " + joined(changed, 4);
    }
    return text;
}

namespace {

struct Judged {
    Subject now;
    Decision decision;
};

/// Nothing where no approvals are needed.
std::optional<Judged> judged(const Config& config, const Journal& journal) {
    if (config.migrate.approvals == 0) {
        return std::nullopt;
    }
    Judged found{subject_of(config), {}};
    found.decision = decide_approvals(config.migrate.approvals, found.now, approvals_in(journal.events()));
    return found;
}

[[noreturn]] void not_as_approved(const std::string& what, const std::string& again) {
    throw Error(ErrorCode::conflict, "controller",
                "what is to be applied is not what was approved: " + what + ". Nothing of it was applied",
                "put it back as it was, or have it approved as it is now (pgteal approve --as NAME); then " +
                    again);
}

} // namespace

std::optional<Subject> require_approvals(const Config& config, const Journal& journal,
                                         const std::string& command) {
    auto found = judged(config, journal);
    if (!found) {
        return std::nullopt;
    }
    if (const auto& decision = found->decision; !decision.enough()) {
        throw Error(ErrorCode::refused, "", command + " waits for approval: " + in_words(decision),
                    "pgteal migrate preview shows what there is to approve. Then " +
                        std::string(decision.missing() == 1
                                        ? "one more person"
                                        : std::to_string(decision.missing()) + " more people") +
                        ":  pgteal approve --as NAME");
    }
    return std::move(found->now);
}

std::optional<Subject> require_still_approved(const Config& config, const Journal& journal,
                                              const std::string& again) {
    auto found = judged(config, journal);
    if (!found) {
        return std::nullopt;
    }
    if (!found->decision.enough()) {
        not_as_approved(in_words(found->decision), again);
    }
    return std::move(found->now);
}

void require_unchanged(const Config& config, const Subject& approved, const std::string& again) {
    const auto changed = changes(approved, subject_of(config));
    if (!changed.empty()) {
        not_as_approved(joined(changed, 4), again);
    }
}

} // namespace pgteal::cutover
