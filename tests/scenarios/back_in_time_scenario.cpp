// A server of a run that goes back in time, in each of the two roles: put back to an earlier copy of its data
// directory, or failed over to a standby that lagged. Replication goes on as if nothing were, so it is pgteal
// that has to see it; nothing is switched until a comparison has found both sides equal since.
#include <cstdlib>
#include <thread>

#include "base/program.hpp"
#include "cutover/look/side_doubt.hpp"
#include "postgres/statement.hpp"
#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {
namespace {

using namespace std::chrono_literals;

void shell(const std::string& command) {
    if (std::system(command.c_str()) != 0) { // NOLINT(concurrency-mt-unsafe)
        throw std::runtime_error("failed: " + command);
    }
}

class BackInTime : public testing::Test {
protected:
    BackInTime() {
        as_client(scenario.lab(), "blue", "app", "CREATE TABLE public.t (id int PRIMARY KEY)");
        insert("blue", 1, 100);
        const auto prepared = scenario.pgteal({"prepare"});
        EXPECT_EQ(prepared.exit_code, 0) << prepared;
    }

    void insert(const std::string& side, int from, int to) {
        as_client(scenario.lab(), side, "app",
                  "INSERT INTO public.t SELECT generate_series(" + std::to_string(from) + ", " +
                      std::to_string(to) + ")");
    }
    /// As a superuser who means it, past fence and freeze.
    void write(const std::string& side, const std::string& sql) {
        auto session =
            workload::connect_to_check(scenario.lab().dsn(side).with_database("app").conninfo(), side);
        ASSERT_TRUE(session.run("BEGIN READ WRITE").ok());
        ASSERT_TRUE(session.run("SET LOCAL pgteal.ddl = on").ok());
        const auto reply = session.run(sql.c_str());
        ASSERT_TRUE(reply.ok()) << reply.message;
        ASSERT_TRUE(session.run("COMMIT").ok());
    }
    [[nodiscard]] std::string rows(const std::string& side) {
        return scenario.value(side, "app", "SELECT count(*) FROM public.t");
    }
    void await_rows(const std::string& side, const std::string& count) {
        for (int i = 0; i < 600 && rows(side) != count; ++i) {
            std::this_thread::sleep_for(100ms);
        }
        ASSERT_EQ(rows(side), count) << side;
    }

    [[nodiscard]] std::string data(const std::string& side) { return scenario.lab().dir() + "/" + side; }
    /// A copy of the data directory, of the server at rest.
    void keep(const std::string& side, const std::string& name) {
        scenario.lab().stop(side);
        shell("rm -rf " + data(side) + "." + name + " && cp -a " + data(side) + " " + data(side) + "." +
              name);
        scenario.lab().start(side);
    }
    void put_back(const std::string& side, const std::string& name) {
        scenario.lab().stop(side);
        shell("rm -rf " + data(side) + " && cp -a " + data(side) + "." + name + " " + data(side));
        scenario.lab().start(side);
    }
    /// The data directory as it is becomes a standby's, and that is promoted.
    void promote(const std::string& side) {
        scenario.lab().stop(side);
        shell("touch " + data(side) + "/standby.signal && chown --reference=" + data(side) + " " +
              data(side) + "/standby.signal");
        scenario.lab().start(side);
        EXPECT_EQ(scenario.value(side, "postgres", "SELECT pg_promote()"), "t");
    }

