#include "tests/support/workload_session.hpp"

#include <poll.h>

#include <array>
#include <charconv>
#include <vector>

namespace pgteal::workload {

using std::chrono::steady_clock;

std::string one_line(std::string_view text) {
    std::string line;
    for (char c : text) {
        line += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    }
    while (!line.empty() && line.back() == ' ') {
        line.pop_back();
    }
    return line;
}

std::string_view Reply::text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

Id Reply::number(int row, int column) const {
    const auto digits = text(row, column);
    Id value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || stop != digits.data() + digits.size()) {
        throw Failure("a server answered '" + std::string(digits) + "' where a number was expected");
    }
    return value;
}

bool Session::connect(const std::string& dsn, std::chrono::seconds deadline) {
    deadline_ = deadline;
    const auto seconds = std::to_string(deadline.count());
    const std::array<const char*, 5> names{"dbname", "connect_timeout", "fallback_application_name",
                                           "gssencmode", nullptr};
    const std::array<const char*, 5> values{dsn.c_str(), seconds.c_str(), "pgteal-workload", "disable",
                                            nullptr};
    connection_.reset(PQconnectdbParams(names.data(), values.data(), 1));
    if (PQstatus(connection_.get()) == CONNECTION_OK) {
        return true;
    }
    error_ = one_line(PQerrorMessage(connection_.get()));
    connection_.reset();
    return false;
}

bool Session::open() {
    if (!connection_) {
        return false;
    }
    pollfd waiting{PQsocket(connection_.get()), POLLIN, 0};
    if (poll(&waiting, 1, 0) != 0 && PQconsumeInput(connection_.get()) == 0) {
        error_ = one_line(PQerrorMessage(connection_.get()));
        close();
        return false;
    }
    return true;
}

Reply Session::run(const char* sql, std::span<const std::string> parameters) {
    Reply reply;
    if (!connection_) {
        reply.message = "not connected";
        return reply;
    }
    std::vector<const char*> values;
    for (const auto& parameter : parameters) {
        values.push_back(parameter.c_str());
    }
    if (PQsendQueryParams(connection_.get(), sql, static_cast<int>(values.size()), nullptr, values.data(),
                          nullptr, nullptr, 0) == 0) {
        reply.message = one_line(PQerrorMessage(connection_.get()));
        close();
        return reply;
    }
    return collect();
}

Reply Session::collect() {
    const auto until = steady_clock::now() + deadline_;
    Reply reply;
    bool failed = false;
    bool fatal = false;
    while (true) {
        while (PQisBusy(connection_.get()) != 0) {
            if (auto trouble = wait_for_input(until); !trouble.empty()) {
                reply.message = std::move(trouble);
                close();
                return reply;
            }
        }
        decltype(reply.result_) next(PQgetResult(connection_.get()));
        if (!next) {
            break;
        }
        const auto status = PQresultStatus(next.get());
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            failed = true;
            const char* state = PQresultErrorField(next.get(), PG_DIAG_SQLSTATE);
            const char* severity = PQresultErrorField(next.get(), PG_DIAG_SEVERITY_NONLOCALIZED);
            // The first error says why; one that follows only tells that the connection is gone.
            reply.sqlstate = reply.sqlstate.empty() && state != nullptr ? state : reply.sqlstate;
            reply.message =
                reply.message.empty() ? one_line(PQresultErrorMessage(next.get())) : reply.message;
            fatal = fatal || severity == nullptr || std::string_view(severity) != "ERROR";
        }
        reply.result_ = std::move(next);
    }
    if (PQstatus(connection_.get()) != CONNECTION_OK || fatal) {
        close();
    } else {
        reply.end = failed ? Reply::End::refused : Reply::End::ok;
    }
    return reply;
}

std::string Session::wait_for_input(steady_clock::time_point until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_clock::now());
    pollfd waiting{PQsocket(connection_.get()), POLLIN, 0};
    if (left.count() <= 0 || poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
        return "no answer within " + std::to_string(deadline_.count()) + " s";
    }
    return PQconsumeInput(connection_.get()) == 0 ? one_line(PQerrorMessage(connection_.get()))
                                                  : std::string();
}

} // namespace pgteal::workload
