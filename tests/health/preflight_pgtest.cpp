// Preflight on two real servers that are as they should be, or can't be used at all.
#include <fstream>

#include "health/checks/reach.hpp"
#include "preflight_run.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const auto* const lab_setup = ::testing::AddGlobalTestEnvironment(new support::SharedLab({"--poolers", "1"}));

/// Everything that a check could change without meaning to, as one hash.
constexpr const char* fingerprint = R"(
SELECT md5(concat_ws('|',
    (SELECT string_agg(format('%s %s %s %s', oid, relname, relnatts, relacl), ',' ORDER BY oid) FROM pg_class),
    (SELECT string_agg(d::text, ',' ORDER BY d.oid) FROM (SELECT oid, datname, datacl, datallowconn, datconnlimit FROM pg_database) d),
    (SELECT string_agg(s::text, ',') FROM (SELECT oid, subname, subenabled FROM pg_subscription ORDER BY oid) s),
    (SELECT string_agg(o::text, ',') FROM (SELECT roident, roname FROM pg_replication_origin ORDER BY roident) o),
    (SELECT string_agg(s::text, ',') FROM (SELECT slot_name, plugin, database FROM pg_replication_slots ORDER BY slot_name) s),
    (SELECT string_agg(c::text, ',') FROM (SELECT oid, collname FROM pg_collation ORDER BY oid) c),
    (SELECT string_agg(n::text, ',') FROM (SELECT oid, nspname FROM pg_namespace ORDER BY oid) n),
    (SELECT string_agg(r::text, ',') FROM (SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting ORDER BY 1, 2) r),
    (SELECT string_agg(a::text, ',') FROM (SELECT oid, rolname, rolpassword, rolsuper FROM pg_authid ORDER BY oid) a))))";

Task<std::string> fingerprint_of(std::string side, std::string database) {
    postgres::Server server(side, support::shared_lab().dsn(side));
    std::string sql = fingerprint;
    postgres::Params none;
    auto result = co_await server.exec(std::move(database), std::move(sql), none, soon());
    co_return result.get<std::string>(0, 0);
}

CO_TEST(Preflight, a_clean_lab_has_no_error_and_nothing_changes) {
    const auto blue_before = co_await fingerprint_of("blue", "app");
    const auto blue_home_before = co_await fingerprint_of("blue", "postgres");
    const auto green_before = co_await fingerprint_of("green", "postgres");
    auto input = input_for({"app"});
    const auto results = co_await run_preflight(input);
    EXPECT_THAT(errors(results), IsEmpty());
    EXPECT_EQ(results.at("peers").summary, "green reaches blue, blue reaches green");
    EXPECT_EQ(results.at("slots").summary, "slots on blue 0 of 20 used, slots on green 0 of 20 used");
    EXPECT_EQ(results.at("replica-identity").summary, "4 tables");
    EXPECT_EQ(results.at("databases").summary, "app");
    EXPECT_GE(results.size(), 40U);
    EXPECT_EQ(co_await fingerprint_of("blue", "app"), blue_before);
    EXPECT_EQ(co_await fingerprint_of("blue", "postgres"), blue_home_before);
    EXPECT_EQ(co_await fingerprint_of("green", "postgres"), green_before);
}

CO_TEST(Preflight, one_server_behind_both_dsns) {
    auto& lab = support::shared_lab();
    auto input = input_for({"app"});
    const auto results = co_await run_preflight(lab.dsn("blue"), lab.dsn("blue"), input);
    EXPECT_EQ(lines(results, "different-servers").size(), 1U);
    EXPECT_EQ(results.count("green-empty"), 0U); // its fix would drop blue's own database
}

CO_TEST(Preflight, green_older_than_blue) {
    auto& lab = support::shared_lab();
    auto input = input_for({});
    input.dump_version = 0;
    const auto results = co_await run_preflight(lab.dsn("green"), lab.dsn("blue"), input);
    EXPECT_EQ(lines(results, "versions").size(), 1U);
    EXPECT_THAT(lines(results, "pg-dump"), ElementsAre("error  pg_dump"));
    EXPECT_THAT(lines(results, "databases"), ElementsAre("error  "));
}

CO_TEST(Preflight, an_unreachable_side_is_one_finding_and_what_depends_on_it_is_left_out) {
    auto& lab = support::shared_lab();
    auto input = input_for({"app"});
    const auto results = co_await run_preflight(lab.dsn("blue"), lab.dsn("green").with("port", "1"), input);
    EXPECT_THAT(lines(results, "reachable"), ElementsAre("error green 127.0.0.1:1"));
    EXPECT_THAT(results.at("reachable").findings.at(0).message, HasSubstr("refused"));
    EXPECT_EQ(results.count("versions"), 0U);
    EXPECT_EQ(results.count("extensions"), 0U);
    EXPECT_EQ(results.count("green-empty"), 0U);
    EXPECT_EQ(results.count("replica-identity"), 1U) << "blue is still checked";
    EXPECT_EQ(results.count("peers"), 0U);
    EXPECT_EQ(errors(results).size(), 1U);
}

