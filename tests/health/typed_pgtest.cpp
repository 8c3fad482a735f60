// Advice of the checks of servers and sessions, typed as it is printed: the finding is gone.
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "preflight_run.hpp"
#include "tests/support/advice.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Task<void> made(std::string name, std::string sql) {
    std::string create = "CREATE DATABASE " + name + " OWNER app";
    co_await run_sql("blue", "postgres", std::move(create));
    co_await run_sql("blue", std::move(name), std::move(sql));
}

/// What has no effect at once, such as a reload, has some seconds.
Task<Results> until(PreflightInput input, std::string check, bool found) {
    Results results;
    for (int i = 0; i < 100; ++i) {
        results = co_await run_preflight(input);
        if (lines(results, check).empty() != found) {
            break;
        }
        co_await sleep_for(std::chrono::milliseconds(100));
    }
    co_return results;
}

/// On the side that the advice names, or the finding.
Task<void> type_in(std::string fix, std::string side, std::string database) {
    const auto found = support::sql_of(fix);
    EXPECT_THAT(found.statements, Not(IsEmpty())) << fix;
    auto dsn = support::shared_lab().dsn(found.side.empty() ? side : found.side).with_database(database);
    auto session = co_await postgres::Connection::open(std::move(dsn), "typist", soon());
    for (const auto& statement : found.statements) {
        co_await session.script(statement, soon());
    }
}

Task<void> type_all(const Results* results, std::string check, std::string database) {
    for (const auto& finding : results->at(check).findings) {
        co_await type_in(finding.fix, finding.side, database);
    }
}

CO_TEST(Typed, what_ends_sessions) {
    co_await made("typed_sessions", "CREATE TABLE public.t (id int PRIMARY KEY)");
    auto dsn = support::shared_lab().dsn("blue").with_database("typed_sessions");
    auto dba_dsn = dsn.with("application_name", "nightly");
    auto client_dsn = support::shared_lab().app_dsn("blue", "typed_sessions");
    auto dba = co_await postgres::Connection::open(std::move(dba_dsn), "blue", soon());
    auto client = co_await postgres::Connection::open(std::move(client_dsn), "blue", soon());
    co_await client.exec("BEGIN", soon());
    co_await sleep_for(std::chrono::milliseconds(300));
    auto input = input_for({"typed_sessions"});
    input.max_pause = std::chrono::milliseconds(200);
    auto results = co_await run_preflight(input);
    EXPECT_THAT(lines(results, "superuser-sessions"), SizeIs(1));
    EXPECT_THAT(lines(results, "long-transactions"), SizeIs(1));
    co_await type_all(&results, "superuser-sessions", "postgres");
    co_await type_all(&results, "long-transactions", "postgres");
    results = co_await until(input, "superuser-sessions", false);
    EXPECT_THAT(lines(results, "superuser-sessions"), IsEmpty());
    results = co_await until(input, "long-transactions", false);
    EXPECT_THAT(lines(results, "long-transactions"), IsEmpty());
}

/// pg_hba.conf of a side, with lines before its own as long as this lives.
class Hba {
public:
    Hba(std::string side, const std::string& lines)
        : side_(std::move(side)), path_(support::shared_lab().dir() + "/" + side_ + "/pg_hba.conf") {
        std::ifstream in(path_);
        before_.assign(std::istreambuf_iterator<char>(in), {});
        first(lines);
    }
    ~Hba() { std::ofstream(path_) << before_; }
    Hba(const Hba&) = delete;
    Hba& operator=(const Hba&) = delete;

