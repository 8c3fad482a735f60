#include "tests/support/workload_client.hpp"

#include <algorithm>

#include "tests/support/workload_schema.hpp"

namespace pgteal::workload {

namespace {

// How often each kind is chosen, of 100; rows to work on are planted first.
constexpr std::array<std::pair<Kind, int>, 11> mix{{{Kind::event, 25},
                                                    {Kind::counter, 15},
                                                    {Kind::transfer, 12},
                                                    {Kind::family, 8},
                                                    {Kind::item, 8},
                                                    {Kind::remove, 6},
                                                    {Kind::rekey, 8},
                                                    {Kind::touch, 6},
                                                    {Kind::draw, 6},
                                                    {Kind::ticket, 2},
                                                    {Kind::read, 4}}};
constexpr std::size_t own_keyed_rows = 4;
constexpr std::size_t own_toasted_rows = 3;
constexpr std::size_t items_waiting = 8;
constexpr int slow_draw = 20; // one draw of so many is from a sequence that is short or goes down

constexpr const char* insert_event = "INSERT INTO workload.events (id, client, payload) "
                                     "VALUES ($1::bigint, $2::int, md5($1::text)) RETURNING server";

void refuse(Op& op, Outcome outcome, const Reply& reply) {
    op.outcome = outcome;
    op.sqlstate = reply.sqlstate.empty() ? "lost" : reply.sqlstate;
    op.message = reply.message;
}

std::string str(Id id) { return std::to_string(id); }

} // namespace

Client::Client(LogWriter& log, int number, std::vector<std::string> dsns, std::chrono::seconds deadline)
    : log_(log), number_(number), dsns_(std::move(dsns)), deadline_(deadline), next_id_(log.first_id(number)),
      random_(static_cast<unsigned>(number) + 1) {}

bool Client::run_one() {
    const auto dsn = static_cast<std::size_t>(number_) % dsns_.size();
    // Looked at before the intent: a connection that died in idleness makes no operation unknown.
    if (!session_.open()) {
        if (const auto why = session_.take_error(); !why.empty()) {
            log_.connect_error(number_, false, static_cast<int>(dsn), why);
        }
        if (!session_.connect(dsns_[dsn], deadline_)) {
            log_.connect_error(number_, false, static_cast<int>(dsn), session_.take_error());
            return false;
        }
    }
    Op op = choose();
    op.id = next_id_++;
    op.client = number_;
    op.dsn = static_cast<int>(dsn);
    log_.intent(op);
    perform(op);
    log_.outcome(op);
    learn(op);
    return true;
}

Id Client::one_of(const std::vector<Id>& keys) { return keys[random_() % keys.size()]; }

Op Client::choose() {
    Op op;
    if (keyed_.size() < own_keyed_rows || toasted_.size() < own_toasted_rows) {
        op.kind = keyed_.size() < own_keyed_rows ? Kind::seed : Kind::plant;
        return op;
    }
    auto ticket = static_cast<int>(random_() % 100);
    for (const auto& [kind, weight] : mix) {
        if (ticket < weight) {
            op.kind = kind;
            break;
        }
        ticket -= weight;
    }
    if (op.kind == Kind::remove && items_.size() < items_waiting) {
        op.kind = Kind::item;
    }
    switch (op.kind) {
    case Kind::counter:
        op.a = 1 + static_cast<Id>(random_()) % counters;
        break;
    case Kind::transfer:
        op.a = 1 + static_cast<Id>(random_()) % accounts;
        op.b = 1 + (op.a + static_cast<Id>(random_()) % (accounts - 1)) % accounts;
        op.c = 1 + static_cast<Id>(random_()) % 10;
        break;
    case Kind::remove:
        op.a = items_.front();
        items_.pop_front();
        break;
    case Kind::rekey:
        op.a = one_of(keyed_);
        break;
    case Kind::touch:
    case Kind::read:
        op.a = one_of(toasted_);
        break;
    case Kind::draw:
    case Kind::ticket: {
        const bool slow = random_() % slow_draw == 0;
        op.a = static_cast<Id>(slow ? busy_sequences + random_() % (sequences.size() - busy_sequences)
                                    : random_() % busy_sequences);
        break;
    }
    default:
        break;
    }
    return op;
}

void Client::perform(Op& op) {
    const auto id = str(op.id);
    const auto a = str(op.a);
    switch (op.kind) {
    case Kind::event:
        return statement(op, {insert_event, {id, str(op.client)}});
    case Kind::counter:
        return statement(op, {"UPDATE workload.counters SET n = n + 1, server = workload.server_id() WHERE "
                              "id = $1 RETURNING server",
                              {a}});
    case Kind::transfer: {
        constexpr auto move =
            "UPDATE workload.accounts SET balance = balance + $2::bigint, server = workload.server_id() "
            "WHERE id = $1 RETURNING server";
        std::vector<Step> steps{{move, {a, str(-op.c)}}, {move, {str(op.b), str(op.c)}}};
        if (op.b < op.a) { // always in the same order, or two of them could wait for each other
            std::swap(steps[0], steps[1]);
        }
        steps.push_back({"INSERT INTO workload.transfers (op, from_id, to_id, amount) VALUES ($1, $2, $3, "
                         "$4) RETURNING server",
                         {id, a, str(op.b), str(op.c)}});
        return transaction(op, steps);
    }
    case Kind::family: {
        constexpr auto child =
            "INSERT INTO workload.children (parent_id, n) VALUES ($1, $2) RETURNING server";
        std::vector<Step> steps{{"INSERT INTO workload.parents (id) VALUES ($1) RETURNING server", {id}}};
        for (Id n = 1; n <= children_per_parent; ++n) {
            steps.push_back({child, {id, str(n)}});
        }
        return transaction(op, steps);
    }
    case Kind::item:
        return statement(op, {"INSERT INTO workload.items (id) VALUES ($1) RETURNING server", {id}});
    case Kind::remove:
        return transaction(
            op, {{"DELETE FROM workload.items WHERE id = $1 RETURNING workload.server_id()", {a}},
                 {"INSERT INTO workload.tombstones (id, op) VALUES ($1, $2) RETURNING server", {a, id}}});
    case Kind::seed:
        return statement(
            op,
            {"INSERT INTO workload.keyed (id, op) VALUES ($1::bigint, $1::bigint) RETURNING server", {id}});
    case Kind::rekey:
        return statement(
            op, {"UPDATE workload.keyed SET id = $2::bigint, op = $2::bigint, server = workload.server_id() "
                 "WHERE id = $1 RETURNING server",
                 {a, id}});
    case Kind::plant:
        return statement(op, {"INSERT INTO workload.toasted (id, big, op) VALUES ($1::bigint, "
                              "repeat(md5($1::text), 200), $1::bigint) "
                              "RETURNING server",
                              {id}});
    case Kind::touch:
        return statement(op, {"UPDATE workload.toasted SET op = $2, server = workload.server_id() WHERE id = "
                              "$1 RETURNING server",
                              {a, id}});
    case Kind::draw:
        return statement(
            op,
            {"INSERT INTO workload.draws (op, sequence, value) VALUES ($1, $2, nextval($3::text::regclass)) "
             "RETURNING server, value, id",
             {id, a, "workload." + std::string(sequences.at(static_cast<std::size_t>(op.a)))}});
    case Kind::ticket:
        return statement(op, {"SELECT workload.server_id(), nextval($1::text::regclass)",
                              {"workload." + std::string(sequences.at(static_cast<std::size_t>(op.a)))}});
    case Kind::read:
        return statement(op, {"SELECT workload.server_id(), op FROM workload.toasted WHERE id = $1", {a}});
    }
}

void Client::statement(Op& op, const Step& step) {
    const auto reply = session_.run(step.sql, step.parameters);
    if (!reply.ok()) {
        return refuse(op, reply.end == Reply::End::refused ? Outcome::failed : Outcome::unknown, reply);
    }
    if (reply.rows() != 1) {
        op.outcome = Outcome::missing;
        return;
    }
    op.outcome = Outcome::ok;
    op.server = reply.number(0, 0);
    op.r1 = reply.columns() > 1 ? reply.number(0, 1) : 0;
    op.r2 = reply.columns() > 2 ? reply.number(0, 2) : 0;
}

void Client::transaction(Op& op, const std::vector<Step>& steps) {
    auto reply = session_.run("BEGIN");
    for (std::size_t i = 0; reply.ok() && i < steps.size(); ++i) {
        reply = session_.run(steps[i].sql, steps[i].parameters);
        if (reply.ok() && reply.rows() != 1) {
            op.outcome = Outcome::missing;
            session_.run("ROLLBACK");
            return;
        }
        op.server = reply.ok() ? reply.number(0, 0) : 0;
    }
    if (!reply.ok()) { // COMMIT never went out
        refuse(op, Outcome::failed, reply);
        session_.run("ROLLBACK");
        return;
    }
    reply = session_.run("COMMIT");
    if (!reply.ok()) {
        return refuse(op, reply.end == Reply::End::refused ? Outcome::failed : Outcome::unknown, reply);
    }
    op.outcome = reply.tag() == "COMMIT" ? Outcome::ok : Outcome::failed;
}

void Client::learn(const Op& op) {
    const bool unknown = op.outcome == Outcome::unknown;
    switch (op.kind) {
    case Kind::item:
        if (op.acknowledged()) {
            items_.push_back(op.id);
        }
        break;
    case Kind::seed:
        if (op.acknowledged()) {
            keyed_.push_back(op.id);
        }
        break;
    case Kind::plant:
        if (op.acknowledged()) {
            toasted_.push_back(op.id);
        }
        break;
    case Kind::rekey:
        if (op.acknowledged()) {
            std::ranges::replace(keyed_, op.a, op.id);
        } else if (unknown || op.outcome == Outcome::missing) {
            std::erase(keyed_, op.a);
        }
        break;
    case Kind::touch:
    case Kind::read:
        if (op.outcome == Outcome::missing || (unknown && op.writes())) {
            std::erase(toasted_, op.a);
        }
        break;
    default:
        break;
    }
}

void Newcomer::run_one() {
    Op op;
    op.id = next_id_++;
    op.client = number_;
    op.new_connection = true;
    const auto dsn = static_cast<std::size_t>(op.id) % dsns_.size();
    op.dsn = static_cast<int>(dsn);
    log_.intent(op);
    if (session_.connect(dsns_[dsn], deadline_)) {
        statement(op, {insert_event, {str(op.id), str(op.client)}});
        session_.close();
    } else { // nothing was sent
        op.outcome = Outcome::failed;
        op.sqlstate = "connect";
        op.message = session_.take_error();
    }
    log_.outcome(op);
}

} // namespace pgteal::workload
