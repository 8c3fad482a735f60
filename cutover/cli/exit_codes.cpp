#include <cstdio>

#include "cutover/cli/commands.hpp"
#include "cutover/engine/refused.hpp"

namespace pgteal::cutover {

Exit exit_code(ErrorCode code, bool touched) {
    switch (code) {
    case ErrorCode::usage:
        return Exit::usage;
    case ErrorCode::config:
        return touched ? Exit::failed : Exit::usage;
    case ErrorCode::refused:
    case ErrorCode::wrong_state:
    case ErrorCode::busy:
    case ErrorCode::file:
    case ErrorCode::unreachable:
    case ErrorCode::connection_lost:
    case ErrorCode::deadline:
    case ErrorCode::privilege:
    case ErrorCode::server:   // a look that a server refused
    case ErrorCode::conflict: // found by a look
        return touched ? Exit::failed : Exit::refused;
    default:
        return Exit::failed;
    }
}

boost::json::object error_document(const Error& error) {
    boost::json::object inner;
    inner["code"] = name(error.code());
    inner["message"] = error.what();
    inner["side"] = error.side();
    inner["hint"] = error.hint();
    boost::json::array others;
    for (const auto& one : others_of(error)) {
        others.push_back({{"side", one.side}, {"message", one.message}, {"hint", one.hint}});
    }
    inner["others"] = std::move(others);
    boost::json::object document;
    document["error"] = std::move(inner);
    return document;
}

void print_json(const boost::json::value& document) {
    const auto text = boost::json::serialize(document) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
}

} // namespace pgteal::cutover
