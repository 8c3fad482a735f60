#include "base/error.hpp"

namespace pgteal {

std::string_view name(ErrorCode code) {
    switch (code) {
    case ErrorCode::usage:
        return "usage";
    case ErrorCode::config:
        return "config";
    case ErrorCode::unreachable:
        return "unreachable";
    case ErrorCode::privilege:
        return "privilege";
    case ErrorCode::server:
        return "server";
    case ErrorCode::connection_lost:
        return "connection_lost";
    case ErrorCode::deadline:
        return "deadline";
    case ErrorCode::program:
        return "program";
    case ErrorCode::file:
        return "file";
    case ErrorCode::refused:
        return "refused";
    case ErrorCode::conflict:
        return "conflict";
    case ErrorCode::busy:
        return "busy";
    case ErrorCode::wrong_state:
        return "wrong_state";
    case ErrorCode::migration:
        return "migration";
    case ErrorCode::damage:
        return "damage";
    case ErrorCode::internal:
        return "internal";
    }
    return "internal";
}

} // namespace pgteal
