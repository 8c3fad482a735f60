// What clients and others do beside a run: partitions that writes need, made ahead, and a subscriber of all
// of blue's tables that is not pgteal's.
#include <atomic>
#include <thread>

#include "postgres/quote.hpp"
#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

using namespace std::chrono_literals;

const char* const on_demand = R"(
    CREATE TABLE public.events (id int, day int, PRIMARY KEY (id, day)) PARTITION BY LIST (day);
    CREATE TABLE public.inbox (id int PRIMARY KEY, day int);
    CREATE FUNCTION public.make_day(day int) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN
      EXECUTE format('CREATE TABLE IF NOT EXISTS public.%I PARTITION OF public.events FOR VALUES IN (%s)',
                     'events_' || day, day); END $f$;
    CREATE FUNCTION public.on_inbox() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
      PERFORM public.make_day(new.day); INSERT INTO public.events VALUES (new.id, new.day); RETURN new; END $f$;
    CREATE TRIGGER route BEFORE INSERT ON public.inbox FOR EACH ROW EXECUTE FUNCTION public.on_inbox();
    INSERT INTO public.inbox VALUES (1, 1);)";

/// Several statements as one, which is what a session of the tests takes.
std::string together(const std::string& statements) {
    return "DO $together$ BEGIN " + statements + " END $together$";
}

/// What stands between two texts.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
    const auto begin = text.find(before);
    const auto end = text.find(after, begin == std::string::npos ? 0 : begin);
    if (begin == std::string::npos || end == std::string::npos) {
        throw std::runtime_error("no '" + before + "' … '" + after + "' in " + text);
    }
    return text.substr(begin + before.size(), end - begin - before.size());
}

std::string fix_of(const boost::json::value& document, const std::string& check) {
    for (const auto& finding : document.at("findings").as_array()) {
        if (finding.at("check").as_string() == check) {
            EXPECT_EQ(finding.at("level").as_string(), "error") << finding;
            return std::string(finding.at("fix").as_string());
        }
    }
    return {};
}

void expect_done(Scenario& scenario, const Scenario::Words& words) {
    const auto run = scenario.pgteal(words);
    ASSERT_EQ(run.exit_code, 0) << run;
}

/// The other subscriber has so many rows, within some seconds.
void expect_followed(Scenario& scenario, const std::string& rows) {
    std::string seen;
    for (int tries = 0; tries < 150 && seen != rows; ++tries) {
        std::this_thread::sleep_for(100ms);
        seen = scenario.value("green", "reports", "SELECT count(*) FROM public.events_2");
    }
    EXPECT_EQ(seen, rows);
}

} // namespace

TEST(Others, partitions_made_ahead_and_a_subscriber_of_all_tables_go_on_through_both_turns) {
    Scenario scenario;
    as_client(scenario.lab(), "blue", "app", together(on_demand));
    as_client(scenario.lab(), "blue", "app", "SELECT public.make_day(2)");
    scenario.query("blue", "app", "CREATE PUBLICATION theirs FOR ALL TABLES");
    scenario.query("blue", "app", "SELECT pg_create_logical_replication_slot('theirs', 'pgoutput')");
    scenario.query("green", "postgres", "CREATE DATABASE reports");
    scenario.query(
        "green", "reports",
        together("CREATE TABLE public.events_2 (id int, day int, PRIMARY KEY (id, day)); CREATE TABLE "
                 "public.inbox (id int PRIMARY KEY, day int);"));
    scenario.query(
        "green", "reports",
        "CREATE SUBSCRIPTION theirs CONNECTION " +
            postgres::quote_literal(scenario.lab().dsn("blue").with_database("app").conninfo()) +
            " PUBLICATION theirs WITH (create_slot = false, slot_name = 'theirs', enabled = false, "
            "copy_data = false, connect = false)");

    // It wants one of the tables only, so it is not for REFRESH to add them.
    scenario.query("green", "reports",
                   "INSERT INTO pg_subscription_rel SELECT oid, 'public.events_2'::regclass, 'r', NULL FROM "
                   "pg_subscription WHERE subname = 'theirs'");
    scenario.query("green", "reports", "ALTER SUBSCRIPTION theirs ENABLE");

    const auto checked = scenario.pgteal_json({"check"});
    EXPECT_EQ(checked.exit_code, 3) << checked;
    const auto document = checked.json();
    EXPECT_NE(fix_of(document, "schema-changes").find("partitions = \"carry\" in [freeze]"),
              std::string::npos)
        << checked;
    // Typed as it is printed.
    const auto tables =
        between(fix_of(document, "all-tables-publications"), "before prepare:  ", "  then say");
    scenario.query("green", "reports", together(tables));
    const auto config = scenario.lab().config();
    write_file(config,
               read_file(config) + "\n[check]\naccept = [\"schema-changes\", \"all-tables-publications\"]\n");
    expect_done(scenario, {"prepare"});

    int id = 1;
    for (const std::string command : {"cutover", "switch-back", "cutover", "switch-back"}) {
        as_client(scenario.lab(), "pgb1", "app",
                  "INSERT INTO public.inbox VALUES (" + std::to_string(++id) + ", 2)");
        // One that nobody made ahead is refused on either side, and nothing of it is left.
        EXPECT_THROW(as_client(scenario.lab(), "pgb1", "app", "INSERT INTO public.inbox VALUES (100, 3)"),
                     std::runtime_error);
        expect_done(scenario, {command});
    }
    expect_done(scenario, {"compare"});
    for (const std::string side : {"blue", "green"}) {
        EXPECT_EQ(scenario.value(side, "app", "SELECT count(*) FROM public.events_2"), "4") << side;
    }
    expect_done(scenario, {"finish"});
    as_client(scenario.lab(), "pgb1", "app", "INSERT INTO public.inbox VALUES (9, 2)");
    expect_followed(scenario, "5");
    as_client(scenario.lab(), "pgb1", "app", "INSERT INTO public.inbox VALUES (10, 3)");
}

