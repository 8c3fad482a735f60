// The list of settings that every session begins with: what goes into the packet, and what comes after it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/startup.hpp"

namespace pgteal::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

Dsn server(const std::string& port) { return Dsn::parse("host=10.0.0.1 user=pgteal port=" + port); }

std::string packet(const Dsn& dsn, Purpose purpose, std::string_view extra = {}) {
    return with_startup(dsn, purpose, extra).get("options").value_or("");
}

TEST(Startup, AnUnknownServerIsAskedForWhatAllTake) {
    const auto options = packet(server("1"), Purpose::own);
    EXPECT_THAT(options, HasSubstr("-c search_path= "));
    for (const auto* refused : {"transaction_timeout", "idle_session_timeout", "event_triggers",
                                "log_statement", "session_replication_role", "pg_stat_statements"}) {
        EXPECT_THAT(options, Not(HasSubstr(refused)))
            << "an older server or an ordinary role would refuse it";
        EXPECT_THAT(late_settings(server("1"), Purpose::own, 170000, true), HasSubstr(refused));
    }
    const auto late = late_settings(server("1"), Purpose::own, 130000, false);
    EXPECT_EQ(late, "") << "nothing is left for the oldest server and an ordinary role";
}

TEST(Startup, WhatIsKnownGoesIntoThePacket) {
    remember_login(server("2"), 170000, true);
    EXPECT_EQ(late_settings(server("2"), Purpose::own, 170000, true), "");
    EXPECT_THAT(packet(server("2"), Purpose::own),
                testing::AllOf(HasSubstr("-c transaction_timeout=0"), HasSubstr("-c event_triggers=off"),
                               HasSubstr("-c log_statement=none"), HasSubstr("-c pgaudit.log=none")));
    remember_login(server("3"), 150000, false);
    EXPECT_THAT(packet(server("3"), Purpose::own),
                testing::AllOf(HasSubstr("-c idle_session_timeout=0"), Not(HasSubstr("transaction_timeout")),
                               Not(HasSubstr("log_statement"))));
    EXPECT_FALSE(login_is_known(server("2").with("user", "other"))) << "it was another role's login";
    forget_login(server("2"));
    EXPECT_FALSE(login_is_known(server("2")));
}

TEST(Startup, OursComeBehindTheOperatorsOwn) {
    const auto dsn = server("4").with("options", "-c work_mem=5MB -c search_path=public");
    const auto options = packet(dsn, Purpose::ledger, "-c lock_timeout=7");
    EXPECT_THAT(options, testing::StartsWith("-c work_mem=5MB -c search_path=public -c "));
    EXPECT_THAT(options, testing::EndsWith(" -c lock_timeout=7"));
    EXPECT_LT(options.find("search_path=public"), options.find("-c search_path= "));
}

TEST(Startup, AUsersTextHasThePathAndTheTriggersOfPsql) {
    remember_login(server("5"), 180000, true);
    const auto options = packet(server("5"), Purpose::users_text);
    EXPECT_THAT(options, HasSubstr("-c transaction_timeout=0"));
    for (const auto* kept :
         {"search_path", "session_replication_role", "event_triggers", "log_statement", "TimeZone"}) {
        EXPECT_THAT(options, Not(HasSubstr(kept)));
    }
    EXPECT_THAT(options, HasSubstr("-c role=none"));
    EXPECT_THAT(packet(server("5"), Purpose::program),
                testing::AllOf(HasSubstr("log_statement=none"), Not(HasSubstr("session_replication_role"))));
    EXPECT_THAT(packet(server("5"), Purpose::ledger),
                testing::AllOf(HasSubstr("session_replication_role=replica"), Not(HasSubstr("TimeZone"))));
}

} // namespace
} // namespace pgteal::postgres
