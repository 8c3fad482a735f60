// Three poolers, two databases, four entries: all of them move or none does, and no client is turned away.
#include <algorithm>
#include <thread>

#include <boost/json/serialize.hpp>

#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/workload_schema.hpp"

namespace pgteal::support {

namespace {

using namespace std::chrono_literals;

const std::vector<std::string> poolers{"pgb1", "pgb2", "pgb3"};
/// Entry and the database behind it.
const std::vector<std::pair<std::string, std::string>> entries{
    {"app", "app"}, {"app_ro", "app"}, {"shop", "shop"}, {"shop_ro", "shop"}};
constexpr double newcomers =
    200; // a second, through all entries of all poolers together, while sides are switched
/// Beyond the pause itself: a login on a busy machine. The trap it tells from is server_login_retry's 15 s.
constexpr double patience_ms = 5000;

/// A load on one database, through each of its entries on each pooler. A load that is started again adds to
/// its log.
class Load {
public:
    Load(Lab& lab, std::string database) : lab_(lab), database_(std::move(database)) {}

    void start(double probe_rate) {
        workload::RunOptions options;
        for (const auto& pooler : poolers) {
            for (const auto& [entry, behind] : entries) {
                if (behind == database_) {
                    options.dsns.push_back(lab_.app_dsn(pooler, entry).conninfo());
                }
            }
        }
        options.log = log_file();
        options.clients = 6;
        options.rate = 40;
        options.probe_rate = probe_rate;
        running_ = std::make_unique<workload::Workload>(std::move(options));
    }
    [[nodiscard]] workload::Workload& running() { return *running_; }
    void stop() { running_->stop(); }
    [[nodiscard]] std::filesystem::path log_file() const { return lab_.dir() + "/" + database_ + ".log"; }

    [[nodiscard]] workload::CheckReport check(workload::Side serving, int switches) const {
        workload::CheckRequest request;
        request.logs = {log_file()};
        request.blue = lab_.dsn("blue").with_database(database_).conninfo();
        request.green = lab_.dsn("green").with_database(database_).conninfo();
        request.both = true;
        request.rules.serving = serving;
        request.rules.switches = switches;
        request.rules.min_per_side = 50;
        request.rules.max_errors = 0;
        return workload::check_servers(request);
    }

private:
    Lab& lab_;
    std::string database_;
    std::unique_ptr<workload::Workload> running_;
};

class ManyPoolers : public testing::Test {
protected:
    ManyPoolers()
        : scenario_({"--poolers", "3", "--databases", "app,shop", "--alias", "app_ro=app", "--alias",
                     "shop_ro=shop"}) {
        workload::init(lab().app_dsn("blue", "shop").conninfo());
        for (const auto& pooler : poolers) {
            files_[pooler] = read_file(file(pooler));
        }
    }

    Lab& lab() { return scenario_.lab(); }
    std::filesystem::path file(const std::string& pooler) {
        return lab().dir() + "/" + pooler + "/pgbouncer.ini";
    }

    void expect_original_files() {
        for (const auto& pooler : poolers) {
            EXPECT_EQ(read_file(file(pooler)), files_[pooler])
                << pooler << "'s config is not byte for byte as it was";
            std::size_t left = 0;
            for (const auto& one : std::filesystem::directory_iterator(file(pooler).parent_path())) {
                left += one.path().filename().string().find("pgbouncer.ini") != std::string::npos ? 1U : 0U;
            }
            EXPECT_EQ(left, 1U) << "something is left beside " << file(pooler);
        }
    }

    /// What the poolers say of themselves, and which server answers through them.
    void expect_all_on(const std::string& side) {
        const auto identity = scenario_.value(side, "postgres", who_are_you);
        for (const auto& pooler : poolers) {
            const auto shown = show_databases(lab(), pooler);
            ASSERT_EQ(shown.size(), entries.size()) << pooler;
            for (const auto& [entry, database] : entries) {
                const auto& one = shown.at(entry);
                EXPECT_EQ(one.port, lab().port(side)) << pooler << "/" << entry;
                EXPECT_FALSE(one.paused) << pooler << "/" << entry;
                EXPECT_EQ(as_client(lab(), pooler, entry, who_are_you), identity) << pooler << "/" << entry;
            }
        }
        const auto status = scenario_.status();
        EXPECT_EQ(status.at("serving").as_string(), side);
        for (const auto& pooler : status.at("poolers").as_array()) {
            EXPECT_EQ(pooler.at("entries").as_array().size(), entries.size());
            for (const auto& entry : pooler.at("entries").as_array()) {
                EXPECT_EQ(entry.at("side").as_string(), side) << pooler;
            }
        }
    }

