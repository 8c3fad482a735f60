#include "health/settings/capacity_checks.hpp"

#include <algorithm>

#include "health/facts/verdict.hpp"

namespace pgteal::health {

namespace {

std::string set_and_restart(const ServerFacts& side, const std::string& setting, long value) {
    return "ALTER SYSTEM SET " + setting + " = " + std::to_string(value) + ";  then restart " + side.side +
           ".";
}

void judge_prepared(CheckResult& result, const ServerFacts& blue, const ServerFacts& green, Level worst) {
    const long there = blue.number("max_prepared_transactions");
    const long here = green.number("max_prepared_transactions");
    if (here >= there) {
        return;
    }
    add(result, here == 0 ? worst : Level::warning, green.side, "max_prepared_transactions",
        "max_prepared_transactions is " + std::to_string(there) + " on blue and " + std::to_string(here) +
            " on green. " +
            (here == 0 ? "After the cutover every PREPARE TRANSACTION of clients fails."
                       : "After the cutover PREPARE TRANSACTION fails where more of them are open at once."),
        set_and_restart(green, "max_prepared_transactions", there));
}

void judge_connections(CheckResult& result, const ServerFacts& blue, const ServerFacts& green) {
    const long there = blue.number("max_connections");
    const long here = green.number("max_connections");
    if (here >= there) {
        return;
    }
    add(result, Level::warning, green.side, "max_connections",
        "max_connections is " + std::to_string(there) + " on blue and " + std::to_string(here) +
            " on green. After the cutover clients wait in PgBouncer, or fail, where their pools may open "
            "more.",
        set_and_restart(green, "max_connections", there));
}

/// How many locks fit for sure (docs: max_locks_per_transaction); what more fits is other memory's, and
/// clients' too.
long lock_slots(const ServerFacts& side) {
    return side.number("max_locks_per_transaction") *
           (side.number("max_connections") + side.number("max_prepared_transactions"));
}

void judge_locks(CheckResult& result, const ServerFacts& side, const DatabaseFacts& database, Level worst) {
    const long slots = lock_slots(side);
    if (slots == 0 || database.tables * 2 <= slots) { // half of it is for clients
        return;
    }
    const long holders = side.number("max_connections") + side.number("max_prepared_transactions");
    const bool short_of_it = database.tables >= slots;
    add(result, short_of_it ? worst : Level::warning, side.side, database.name,
        "database " + database.name + " has " + std::to_string(database.tables) + " tables, and " +
            side.side + " has room for " + std::to_string(slots) + " locks. " +
            (short_of_it
                 ? "prepare locks all tables at once and ends with \"out of shared memory\", and so may "
                   "clients meanwhile."
                 : "While prepare holds a lock on each table, clients may get \"out of shared memory\"."),
        set_and_restart(side, "max_locks_per_transaction", database.tables * 2 / std::max(holders, 1L) + 64));
}

} // namespace

CheckResult check_capacity(const ServerFacts& blue, const ServerFacts& green,
                           const std::vector<DatabaseFacts>& databases,
                           const std::vector<std::string>& accept) {
    CheckResult result{"capacity", {}, "green has room for what blue does"};
    const auto worst = accepted(accept, "capacity") ? Level::warning : Level::error;
    judge_prepared(result, blue, green, worst);
    judge_connections(result, blue, green);
    for (const auto& database : databases) {
        judge_locks(result, blue, database, worst);
        judge_locks(result, green, database, worst);
    }
    return limited(std::move(result));
}

} // namespace pgteal::health
