// Approvals: people who have read the config and the migrations as they are, and say yes to them. They are
// events of the journal, bound to digests of what was read; anything that changes afterwards voids them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cutover/config/config.hpp"
#include "cutover/record/journal.hpp"

namespace pgteal::cutover {

/// What an approval is bound to.
struct Subject {
    std::string config;                       ///< SHA-256 of meaning_of() in cutover/config/views.hpp
    std::map<std::string, std::string> files; ///< "app/V1__x.sql": SHA-256 of its bytes
    [[nodiscard]] std::string hash() const;   ///< over all of it
    bool operator==(const Subject&) const = default;
};

/// Reads the migrations of all databases, ways back too; when a command migrates, every file in the folder
/// and below it. Throws Error(file).
Subject subject_of(const Config& config);

struct Approval {
    std::string name; ///< as given
    std::string at;   ///< UTC
    std::string by;   ///< who ran the command: see whoami.hpp
    Subject subject;
};

Event approval_event(const std::string& name, const std::string& by, const Subject& subject);
/// Pure. In the journal's order, names repeated.
std::vector<Approval> approvals_in(const std::vector<Event>& events);

/// An approval of something else than what is there now.
struct Outdated {
    Approval approval;
    std::vector<std::string> changed; ///< "the config", "app/V2__x.sql changed", "app/V3__y.sql is new"
};

struct Decision {
    int needed = 0;
    std::vector<Approval> given;    ///< of what is there now, one a person
    std::vector<Outdated> outdated; ///< of people who have none that counts, their newest
    [[nodiscard]] bool enough() const { return static_cast<int>(given.size()) >= needed; }
    [[nodiscard]] int missing() const { return enough() ? 0 : needed - static_cast<int>(given.size()); }
};

/// Pure.
Decision decide_approvals(int needed, const Subject& now, const std::vector<Approval>& approvals);

/// "2 approvals are needed and 1 is given: Ada (…). Bob approved before app/V2__x.sql changed."
std::string in_words(const Decision& decision);

/// Pure. "the config changed", "app/V2__x.sql changed", "… was added", "… was removed".
std::vector<std::string> changes(const Subject& then, const Subject& now);

/// Throws Error(refused) unless enough people have approved. `command`: what waits for it. Returns what they
/// approved; nothing when the config asks for no approvals.
std::optional<Subject> require_approvals(const Config& config, const Journal& journal,
                                         const std::string& command);

/// The same right before files are applied, hours after a command began: throws Error(conflict) when what is
/// there now is not what was approved. `again`: the command that goes on from there.
std::optional<Subject> require_still_approved(const Config& config, const Journal& journal,
                                              const std::string& again);
/// Around the reading of files: they are still as `approved`. Throws like require_still_approved().
void require_unchanged(const Config& config, const Subject& approved, const std::string& again);

} // namespace pgteal::cutover
