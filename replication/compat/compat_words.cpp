// Verdicts in words.
#include "replication/compat/compat.hpp"

namespace pgteal::replication::compat {

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
    case Outcome::ok:
        return "ok";
    case Outcome::column_list:
        return "column_list";
    case Outcome::stays_behind:
        return "stays_behind";
    case Outcome::diverges:
        return "diverges";
    case Outcome::stops:
        return "stops";
    case Outcome::publisher:
        return "publisher";
    case Outcome::cannot_start:
        return "cannot_start";
    }
    return "";
}

std::string_view to_string(Level level) {
    return level == Level::error ? "error" : level == Level::warning ? "warning" : "info";
}

std::string_view to_string(Write write) {
    switch (write) {
    case Write::insert:
        return "insert";
    case Write::update:
        return "update";
    case Write::remove:
        return "delete";
    case Write::truncate:
        return "truncate";
    }
    return "";
}

namespace {

std::string_view verb(Outcome outcome) {
    switch (outcome) {
    case Outcome::ok:
    case Outcome::column_list:
        return "replicates";
    case Outcome::stays_behind:
        return "stays behind";
    case Outcome::diverges:
        return "differs silently";
    case Outcome::stops:
        return "stops the lane";
    case Outcome::publisher:
        return "refuses writes";
    case Outcome::cannot_start:
        return "keeps the lane from starting";
    }
    return "";
}

} // namespace

std::string sentence(const TableVerdict& verdict, const Reason& reason) {
    std::string text = verdict.table + " " + std::string(verb(reason.outcome));
    if (!reason.when.empty() && reason.outcome != Outcome::stays_behind) {
        text += " " + reason.when;
    }
    text += ": ";
    if (!reason.object.empty() && reason.object != "table " + verdict.table) {
        text += reason.object + ", ";
    }
    return text + reason.why;
}

} // namespace pgteal::replication::compat