    void first(const std::string& line) {
        lines_ = line + "\n" + lines_;
        std::ofstream(path_) << lines_ << before_;
    }
    /// By the socket, where nobody is refused.
    Task<void> reload() {
        auto& lab = support::shared_lab();
        auto dsn = lab.dsn(side_)
                       .with("host", lab.dir() + "/run")
                       .with("user", "postgres")
                       .with_database("postgres");
        auto session = co_await postgres::Connection::open(std::move(dsn), side_, soon());
        co_await session.script("SELECT pg_reload_conf()", soon());
    }
    /// "on green, first in its pg_hba.conf:  LINE   then SELECT pg_reload_conf();"
    void type(const std::string& fix) {
        const auto begin = fix.find("first in its pg_hba.conf:  ");
        const auto end = fix.find("   then SELECT pg_reload_conf();");
        ASSERT_NE(begin, std::string::npos) << fix;
        ASSERT_NE(end, std::string::npos) << fix;
        first(fix.substr(begin + 27, end - begin - 27));
    }

private:
    std::string side_, path_, before_, lines_;
};

CO_TEST(Typed, a_line_of_pg_hba_conf_for_pgteal_itself) {
    Hba hba("green", "host  all  pgteal  127.0.0.1/32  reject");
    co_await hba.reload();
    auto input = input_for({"app"});
    auto results = co_await until(input, "reachable", true);
    EXPECT_THAT(lines(results, "reachable"), SizeIs(1));
    hba.type(results.at("reachable").findings.at(0).fix);
    co_await hba.reload();
    results = co_await until(input, "reachable", false);
    EXPECT_THAT(lines(results, "reachable"), IsEmpty());
}

CO_TEST(Typed, a_line_of_pg_hba_conf_for_one_database_and_the_peer) {
    co_await made("typed_hba", "CREATE TABLE public.t (id int PRIMARY KEY)");
    Hba hba("blue", "host  typed_hba  all  127.0.0.1/32  reject");
    co_await hba.reload();
    auto input = input_for({"typed_hba"});
    auto results = co_await until(input, "readable", true);
    EXPECT_THAT(lines(results, "readable"), ElementsAre("error blue typed_hba"));
    EXPECT_THAT(lines(results, "peers"), ElementsAre("error green green to blue"));
    EXPECT_EQ(results.at("peers").findings.at(0).fix.find(results.at("readable").findings.at(0).fix), 0U);
    hba.type(results.at("readable").findings.at(0).fix);
    co_await hba.reload();
    results = co_await until(input, "readable", false);
    EXPECT_THAT(lines(results, "readable"), IsEmpty());
    EXPECT_THAT(lines(results, "peers"), IsEmpty());
}

CO_TEST(Typed, the_rights_of_pgteals_role) {
    co_await run_sql("blue", "postgres", "CREATE ROLE \"Typed one\" LOGIN PASSWORD 'plainword'");
    auto& lab = support::shared_lab();
    const auto plain =
        lab.dsn("blue").with("passfile", "").with("user", "Typed one").with("password", "plainword");
    auto input = input_for({"app"});
    auto results = co_await run_preflight(plain, lab.dsn("green"), input);
    EXPECT_THAT(lines(results, "privileges"), SizeIs(1));
    EXPECT_THAT(lines(results, "role-replication"), SizeIs(1));
    co_await type_all(&results, "role-replication", "postgres");
    results = co_await run_preflight(plain, lab.dsn("green"), input);
    EXPECT_THAT(lines(results, "role-replication"), IsEmpty());
    co_await type_all(&results, "privileges", "postgres");
    results = co_await run_preflight(plain, lab.dsn("green"), input);
    EXPECT_THAT(lines(results, "privileges"), IsEmpty());
    co_await run_sql("blue", "postgres", "DROP ROLE \"Typed one\"");
}

Task<void> reloaded(std::string side, std::string sql) {
    co_await run_sql(side, "postgres", std::move(sql));
    std::string reload = "SELECT pg_reload_conf()";
    co_await run_sql(std::move(side), "postgres", std::move(reload));
}

CO_TEST(Typed, synchronous_standbys_that_are_not_there) {
    auto input = input_for({"app"});
    for (const std::string names : {"'*'", "'FIRST 1 (gone)'"}) {
        for (const std::string side : {"green", "blue"}) {
            std::string alter = "ALTER SYSTEM SET synchronous_standby_names = " + names;
            co_await reloaded(side, std::move(alter));
            auto results = co_await until(input, "synchronous-standbys", true);
            EXPECT_THAT(lines(results, "synchronous-standbys"),
                        ElementsAre("error " + side + " synchronous_standby_names"));
            co_await type_all(&results, "synchronous-standbys", "postgres");
            results = co_await until(input, "synchronous-standbys", false);
            EXPECT_THAT(lines(results, "synchronous-standbys"), IsEmpty());
        }
    }
}

