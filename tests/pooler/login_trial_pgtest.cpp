// Logins tried through a private PgBouncer beside the lab's: how far each comes, and why not further.
#include "pooler/trial/login_trial.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/pooler/bouncer_world.hpp"

namespace pgteal::pooler {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Target at(const std::string& side, const std::string& database = "app") {
    return {"127.0.0.1", BouncerWorld::lab().port(side), database};
}

Task<void> run_on_green(std::string sql) {
    auto green = co_await postgres::Connection::open(
        BouncerWorld::lab().dsn("green").with_database("postgres"), "green", soon());
    co_await green.script(std::move(sql), soon());
}

Task<std::string> system_of(std::string side) {
    auto server = co_await postgres::Connection::open(BouncerWorld::lab().dsn(side).with_database("postgres"),
                                                      side, soon());
    const auto rows = co_await server.exec("SELECT system_identifier FROM pg_control_system()", soon());
    co_return std::string(rows.text(0, 0));
}

Task<LoginTrial> trial(BouncerWorld* world, std::vector<LoginToTry> logins) {
    auto shown = co_await shown_config(BouncerWorld::lab().admin_dsn(), "pgb1", soon());
    auto result = co_await try_logins(world->path(), std::move(shown), std::move(logins), after(8s));
    co_return result;
}

std::size_t left_behind() {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
        found += entry.path().filename().string().starts_with("pgteal-trial-") ? 1U : 0U;
    }
    return found;
}

Task<void> every_outcome(BouncerWorld* world) {
    const auto before = left_behind();
    const auto file = world->config_text();
    co_await run_on_green("CREATE ROLE fenced LOGIN PASSWORD 'x'");
    co_await run_on_green("CREATE DATABASE closed CONNECTION LIMIT 0");
    const Target dead{"127.0.0.1", "1", "app"};
    const Target nobody{"nosuch.invalid", "5432", "app"};
    std::vector<LoginToTry> logins{{"app", "app", at("green")},
                                   {"app", "pgteal", at("green")},
                                   {"app", "app", at("green", "closed")},
                                   {"app", "app", at("green", "none")},
                                   {"app", "fenced", at("green")},
                                   {"app", "app", dead},
                                   {"app", "pgteal", dead},
                                   {"app", "app", nobody},
                                   {"other", "app", at("green")}};
    const auto start = Clock::now();
    const auto result = co_await trial(world, logins);
    EXPECT_EQ(result.untried, "");
    EXPECT_FALSE(result.file_unreadable);
    const auto& is = result.outcomes;
    EXPECT_TRUE(std::all_of(is.begin(), is.end(), [](const auto& one) { return one.tried; }));
    EXPECT_TRUE(is[0].open) << is[0].problem;
    const auto system = co_await system_of("green");
    EXPECT_EQ(is[0].system, system);
    EXPECT_NE(system, "");
    EXPECT_FALSE(is[2].sqlstate.empty()); // 08P01 from 1.18, later the server's own
    EXPECT_THAT(is[2].problem, HasSubstr("too many connections for database"));
    EXPECT_THAT(is[3].problem, HasSubstr("database \"none\" does not exist"));
    EXPECT_TRUE(is[4].wants_key) << "not in auth_file: " << is[4].problem;
    for (const auto i : {5U, 6U}) {
        EXPECT_EQ(is[i].sqlstate, "");
        EXPECT_THAT(is[i].problem, HasSubstr("connect failed"));
    }
    EXPECT_THAT(is[7].problem, HasSubstr("DNS lookup failed"));
    EXPECT_TRUE(is[8].open) << "the same login of another entry";
    EXPECT_LT(Clock::now() - start, 40s);
    for (int i = 0; i < 300 && left_behind() > before; ++i) { // a test beside this one may try logins, too
        co_await sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_LE(left_behind(), before);
    EXPECT_EQ(world->config_text(), file);
    co_await run_on_green("DROP DATABASE closed");
    co_await run_on_green("DROP ROLE fenced");
}

TEST(LoginTrial, TellsHowFarEachLoginComes) {
    BouncerWorld world;
    run_in(world, every_outcome);
}

Task<void> tls_and_force(BouncerWorld* world) {
    std::vector<LoginToTry> logins{{"app", "app", at("green")}, {"other", "app", at("green")}};
    const auto result = co_await trial(world, logins);
    EXPECT_THAT(result.outcomes[0].problem, HasSubstr("server refused SSL"));
    EXPECT_THAT(result.outcomes[1].problem, HasSubstr("server refused SSL")) << "with a password of its own";
}

// What RELOAD would put into force counts, whether or not it has come.
TEST(LoginTrial, TheFilesTlsSettingsHold) {
    BouncerWorld world("app = host=127.0.0.1 port=BLUE dbname=app\n"
                       "other = host=127.0.0.1 port=BLUE dbname=app user=app password=wrong\n");
    world.install(world.config_text() + "server_tls_sslmode = require\n");
    run_in(world, tls_and_force);
}

Task<void> wrong_password(BouncerWorld* world) {
    std::vector<LoginToTry> logins{{"app", "app", at("green")}};
    const auto result = co_await trial(world, logins);
    EXPECT_THAT(result.outcomes[0].problem, HasSubstr("password authentication failed"));
}

TEST(LoginTrial, AnEntrysOwnPasswordIsTried) {
    BouncerWorld world("app = host=127.0.0.1 port=BLUE dbname=app user=app password='it''s wrong'\n");
    run_in(world, wrong_password);
}

Task<void> no_process(BouncerWorld* world) {
    std::vector<LoginToTry> logins{{"app", "app", at("green")}};
    std::map<std::string, std::string> shown;
    const auto copy = world->path() + ".copy";
    std::filesystem::copy_file(world->path(), copy);
    const auto result = co_await try_logins(copy, shown, logins, after(5s));
    EXPECT_THAT(result.untried, HasSubstr("no PgBouncer process"));
    EXPECT_FALSE(result.outcomes[0].tried);
    std::filesystem::remove(copy);
}

TEST(LoginTrial, SaysWhyNothingCouldBeTried) {
    BouncerWorld world;
    run_in(world, no_process);
}

} // namespace
} // namespace pgteal::pooler
