#include "replication/lane/lane_log.hpp"

#include <gtest/gtest.h>

namespace pgteal::replication {
namespace {

const std::string log = // of 17
    R"(2026-11-30 11:59:20.101 UTC [9433] LOG:  logical replication apply worker for subscription "x" has started
2026-11-30 11:59:20.111 UTC [9433] ERROR:  duplicate key value violates unique constraint "t_pkey"
2026-11-30 11:59:20.111 UTC [9433] DETAIL:  Key (id)=(3) already exists.
2026-11-30 11:59:20.111 UTC [9433] CONTEXT:  processing remote data for replication origin "pg_16498" during message type "INSERT" for replication target relation "public.t" in transaction 740, finished at 0/19B0AC8
2026-11-30 11:59:20.112 UTC [9001] ERROR:  relation "x" does not exist
)";

TEST(LaneLog, NamesTableKeyAndErrorOfTheLastFailureOfThatWorker) {
    EXPECT_EQ(failure_in_log(log, "pg_16498"), "table public.t: duplicate key value violates unique "
                                               "constraint \"t_pkey\" (Key (id)=(3) already exists.)");
    EXPECT_EQ(failure_in_log(log, "pg_1649"), "");
    EXPECT_EQ(failure_in_log("", "pg_1649"), "");
    const auto cut = log.substr(log.find("CONTEXT"));
    EXPECT_EQ(failure_in_log(cut, "pg_16498"), "") << "the beginning of the report is not in what was read";
}

} // namespace
} // namespace pgteal::replication
