#include "cutover/estate/estate.hpp"

#include "base/error.hpp"
#include "base/program.hpp"
#include "cutover/config/history_table.hpp"
#include "pooler/pgbouncer.hpp"

namespace pgteal::cutover {

namespace {

/// Sets the password that the side's command prints, unless the DSN has one.
Task<void> resolve_password(SideConfig* side, std::string name) {
    if (side->password_command.empty()) {
        co_return;
    }
    postgres::Program program{side->password_command, {}};
    const auto deadline = after(std::chrono::seconds(30));
    auto output = co_await postgres::run_program(program, deadline);
    if (output.exit_code != 0) {
        throw Error(ErrorCode::config, name,
                    "password_command of [" + name + "] ended with exit code " +
                        std::to_string(output.exit_code),
                    "run it by hand: " + postgres::to_string(program));
    }
    auto password = output.out.substr(0, output.out.find('\n'));
    if (!side->peer_dsn.get("password") && side->peer_dsn == side->dsn) {
        side->peer_dsn = side->peer_dsn.with("password", password);
    }
    side->dsn = side->dsn.with("password", password);
}

/// Every session knows which table is left out of the lanes: catalog/sql/tables.sql reads it there.
postgres::Dsn with_left_out(const postgres::Dsn& dsn, const std::string& table) {
    if (table.empty()) {
        return dsn;
    }
    std::string escaped;
    for (const char c : table) {
        escaped += c == ' ' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    const auto own = dsn.get("options").value_or("");
    return dsn.with("options", own + (own.empty() ? "" : " ") + "-c pgteal.left_out=" + escaped);
}

} // namespace

Estate::Estate(Config config) : config_(std::move(config)) {
    const auto table = left_out(config_);
    blue_ = std::make_unique<postgres::Server>("blue", with_left_out(config_.blue.dsn, table));
    green_ = std::make_unique<postgres::Server>("green", with_left_out(config_.green.dsn, table));
    for (const auto& one : config_.poolers) {
        poolers_.push_back(PoolerUnit{one, pooler::make_pgbouncer(one.name, one.admin)});
    }
}

Task<std::unique_ptr<Estate>> Estate::make(Config config) {
    co_await resolve_password(&config.blue, "blue");
    co_await resolve_password(&config.green, "green");
    co_return std::unique_ptr<Estate>(new Estate(std::move(config)));
}

PoolerUnit& Estate::pooler(const std::string& name) {
    for (auto& unit : poolers_) {
        if (unit.config.name == name) {
            return unit;
        }
    }
    throw Error(ErrorCode::internal, "controller", "no pooler " + name);
}

std::string Estate::peer_conninfo(Side side, const std::string& database) const {
    return config_.side(side).peer_dsn.with_database(database).with("application_name", "").conninfo();
}

std::vector<replication::Lane> Estate::lanes(Side publisher, const std::string& database) const {
    std::vector<replication::Lane> lanes;
    for (int n = 1; n <= config_.database(database).lanes; ++n) {
        lanes.push_back(replication::Lane{config_.run, database, n, to_string(publisher)});
    }
    return lanes;
}

std::vector<replication::Lane> Estate::lanes(Side publisher) const {
    std::vector<replication::Lane> all;
    for (const auto& database : config_.databases) {
        for (auto& lane : lanes(publisher, database.name)) {
            all.push_back(std::move(lane));
        }
    }
    return all;
}

} // namespace pgteal::cutover
