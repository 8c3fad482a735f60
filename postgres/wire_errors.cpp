// What libpq's error results and notices become.
#include "base/error.hpp"
#include "postgres/server_words.hpp"
#include "postgres/wire.hpp"

namespace pgteal::postgres {

namespace {

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

bool ends_session(const PGresult* result) {
    const auto severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity == "FATAL" || severity == "PANIC";
}

std::string seconds(Clock::duration time) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    if (ms < 1000) {
        return std::to_string(ms) + " ms";
    }
    return std::to_string(ms / 1000) + "." + std::to_string(ms % 1000 / 100) + " s";
}

} // namespace

void Wire::receive_notice(void* self, const PGresult* notice) {
    auto* wire = static_cast<Wire*>(self);
    Notice heard{field(notice, PG_DIAG_SEVERITY_NONLOCALIZED), field(notice, PG_DIAG_SQLSTATE),
                 field(notice, PG_DIAG_MESSAGE_PRIMARY)};
    // To libpq an error that arrives while nothing runs is a notice: the server says why it ends the session.
    if (ends_session(notice)) {
        wire->farewell_ = heard.message;
    }
    if (wire->on_notice) {
        wire->on_notice(heard);
    }
}

void Wire::raise(const Handle& error) {
    const auto* result = error.get();
    const auto sqlstate = field(result, PG_DIAG_SQLSTATE);
    // libpq makes error results of its own, without SQLSTATE, when the connection breaks.
    if (sqlstate.empty() || ends_session(result) || PQstatus(pg_) == CONNECTION_BAD) {
        if (farewell_.empty()) {
            farewell_ = sqlstate.empty() ? one_line(PQresultErrorMessage(result))
                                         : field(result, PG_DIAG_MESSAGE_PRIMARY);
        }
        raise_lost();
    }
    end();
    const auto words =
        without_values({sqlstate, field(result, PG_DIAG_MESSAGE_PRIMARY),
                        field(result, PG_DIAG_MESSAGE_DETAIL), field(result, PG_DIAG_MESSAGE_HINT),
                        field(result, PG_DIAG_CONTEXT), field(result, PG_DIAG_SCHEMA_NAME),
                        field(result, PG_DIAG_TABLE_NAME), field(result, PG_DIAG_COLUMN_NAME),
                        field(result, PG_DIAG_CONSTRAINT_NAME), field(result, PG_DIAG_SOURCE_FUNCTION)});
    const auto message = words.message + (words.detail.empty() ? "" : " (" + one_line(words.detail) + ")");
    ServerError raised(label_, message, sqlstate, words.hint, words.detail);
    const auto position = field(result, PG_DIAG_STATEMENT_POSITION);
    raised.position = position.empty() ? 0 : std::stoi(position);
    throw raised;
}

void Wire::raise_lost() {
    broken_ = true;
    const bool in_doubt = under_way_;
    disarm();
    auto why = farewell_;
    if (why.empty()) {
        why = one_line(pg_ == nullptr ? "it was closed" : PQerrorMessage(pg_));
    }
    throw ConnectionLost(label_, "the connection to " + address_ + " broke: " + why, in_doubt);
}

void Wire::raise_deadline() {
    broken_ = true;
    disarm();
    if (!logged_in_) {
        throw DeadlinePassed(
            label_, "no login at " + address_ + " within " + seconds(allowed_),
            "Check that the server runs and that nothing between here and there drops packets.");
    }
    start_cancel();
    throw DeadlinePassed(label_, "no answer from " + address_ + " within " + seconds(allowed_));
}

} // namespace pgteal::postgres