CO_TEST(Typed, a_database_that_takes_no_connections) {
    co_await made("typed_closed", "CREATE TABLE public.t (id int PRIMARY KEY)");
    co_await run_sql("blue", "postgres",
                     "ALTER DATABASE typed_closed WITH ALLOW_CONNECTIONS false IS_TEMPLATE true");
    auto input = input_for({"typed_closed"});
    auto results = co_await run_preflight(input);
    EXPECT_THAT(lines(results, "databases"), ElementsAre("error blue typed_closed"));
    co_await type_all(&results, "databases", "postgres");
    results = co_await run_preflight(input);
    EXPECT_THAT(lines(results, "databases"), IsEmpty());
}

CO_TEST(Typed, the_dsns_of_the_right_servers) {
    auto& lab = support::shared_lab();
    auto input = input_for({});
    auto results = co_await run_preflight(lab.dsn("green"), lab.dsn("blue"), input);
    EXPECT_THAT(results.at("versions").findings.at(0).fix, HasSubstr("swap the dsn of [blue] and [green]"));
    results = co_await run_preflight(lab.dsn("blue"), lab.dsn("blue"), input);
    EXPECT_THAT(results.at("different-servers").findings.at(0).fix,
                HasSubstr("put its address into [green] dsn"));
    results = co_await run_preflight(lab.dsn("blue"), lab.dsn("green"), input);
    EXPECT_THAT(lines(results, "versions"), IsEmpty());
    EXPECT_THAT(lines(results, "different-servers"), IsEmpty());
}

// "partition it by something else, such as LIST of the same column": the owner's to write.
CO_TEST(Typed, another_partition_key_than_the_hash_of_an_enum) {
    co_await made("typed_hash", R"(
        CREATE TYPE public.mood AS ENUM ('good', 'bad');
        CREATE TABLE public.moods (id int, m public.mood, PRIMARY KEY (id, m)) PARTITION BY HASH (m);
        CREATE TABLE public.moods_0 PARTITION OF public.moods FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        INSERT INTO public.moods VALUES (1, 'good'), (2, 'bad');)");
    auto input = input_for({"typed_hash"});
    auto results = co_await run_preflight(input);
    EXPECT_THAT(lines(results, "copyable"), ElementsAre("error blue typed_hash: public.moods"));
    EXPECT_THAT(results.at("copyable").findings.at(0).fix, HasSubstr("such as LIST of the same column"));
    co_await run_sql("blue", "typed_hash", R"(
        ALTER TABLE public.moods RENAME TO moods_before;
        CREATE TABLE public.moods (id int, m public.mood, PRIMARY KEY (id, m)) PARTITION BY LIST (m);
        CREATE TABLE public.moods_all PARTITION OF public.moods FOR VALUES IN ('good', 'bad');
        INSERT INTO public.moods SELECT * FROM public.moods_before; DROP TABLE public.moods_before;)");
    results = co_await run_preflight(input);
    EXPECT_THAT(lines(results, "copyable"), IsEmpty());
}

CO_TEST(Typed, what_promotes_a_standby) {
    auto& lab = support::shared_lab();
    lab.stop("green");
    std::ofstream(lab.dir() + "/green/standby.signal").flush();
    lab.start("green");
    auto input = input_for({"app"});
    auto results = co_await run_preflight(input);
    EXPECT_THAT(lines(results, "recovery"), SizeIs(1));
    co_await type_all(&results, "recovery", "postgres");
    results = co_await until(input, "recovery", false);
    EXPECT_THAT(lines(results, "recovery"), IsEmpty());
}

} // namespace
} // namespace pgteal::health
