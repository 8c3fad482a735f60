#include "postgres/connection.hpp"

#include "base/error.hpp"
#include "postgres/wire.hpp"

namespace pgteal::postgres {

Connection::Connection(std::unique_ptr<Wire> wire) : wire_(std::move(wire)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Task<Result> Connection::exec(std::string sql, Params params, Deadline deadline) {
    wire_->begin(deadline);
    std::vector<const char*> values;
    values.reserve(params.size());
    for (const auto& param : params) {
        values.push_back(param ? param->c_str() : nullptr);
    }
    wire_->sent(PQsendQueryParams(wire_->pg(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                                  values.data(), nullptr, nullptr, 0));
    co_await wire_->flush();
    std::vector<Result> results = co_await wire_->collect();
    co_return results.empty() ? Result{} : std::move(results.back());
}

Task<Result> Connection::exec(std::string sql, Deadline deadline) {
    Params none;
    return exec(std::move(sql), std::move(none), deadline);
}

Task<std::vector<Result>> Connection::script(std::string sql, Deadline deadline) {
    wire_->begin(deadline);
    wire_->sent(PQsendQuery(wire_->pg(), sql.c_str()));
    co_await wire_->flush();
    std::vector<Result> results = co_await wire_->collect();
    co_return results;
}

Task<void> Connection::send_only(std::string sql, Deadline deadline) {
    wire_->begin(deadline);
    wire_->sent(PQsendQuery(wire_->pg(), sql.c_str()));
    co_await wire_->flush();
    wire_->stop_alarm();
}

bool Connection::answered() {
    auto* pg = wire_->pg();
    return pg != nullptr && wire_->consume() && PQisBusy(pg) == 0;
}

Task<void> Connection::cancel(Deadline deadline) {
    const auto done = wire_->start_cancel();
    while (!*done && Clock::now() < deadline) {
        co_await sleep_for(std::chrono::milliseconds(2));
    }
}

void Connection::on_notice(std::function<void(const Notice&)> handler) {
    wire_->on_notice = std::move(handler);
}

bool Connection::usable() const { return wire_ && wire_->usable(); }
bool Connection::in_transaction() const {
    return wire_->pg() != nullptr && PQtransactionStatus(wire_->pg()) != PQTRANS_IDLE;
}
int Connection::backend_pid() const { return wire_->pg() == nullptr ? 0 : PQbackendPID(wire_->pg()); }
int Connection::server_version() const {
    return wire_->pg() == nullptr || wire_->is_console() ? 0 : PQserverVersion(wire_->pg());
}

std::string Connection::parameter(std::string_view name) const {
    const char* value =
        wire_->pg() == nullptr ? nullptr : PQparameterStatus(wire_->pg(), std::string(name).c_str());
    return value == nullptr ? "" : value;
}

const std::string& Connection::label() const { return wire_->label(); }
void Connection::close() { wire_->close(); }

} // namespace pgteal::postgres
