// audit: the journal for people. No server is asked.
#include "cutover/record/audit.hpp"
#include "base/error.hpp"
#include "cutover/cli/work.hpp"

namespace pgteal::cutover {

Task<Exit> run_audit(Session* session) {
    const auto& config = session->config;
    const auto journal = Journal::peek(config.state, config.run);
    if (!journal) {
        throw Error(ErrorCode::wrong_state, "",
                    "there is no journal of run " + config.run + " in " + config.state,
                    "it is kept where pgteal prepare ran: see [run] state in " + config.path);
    }
    const auto entries = audit_of(journal->events(), journal->authors());
    if (session->options.json) {
        print_json(audit_document(config.run, entries));
    } else {
        auto text = audit_text(config.run, entries);
        text.pop_back(); // print() ends the line
        print(entries.empty() ? text + "\n  nothing was done yet" : text);
    }
    co_return Exit::done;
}

} // namespace pgteal::cutover
