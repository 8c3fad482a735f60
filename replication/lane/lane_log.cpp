#include "replication/lane/lane_log.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "postgres/server_words.hpp"
#include "replication/lane/sql.hpp"

namespace pgteal::replication {

namespace {

/// What follows `mark` on the line that has it, between `begin` and `end` of the log; "" when none has.
std::string after_mark(const std::string& log, std::size_t begin, std::size_t end, const std::string& mark) {
    const auto at = log.find(mark, begin);
    if (at == std::string::npos || at >= end) {
        return {};
    }
    const auto from = at + mark.size();
    return log.substr(from, log.find('\n', from) - from);
}

/// "(id)" of "Key (id)=(3) already exists.": the columns, and never the values.
std::string key_in(const std::string& detail) {
    const std::string_view lead = "Key (";
    const auto end = detail.find(")=(");
    return detail.starts_with(lead) && end != std::string::npos
               ? detail.substr(lead.size() - 1, end - lead.size() + 2)
               : std::string();
}

/// What clients wrote stands in a log as they wrote it.
std::string printable(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
}

} // namespace

std::string failure_in_log(const std::string& log, const std::string& origin) {
    const auto context = log.rfind("replication origin \"" + origin + "\" during");
    if (context == std::string::npos) {
        return {};
    }
    const auto error = log.rfind("ERROR:  ", context);
    constexpr std::size_t longest_report = 8192; // one report is written in one piece
    if (error == std::string::npos || context - error > longest_report) {
        return {};
    }
    const auto end = log.find('\n', context);
    const auto place = after_mark(log, context, end, "target relation \"");
    const auto table = place.substr(0, place.find('"'));
    postgres::ServerSaid said;
    said.message = after_mark(log, error, context, "ERROR:  ");
    said.context = after_mark(log, error, end, "CONTEXT:  "); // a function's line comes first
    const auto words = postgres::without_values(said);
    const auto key = key_in(after_mark(log, error, context, "DETAIL:  "));
    return printable((table.empty() ? "" : "table " + table + ": ") + words.message +
                     (key.empty() ? "" : " (key " + key + "; the server's own log has the row)"));
}

Task<std::string> read_apply_failure(postgres::Server& subscriber, Lane lane, Deadline deadline) {
    std::string told;
    try {
        std::string text(sql::lane_log);
        postgres::Params params{lane.object()};
        const auto rows =
            co_await subscriber.exec(lane.database, std::move(text), std::move(params), deadline);
        if (!rows.empty() && !rows.is_null(0, 1)) {
            told = failure_in_log(std::string(rows.text(0, 1)), rows.get<std::string>(0, 0));
        }
    } catch (const Error& error) {
        spdlog::debug("the log of {}: {}", subscriber.name(), error.what());
    }
    co_return told;
}

} // namespace pgteal::replication
