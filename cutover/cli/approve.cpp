// approve: one person's yes to the config and the migrations as they are now. No server is asked.
#include <fmt/format.h>

#include "cutover/cli/work.hpp"
#include "cutover/record/approvals.hpp"
#include "cutover/record/names.hpp"
#include "cutover/record/whoami.hpp"
#include "migration/files/find.hpp"

namespace pgteal::cutover {

namespace {

boost::json::object approval_document(const Approval& approval) {
    boost::json::object one;
    one["name"] = approval.name;
    one["at"] = approval.at;
    one["by"] = approval.by;
    one["hash"] = approval.subject.hash();
    return one;
}

boost::json::object document_of(const Decision& decision, const std::string& name, const Subject& subject) {
    boost::json::object document;
    document["as"] = name;
    document["hash"] = subject.hash();
    document["files"] = subject.files.size();
    document["needed"] = decision.needed;
    boost::json::array given;
    for (const auto& approval : decision.given) {
        given.push_back(approval_document(approval));
    }
    document["given"] = std::move(given);
    boost::json::array outdated;
    for (const auto& [approval, changed] : decision.outdated) {
        auto one = approval_document(approval);
        boost::json::array list;
        for (const auto& change : changed) {
            list.push_back(boost::json::value(change));
        }
        one["changed"] = std::move(list);
        outdated.push_back(std::move(one));
    }
    document["outdated"] = std::move(outdated);
    document["missing"] = decision.missing();
    return document;
}

std::string next_line(const Decision& decision) {
    if (decision.needed == 0) {
        return "The config asks for no approvals: set approvals = 2, for instance, in [migrate].";
    }
    return in_words(decision) + (decision.enough() ? ".\nprepare, migrate apply and cutover may go on."
                                                   : ".\nNext:  pgteal approve --as NAME, by somebody else");
}

/// A file that nobody could apply can't be approved either.
void check_readable(const Config& config) {
    if (!config.migrate.command.empty()) {
        return;
    }
    for (const auto& database : config.databases) {
        if (!database.migrations.empty()) {
            static_cast<void>(migration::find_migrations(database.migrations));
        }
    }
}

} // namespace

Task<Exit> run_approve(Session* session) {
    const auto& config = session->config;
    const auto name = clean_name(session->options.migrate.as);
    check_readable(config);
    const auto subject = subject_of(config);
    auto journal = Journal::open(config.state, config.run, "approve");
    auto decision = decide_approvals(config.migrate.approvals, subject, approvals_in(journal.events()));
    const bool before =
        std::any_of(decision.given.begin(), decision.given.end(),
                    [&name](const Approval& approval) { return folded(approval.name) == folded(name); });
    if (!before) {
        journal.append(approval_event(name, whoami(), subject));
        decision = decide_approvals(config.migrate.approvals, subject, approvals_in(journal.events()));
    }
    if (session->options.json) {
        print_json(document_of(decision, name, subject));
        co_return Exit::done;
    }
    print(fmt::format("{} {} run {}: the config and {} migration {}, sha256 {}.", name,
                      before ? "had approved already" : "approves", config.run, subject.files.size(),
                      subject.files.size() == 1 ? "file" : "files", subject.hash().substr(0, 16)));
    print(next_line(decision));
    co_return Exit::done;
}

} // namespace pgteal::cutover