    /// One switchover under load. New clients that came while it ran were served, and none waited longer than
    /// the pause.
    void move(const std::string& command, std::vector<Load*> loads) {
        const auto from = workload::now_us();
        const auto run = scenario_.pgteal_json({command});
        const auto to = workload::now_us();
        ASSERT_EQ(run.exit_code, 0) << run;
        const auto pause_ms = run.json().at("pause_ms").to_number<double>();
        for (auto* load : loads) {
            ASSERT_TRUE(load->running().wait_acknowledged(100, 60s)) << "no client goes on after " << command;
        }
        for (auto* load : loads) {
            const auto log = load->running().log();
            int came = 0;
            double longest = 0;
            for (const auto& op : log.ops) {
                const bool settled = op.done_us != 0;
                if (op.new_connection && settled && op.done_us >= from && op.sent_us <= to) {
                    ++came;
                    longest = std::max(longest, static_cast<double>(op.latency_us) / 1000);
                    EXPECT_TRUE(op.acknowledged()) << op.sqlstate << " " << op.message;
                }
            }
            for (const auto& error : log.connect_errors) {
                ADD_FAILURE() << "a client was rejected: " << error.message;
            }
            EXPECT_GT(came, 0) << "nobody new came while " << command << " ran";
            EXPECT_LE(longest, pause_ms + patience_ms)
                << command << " made a new client wait longer than its pause";
            scenario_.say(command + ": pause " + std::to_string(pause_ms) + " ms, " + std::to_string(came) +
                          " new clients, the slowest " + std::to_string(longest) + " ms");
        }
    }