    void expect_void(const std::string& side, const std::string& what) {
        const auto status = scenario.status();
        const auto& comparison = status.at("comparison");
        ASSERT_TRUE(comparison.at("void").as_bool()) << status;
        EXPECT_EQ(comparison.at("why").at(0).at("side").as_string(), side) << status;
        EXPECT_NE(std::string(comparison.at("why").at(0).at("message").as_string()).find(what),
                  std::string::npos)
            << status;
        EXPECT_FALSE(status.at("switch_back").at("holds").as_bool()) << status;
        const auto text = scenario.pgteal({"status"});
        EXPECT_NE(text.out.find("The comparison is void"), std::string::npos) << text;
        EXPECT_EQ(text.out.find("In step."), std::string::npos) << text;
    }
    void expect_refused(const std::vector<std::string>& commands) {
        for (const auto& command : commands) {
            const auto run = scenario.pgteal({command});
            EXPECT_EQ(run.exit_code, 3) << run;
            EXPECT_NE((run.out + run.err).find("pgteal compare"), std::string::npos) << run;
        }
    }
    void await_idle() {
        for (int i = 0; i < 100; ++i) {
            if (scenario.value("blue", "app", "SELECT active FROM pg_replication_slots") == "f") {
                return;
            }
            std::this_thread::sleep_for(100ms);
        }
        FAIL() << "the slot on blue stays in use";
    }
    /// Dropped and made again, with something between.
    template <typename Meanwhile>
    void remade(const std::string& slot, Meanwhile meanwhile) {
        for (int i = 0; i < 100; ++i) { // its subscriber comes back each few seconds
            try {
                scenario.query(
                    "blue", "app",
                    "SELECT pg_terminate_backend(active_pid), pg_sleep(0.1) FROM pg_replication_slots");
                scenario.query("blue", "app", "SELECT pg_drop_replication_slot('" + slot + "')");
                meanwhile();
                scenario.query("blue", "app",
                               "SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
                return;
            } catch (const std::exception&) {
                continue;
            }
        }
        FAIL() << "the slot could not be dropped";
    }
    /// By a look, or the one after the marker that it left.
    void expect_void_soon(const std::string& what) {
        for (int i = 0; i < 100 && !scenario.status().at("comparison").at("void").as_bool(); ++i) {
            std::this_thread::sleep_for(200ms);
        }
        expect_void("green", what);
    }
    void expect_sound() {
        const auto status = scenario.status();
        EXPECT_FALSE(status.at("comparison").at("void").as_bool()) << status;
    }
    void compare(int exit_code) {
        const auto run = scenario.pgteal({"compare"});
        EXPECT_EQ(run.exit_code, exit_code) << run;
    }
    void switched(const std::string& command) {
        const auto run = scenario.pgteal({command});
        ASSERT_EQ(run.exit_code, 0) << run;
    }

    Scenario scenario{{"--blue", "15", "--green", "17"}};
};

/// serve's metrics until they say so, while `meanwhile` happens.
template <typename Meanwhile>
bool serve_says(Scenario& scenario, const std::string& metric, Meanwhile meanwhile) {
    const auto config = scenario.lab().config();
    const auto text = read_file(config);
    const std::string listen = "listen = \"127.0.0.1:";
    const auto at = text.find(listen) + listen.size();
    const auto port = text.substr(at, text.find('"', at) - at);
    const std::string script =
        std::string(PGTEAL_BINARY) + " -c " + config + " serve >/dev/null 2>" + scenario.lab().dir() +
        "/serve.err & p=$!; trap 'kill $p; wait $p' EXIT; for i in $(seq 600); do ( exec "
        "3<>/dev/tcp/127.0.0.1/" +
        port + R"(; printf 'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&3; grep -qE ')" +
        metric + "' <&3 ) 2>/dev/null && exit 0; sleep 0.2; done; exit 1";
    postgres::ProgramOutput output;
    std::thread serving([&] {
        const postgres::Program program{{"bash", "-c", script}, {}};
        run_here([&] {
            return [](postgres::Program what, postgres::ProgramOutput* to) -> Task<void> {
                *to = co_await postgres::run_program(std::move(what), after(std::chrono::seconds(180)));
            }(program, &output);
        });
    });
    std::this_thread::sleep_for(4s); // it has looked
    meanwhile();
    serving.join();
    return output.exit_code == 0;
}

/// Between gate and fence nobody looks; fence and barrier do, in the words that they send anyway.
bool stopped_in_the_pause(Scenario& scenario, const std::string& timeline, const std::string& flushed) {
    const postgres::Bindings seen{{"timeline_blue", {timeline, false}}, {"flushed_blue", {flushed, false}}};
    const auto text = postgres::bind(cutover::require_seen_text(cutover::Side::blue), seen);
    auto session =
        workload::connect_to_check(scenario.lab().dsn("blue").with_database("app").conninfo(), "blue");
    const auto reply = session.run(text.c_str());
    EXPECT_TRUE(reply.ok() || reply.message.find("since the gate looked") != std::string::npos)
        << reply.message;
    return !reply.ok();
}

TEST_F(BackInTime, IsSeenOfTheStandingSideAndSettledByACompareAlone) {
    const auto timeline =
        scenario.value("blue", "app", "SELECT substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8)");
    const auto flushed = scenario.value("blue", "app", "SELECT pg_current_wal_flush_lsn()");
    EXPECT_FALSE(stopped_in_the_pause(scenario, timeline, flushed));
    EXPECT_TRUE(stopped_in_the_pause(scenario, "00000007", flushed));
    EXPECT_TRUE(stopped_in_the_pause(scenario, timeline, "FFFFF/0"));

    for (int round = 0; round < 2; ++round) { // what a crash loses was flushed nowhere
        scenario.lab().kill9("green");
        scenario.lab().start("green");
        expect_sound();
        scenario.lab().kill9("blue");
        scenario.lab().start("blue");
        expect_sound();
    }

    promote("green"); // to a standby that had everything
    expect_void("green", "timeline 2, and was on timeline 1");
    expect_refused({"cutover"});
    compare(0);
    expect_sound();
    scenario.say("promoted, compared, accepted");

    keep("green", "earlier");
    insert("blue", 101, 1100);
    await_rows("green", "1100");
    expect_sound();
    keep("green", "good");
    put_back("green", "earlier");
    expect_void("green", "put back to an earlier copy");
    EXPECT_EQ(rows("green"), "100");
    expect_refused({"check", "prepare", "cutover"});
    const auto check = scenario.pgteal_json({"check"});
    EXPECT_NE(check.out.find("\"sides\""), std::string::npos) << check;
    compare(1);
    expect_refused({"cutover"});
    put_back("green", "good"); // nothing is taken for granted: not even that all is there again
    expect_void("green", "put back to an earlier copy");
    expect_refused({"cutover"});
    compare(0);
    scenario.say("put back, refused, and mended");

    switched("cutover");
    expect_sound();
    EXPECT_EQ(rows("green"), "1100");
}

TEST_F(BackInTime, IsWhatASlotMadeAnewMayHideSoTheComparisonIsMadeAnewToo) {
    // A slot that is gone and made again on the same timeline, with commits between.
    const auto slot = scenario.value("blue", "app", "SELECT slot_name FROM pg_replication_slots");
    write("green", "ALTER SUBSCRIPTION " + slot + " DISABLE");
    await_idle();
    scenario.query("blue", "app", "SELECT pg_drop_replication_slot('" + slot + "')");
    expect_void("green", "is gone from blue");
    scenario.query("blue", "app", "SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    write("green", "ALTER SUBSCRIPTION " + slot + " ENABLE");
    expect_refused({"cutover"});
    compare(0);

    // So quickly that no look finds it gone: what the server counts of it begins anew.
    for (int id = 101; id <= 140; ++id) {
        insert("blue", id, id);
    }
    await_rows("green", "140");
    expect_sound();
    remade(slot, [this] { insert("blue", 141, 1140); });
    expect_void_soon("is another one since");
    expect_refused({"cutover"});
    compare(1);
    write("green", "INSERT INTO public.t SELECT generate_series(141, 1140)");
    compare(0);

    // Moved on by hand: a marker is missing.
    write("green", "ALTER SUBSCRIPTION " + slot + " DISABLE");
    await_idle();
    insert("blue", 1141, 2140);
    expect_sound();
    scenario.query("blue", "app",
                   "SELECT pg_replication_slot_advance('" + slot + "', pg_current_wal_flush_lsn())");
    write("green", "ALTER SUBSCRIPTION " + slot + " ENABLE");
    expect_void_soon("never came to the other side");
    expect_refused({"cutover"});
    compare(1);
    write("green", "INSERT INTO public.t SELECT generate_series(1141, 2140)");
    compare(0);
    scenario.query("blue", "app", "DELETE FROM public.t WHERE id > 100");
    await_rows("green", "100");
    expect_sound();

    // The idle slot, dropped by an HA tool: made again, and so is the comparison.
    const auto idle = scenario.value("green", "app", "SELECT slot_name FROM pg_replication_slots");
    scenario.query("green", "app", "SELECT pg_drop_replication_slot('" + idle + "')");
    write("green", "DELETE FROM public.t WHERE id = 1");
    const auto found = scenario.pgteal({"prepare"});
    EXPECT_EQ(found.exit_code, 1) << found;
    write("green", "INSERT INTO public.t VALUES (1)");
    const auto again = scenario.pgteal({"prepare"});
    EXPECT_EQ(again.exit_code, 0) << again;
    switched("cutover");
    EXPECT_EQ(rows("green"), "100");
}

TEST_F(BackInTime, OfTheServingSideKeepsAbortFromDroppingTheOnlyCopy) {
    keep("blue", "earlier");
    insert("blue", 101, 1100);
    await_rows("green", "1100");
    expect_sound();
    put_back("blue", "earlier");
    const auto refused = scenario.pgteal({"abort"});
    EXPECT_EQ(refused.exit_code, 3) << refused;
    EXPECT_NE(refused.err.find("pgteal abort --keep-green"), std::string::npos) << refused;
    EXPECT_EQ(rows("green"), "1100");
    const auto kept = scenario.pgteal({"abort", "--keep-green"});
    EXPECT_EQ(kept.exit_code, 0) << kept;
    EXPECT_EQ(rows("green"), "1100");
}

TEST_F(BackInTime, IsSeenAfterTheCutoverTooAndOfTheServingSide) {
    // To when it served: it stands again, and a lane that is not in use is no reason against comparing.
    switched("cutover");
    keep("green", "served");
    switched("switch-back");
    put_back("green", "served");
    expect_void("green", "put back to an earlier copy");
    compare(0);
    expect_sound();
    switched("cutover");
    keep("blue", "earlier");
    insert("green", 101, 1100);
    await_rows("blue", "1100");
    expect_sound();
    keep("blue", "good");
    EXPECT_TRUE(serve_says(scenario, "comparison_void[{][^}]*side=\"blue\"[^}]*[}] 1", [this] {
        put_back("blue", "earlier");
        promote("blue"); // the standby that lagged
    }));
    expect_void("blue", "blue ");
    EXPECT_EQ(rows("blue"), "100");
    expect_refused({"switch-back", "prepare"});
    compare(1);
    expect_refused({"switch-back"});
    put_back("blue", "good");
    compare(0);
    switched("switch-back");
    expect_sound();
    scenario.say("the standing side after a cutover");

    keep("blue", "earlier"); // with its slots
    insert("blue", 1101, 30000);
    await_rows("green", "30000");
    expect_sound();
    put_back("blue", "earlier");
    const auto status = scenario.status();
    EXPECT_TRUE(status.at("comparison").at("void").as_bool()) << status;
    expect_void("blue", "blue");
    const auto ahead = scenario.pgteal({"compare"});
    EXPECT_EQ(ahead.exit_code, 3) << ahead;
    EXPECT_NE(ahead.err.find("keep what only green has"), std::string::npos) << ahead;
    const auto told = scenario.pgteal({"cutover"});
    EXPECT_EQ(told.exit_code, 3) << told;
    EXPECT_EQ(told.err.find("wait until"), std::string::npos) << told;
    expect_refused({"prepare", "check"});
}

} // namespace
} // namespace pgteal::support