namespace {

/// A client whose rows need a partition each ten of them, until it is told to end.
class OnDemand {
public:
    explicit OnDemand(const Lab& lab) : thread_([this, &lab] { insert(lab); }) {}
    ~OnDemand() { end(); }
    OnDemand(const OnDemand&) = delete;
    OnDemand& operator=(const OnDemand&) = delete;

    int end() {
        ended_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
        EXPECT_EQ(failure_, "");
        return acknowledged_;
    }
    void await_rows(int more) const {
        for (const int goal = acknowledged_ + more; acknowledged_ < goal && !ended_;) {
            std::this_thread::sleep_for(20ms);
        }
    }

private:
    void insert(const Lab& lab) {
        try {
            for (int id = 1; !ended_; ++id) {
                as_client(lab, "pgb1", "app",
                          "INSERT INTO public.inbox VALUES (" + std::to_string(id) + ", " +
                              std::to_string(id / 10) + ")");
                ++acknowledged_;
                std::this_thread::sleep_for(20ms);
            }
        } catch (const std::exception& error) {
            failure_ = error.what();
            ended_ = true;
        }
    }

    std::atomic<bool> ended_ = false;
    std::atomic<int> acknowledged_ = 0;
    std::string failure_;
    std::thread thread_;
};

} // namespace

// From before the copy on, through three turns: every partition that a client's row makes is on both sides.
TEST(Others, partitions_that_rows_make_are_carried_through_three_turns) {
    Scenario scenario;
    as_client(scenario.lab(), "blue", "app",
              together(replaced(on_demand, "INSERT INTO public.inbox VALUES (1, 1);", "")));
    as_client(scenario.lab(), "blue", "app", "SELECT public.make_day(0)");
    // Of the schema that prepare records: what is moved after it is no change.
    as_client(scenario.lab(), "blue", "app",
              together("CREATE TABLE public.apart (id int PRIMARY KEY) PARTITION BY RANGE (id);"
                       "CREATE TABLE public.apart_1 PARTITION OF public.apart FOR VALUES FROM (0) TO (10);"
                       "INSERT INTO public.apart VALUES (1);"));
    // Of a server that nobody can ask: no lane brings it, and prepare doesn't analyze it.
    scenario.query("blue", "app", "CREATE FOREIGN DATA WRAPPER away");
    scenario.query("blue", "app", "CREATE SERVER far FOREIGN DATA WRAPPER away");
    scenario.query("blue", "app", "CREATE TABLE public.afar (id int) PARTITION BY RANGE (id)");
    scenario.query("blue", "app",
                   "CREATE FOREIGN TABLE public.afar_1 PARTITION OF public.afar FOR VALUES FROM (0) TO (10) "
                   "SERVER far");
    const auto config = scenario.lab().config();
    write_file(config, read_file(config) + "\n[freeze]\npartitions = \"carry\"\n");
    const auto checked = scenario.pgteal({"check"});
    EXPECT_EQ(checked.exit_code, 0) << checked;
    EXPECT_NE(checked.out.find("are made on the other side too"), std::string::npos) << checked;
    OnDemand client(scenario.lab());
    expect_done(scenario, {"prepare"});
    bool attached = true;
    for (const std::string command : {"cutover", "switch-back", "cutover"}) {
        client.await_rows(50);
        as_client(scenario.lab(), "pgb1", "app",
                  std::string("ALTER TABLE public.apart ") + (attached ? "DETACH" : "ATTACH") +
                      " PARTITION public.apart_1" + (attached ? "" : " FOR VALUES FROM (0) TO (10)"));
        attached = !attached;
        expect_done(scenario, {command});
    }
    client.await_rows(50);
    const auto acknowledged = std::to_string(client.end());
    expect_done(scenario, {"compare"});
    const char* const partitions =
        "SELECT count(*) || string_agg(relname || pg_get_userbyid(relowner), ' ' ORDER BY relname) "
        "FROM pg_class WHERE relname LIKE 'events\\_%' AND relkind = 'r'";
    EXPECT_EQ(scenario.value("blue", "app", partitions), scenario.value("green", "app", partitions));
    for (const std::string side : {"blue", "green"}) {
        EXPECT_EQ(scenario.value(side, "app", "SELECT count(*) FROM public.events"), acknowledged) << side;
        EXPECT_EQ(scenario.value(side, "app", "SELECT count(*) FROM public.inbox"), acknowledged) << side;
    }
    expect_done(scenario, {"finish"});
    as_client(scenario.lab(), "pgb1", "app", "INSERT INTO public.inbox VALUES (1000000, 1000000)");
}

} // namespace pgteal::support