    Scenario scenario_;
    std::map<std::string, std::string> files_;
};

} // namespace

TEST_F(ManyPoolers, move_together_under_load_and_turn_nobody_away) {
    Load app(lab(), "app");
    Load shop(lab(), "shop");
    const std::vector<Load*> loads{&app, &shop};
    for (auto* load : loads) {
        load->start(1);
    }
    const auto prepared = scenario_.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    expect_all_on("blue");
    for (auto* load : loads) {
        load->stop();
        load->start(newcomers / 2);
    }
    ASSERT_NO_FATAL_FAILURE(move("cutover", loads));
    expect_all_on("green");
    ASSERT_NO_FATAL_FAILURE(move("switch-back", loads));
    expect_all_on("blue");
    expect_original_files();
    ASSERT_NO_FATAL_FAILURE(move("cutover", loads));
    expect_all_on("green");
    for (auto* load : loads) {
        load->stop();
        const auto report = load->check(workload::Side::green, 3);
        EXPECT_TRUE(report.ok()) << workload::to_text(report);
    }
}

TEST_F(ManyPoolers, stay_where_they_are_when_one_of_them_can_not_come_along) {
    const auto prepared = scenario_.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    write_file(lab().config(),
               replaced(read_file(lab().config()), "max_pause = \"5s\"", "max_pause = \"3s\""));

    // Before the pause: a pooler that is gone, and one that says nothing.
    lab().kill9("pgb3");
    const auto gone = scenario_.pgteal({"cutover"});
    EXPECT_EQ(gone.exit_code, 3) << gone;
    EXPECT_NE(gone.err.find("pgb3"), std::string::npos) << gone;
    lab().start("pgb3");
    expect_original_files();
    expect_all_on("blue");

    lab().freeze("pgb2");
    const auto silent = scenario_.pgteal({"cutover"});
    lab().thaw("pgb2");
    EXPECT_EQ(silent.exit_code, 3) << silent;
    EXPECT_NE(silent.err.find("pgb2"), std::string::npos) << silent;
    expect_original_files();
    expect_all_on("blue");

    // In the pause: a transaction that is too young for the gate and outlasts max_pause. Clients of all
    // poolers are held, and let go.
    Load app(lab(), "app");
    Load shop(lab(), "shop");
    const std::vector<Load*> loads{&app, &shop};
    for (auto* load : loads) {
        load->start(10);
    }
    auto holder = client(lab(), "pgb2", "app_ro");
    support::Run aborted;
    for (int attempt = 0; attempt < 5; ++attempt) {
        ASSERT_TRUE(holder.run("BEGIN").ok());
        const auto wrote = holder.run("INSERT INTO workload.counters (id, n, server) SELECT 9000, 1, "
                                      "system_identifier FROM pg_control_system()");
        ASSERT_TRUE(wrote.ok()) << wrote.message;
        aborted = scenario_.pgteal_json({"cutover"});
        if (aborted.exit_code != 3) {
            break;
        }
        // On a busy machine it was too old already when the gate looked.
        ASSERT_TRUE(holder.run("ROLLBACK").ok());
    }
    EXPECT_EQ(aborted.exit_code, 1) << aborted;
    const auto document = aborted.json();
    ASSERT_TRUE(document.as_object().contains("outcome")) << aborted;
    EXPECT_EQ(document.at("outcome").as_string(), "aborted");
    EXPECT_EQ(document.at("serving").as_string(), "blue");
    EXPECT_NE(boost::json::serialize(document.at("error")).find("pgb2"), std::string::npos)
        << "it does not say which pooler: " << aborted;
    EXPECT_TRUE(holder.run("DELETE FROM workload.counters WHERE id = 9000").ok())
        << "the transaction that was waited for was not left alone";
    EXPECT_TRUE(holder.run("COMMIT").ok());
    expect_original_files();
    expect_all_on("blue");

    ASSERT_TRUE(app.running().wait_acknowledged(100, 60s)) << "clients were not let go";
    ASSERT_NO_FATAL_FAILURE(move("cutover", loads));
    expect_all_on("green");
    for (auto* load : loads) {
        load->stop();
        const auto log = load->running().log();
        const auto slowest = std::ranges::max_element(log.ops, {}, &workload::Op::latency_us);
        EXPECT_LE(static_cast<double>(slowest->latency_us) / 1000, 3000 + patience_ms)
            << "a client waited longer than max_pause";
        const auto report = load->check(workload::Side::green, 1);
        EXPECT_TRUE(report.ok()) << workload::to_text(report);
    }
}

/// PgBouncer and pgteal name blue by different words. Nobody may be left behind for it, least of all the
/// clients of a database that has no other entry.
TEST(OtherSpellings, of_blue_are_entries_of_the_run_like_all_others) {
    Scenario scenario({"--databases", "app,shop,third", "--alias", "app_ro=app"});
    auto& lab = scenario.lab();
    const auto file = lab.dir() + "/pgb1/pgbouncer.ini";
    const auto socket =
        scenario.value("blue", "postgres", "SELECT current_setting('unix_socket_directories')");
    auto text = replaced(read_file(file), "shop      = host=127.0.0.1", "shop      = host=localhost");
    text = replaced(text, "third     = host=127.0.0.1", "third     = host=" + socket);
    text = replaced(text, "app_ro=dbname='app'  host=127.0.0.1", "app_ro=dbname='app'  host=127.0.0.2");
    reconfigure(lab, "pgb1", text);
    const std::vector<std::string> names{"app", "app_ro", "shop", "third"};
    const auto expect_all_on = [&](const std::string& side) {
        const auto identity = scenario.value(side, "postgres", who_are_you);
        for (const auto& name : names) {
            EXPECT_EQ(as_client(lab, "pgb1", name, who_are_you), identity) << name;
        }
    };

    // Nobody listens there: it can't be told.
    const auto doubted = scenario.pgteal({"prepare"});
    EXPECT_EQ(doubted.exit_code, 3) << doubted;
    EXPECT_NE(doubted.err.find("app_ro"), std::string::npos) << doubted;
    text = replaced(text, "host=127.0.0.2", "host=localhost");
    reconfigure(lab, "pgb1", text);

    const auto prepared = scenario.pgteal({"prepare"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared;
    expect_all_on("blue");
    EXPECT_EQ(scenario.status().at("poolers").at(0).at("entries").as_array().size(), names.size());
    const auto there = scenario.pgteal({"cutover"});
    ASSERT_EQ(there.exit_code, 0) << there;
    expect_all_on("green");
    const auto back = scenario.pgteal({"switch-back"});
    ASSERT_EQ(back.exit_code, 0) << back;
    expect_all_on("blue");
    EXPECT_EQ(read_file(file), text) << "blue's own spelling did not come back";
}

} // namespace pgteal::support
