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
    EXPECT_EQ(failure_in_log(log, "pg_16498"),
              "table public.t: duplicate key value violates unique "
              "constraint \"t_pkey\" (key (id); the server's own log has the row)");
    EXPECT_EQ(failure_in_log(log, "pg_1649"), "");
    EXPECT_EQ(failure_in_log("", "pg_1649"), "");
    const auto cut = log.substr(log.find("CONTEXT"));
    EXPECT_EQ(failure_in_log(cut, "pg_16498"), "") << "the beginning of the report is not in what was read";
}

TEST(LaneLog, ShowsNoValueOfARow) {
    const auto failed = [](const std::string& error, const std::string& detail, const std::string& inside) {
        return failure_in_log(
            "2026-11-30 UTC [9] ERROR:  " + error + "\n2026-11-30 UTC [9] DETAIL:  " + detail +
                "\n2026-11-30 UTC [9] CONTEXT:  " + inside +
                "processing remote data for replication origin \"pg_7\" during message type "
                "\"INSERT\" for replication target relation \"public.t\" in transaction 740\n",
            "pg_7");
    };
    const std::string secret = "s3cret";
    for (const auto& told :
         {failed("null value in column \"a\" of relation \"t\" violates not-null constraint",
                 "Failing row contains (1, s3cret, null).", ""),
          failed("new row for relation \"t\" violates check constraint \"c\"",
                 "Failing row contains (s3cret).", ""),
          failed("duplicate key value violates unique constraint \"k\"",
                 "Key (mail)=(s3cret) already exists.", ""),
          failed("invalid input syntax for type integer: \"s3cret\"", "", ""),
          failed("the row s3cret is wrong", "", "PL/pgSQL function f() line 3 at RAISE\n\t")}) {
        EXPECT_NE(told.find("table public.t: "), std::string::npos) << told;
        EXPECT_EQ(told.find(secret), std::string::npos) << told;
    }
    EXPECT_EQ(failed("a\x1b[2Jb", "", "").find('\x1b'), std::string::npos);
}

} // namespace
} // namespace pgteal::replication