CO_TEST(Preflight, a_wrong_password_is_one_finding_without_the_password) {
    auto& lab = support::shared_lab();
    auto input = input_for({"app"});
    const auto wrong = lab.dsn("blue").with("passfile", "").with("password", "hunter2");
    const auto results = co_await run_preflight(wrong, lab.dsn("green"), input);
    EXPECT_EQ(lines(results, "reachable").size(), 1U);
    const auto finding = results.at("reachable").findings.at(0);
    EXPECT_EQ(finding.side, "blue");
    EXPECT_THAT(finding.message, HasSubstr("password authentication failed"));
    EXPECT_THAT(finding.message + finding.fix + finding.object, Not(HasSubstr("hunter2")));
    EXPECT_THAT(finding.fix, HasSubstr("password of role pgteal"));
}

CO_TEST(Preflight, a_role_that_is_no_superuser) {
    co_await run_sql("blue", "postgres", "CREATE ROLE plain LOGIN PASSWORD 'plainword'");
    auto& lab = support::shared_lab();
    auto input = input_for({"app"});
    const auto plain =
        lab.dsn("blue").with("passfile", "").with("user", "plain").with("password", "plainword");
    const auto results = co_await run_preflight(plain, lab.dsn("green"), input);
    EXPECT_THAT(lines(results, "reachable"), IsEmpty());
    EXPECT_THAT(lines(results, "readable"), IsEmpty());
    EXPECT_THAT(lines(results, "privileges"), ElementsAre("error blue role plain"));
    EXPECT_THAT(lines(results, "role-replication"), ElementsAre("error blue role plain"));
    EXPECT_EQ(results.at("peers").summary, "green reaches blue") << "blue could not try";
    co_await run_sql("blue", "postgres", "DROP ROLE plain");
}

CO_TEST(Preflight, peers_that_cant_reach_each_other_and_a_log_that_tells_no_secret) {
    auto& lab = support::shared_lab();
    auto input = input_for({"app"});
    input.blue_peer_conninfo = lab.dsn("blue").with("port", "1").conninfo();
    input.green_peer_conninfo = lab.dsn("green").with("passfile", "").with("password", "hunter2").conninfo();
    const auto results = co_await run_preflight(input);
    EXPECT_THAT(lines(results, "peers"),
                ElementsAre("error green green to blue", "error blue blue to green"));
    const auto& findings = results.at("peers").findings;
    EXPECT_THAT(findings.at(0).message, HasSubstr("green can't reach blue at 127.0.0.1:1"));
    EXPECT_THAT(findings.at(1).message, HasSubstr("password authentication failed"));
    EXPECT_THAT(findings.at(1).message + findings.at(1).fix, Not(HasSubstr("hunter2")));
    for (const char* side : {"blue", "green"}) {
        std::ifstream file(lab.dir() + "/" + side + ".log");
        std::stringstream log;
        log << file.rdbuf();
        EXPECT_FALSE(log.str().empty());
        EXPECT_THAT(log.str(), Not(HasSubstr("hunter2"))) << side;
        EXPECT_THAT(log.str(), Not(HasSubstr("CREATE SUBSCRIPTION"))) << side;
    }
}

CO_TEST(Preflight, a_frozen_server_does_not_stop_the_checks_of_the_other) {
    auto& lab = support::shared_lab();
    lab.freeze("green");
    auto input = input_for({"app"});
    const auto begun = Clock::now();
    std::exception_ptr failed;
    Results results;
    try {
        results = co_await run_preflight(input);
    } catch (...) {
        failed = std::current_exception();
    }
    lab.thaw("green");
    EXPECT_FALSE(failed);
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(60));
    EXPECT_EQ(lines(results, "reachable").size(), 1U);
    EXPECT_EQ(errors(results).size(), 1U);
    EXPECT_EQ(results.count("replica-identity"), 1U);
}

CO_TEST(Preflight, locales_are_tried_on_green_itself) {
    auto& lab = support::shared_lab();
    postgres::Server green("green", lab.dsn("green"));
    DatabaseRow known{"app", "UTF8", "C.UTF-8", "C.UTF-8", "c", "", true, "pg_default"};
    DatabaseRow unknown{"app", "UTF8", "xx_XX.UTF-8", "xx_XX.UTF-8", "c", "", true, "pg_default"};
    const auto good = co_await try_locale(green, known, soon());
    const auto bad = co_await try_locale(green, unknown, soon());
    EXPECT_EQ(good.problem, "");
    EXPECT_THAT(bad.problem, HasSubstr("xx_XX"));
}

} // namespace
} // namespace pgteal::health
