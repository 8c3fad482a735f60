#include "cutover/fence/read_only.hpp"

#include "base/error.hpp"

namespace pgteal::cutover {

namespace {

/// What is given on the command line outranks the files.
constexpr const char* configured =
    "SELECT CASE WHEN o.options ~* "
    "'[[:<:]]default_transaction_read_only[\"'']?=[\"'']?(on|t|tr|tru|true|y|ye|"
    "yes|1)[[:>:]]' THEN 'its command line' ELSE f.sourcefile END, f.sourceline FROM"
    " (SELECT pg_catalog.pg_read_file('postmaster.opts', 0, 100000, true)) o (options)"
    " LEFT JOIN LATERAL (SELECT s.sourcefile, s.sourceline FROM pg_catalog.pg_file_settings s WHERE"
    " s.name = 'default_transaction_read_only' AND s.applied AND"
    " s.setting ~* '^(on|t|tr|tru|true|y|ye|yes|1)$' LIMIT 1) f ON true";

} // namespace

Task<std::optional<Refusal>> read_only_server(postgres::Server* server, Deadline deadline) {
    const auto found = co_await server->exec("", configured, {}, deadline);
    const auto where = found.get<std::optional<std::string>>(0, 0).value_or("");
    if (where.empty()) {
        co_return std::nullopt;
    }
    const auto& side = server->name();
    const auto line = found.get<std::optional<int>>(0, 1);
    const bool by_hand = where.ends_with("postgresql.auto.conf");
    co_return Refusal{
        side,
        side + " takes no writes from clients: default_transaction_read_only is on in " + where +
            (line && !by_hand ? ", line " + std::to_string(*line) : ""),
        by_hand
            ? "on " + side + ": ALTER SYSTEM RESET default_transaction_read_only;  SELECT pg_reload_conf();"
        : line ? "take it out of that file, then on " + side + ": SELECT pg_reload_conf();"
               : "start " + side + " without it"};
}

Task<health::CheckResult> check_read_only(Estate* estate, Side to, Deadline deadline) {
    health::CheckResult result{"read-only", {}, to_string(to) + " takes writes"};
    try {
        if (auto refusal = co_await read_only_server(&estate->server(to), deadline)) {
            result.findings.push_back({result.check, health::Level::error, refusal->side, "",
                                       std::move(refusal->message), std::move(refusal->hint)});
        }
    } catch (const ServerError& error) { // of a role that preflight refuses anyway
        result.summary.clear();
    }
    co_return result;
}

} // namespace pgteal::cutover
