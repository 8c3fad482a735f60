// What check advises, typed as it stands: each fault that it names goes away by its own advice.
#include <regex>
#include <set>

#include <gmock/gmock.h>

#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

using testing::HasSubstr;
using testing::Not;

namespace {

struct Found {
    std::string check, level, side, object, fix;
    bool operator==(const Found&) const = default;
};

/// What the test's own sessions are found as.
bool of_sessions(const std::string& check) {
    return check == "superuser-sessions" || check == "long-transactions";
}

std::vector<Found> findings_of(Scenario& scenario, int* exit_code) {
    const auto run = scenario.pgteal_json({"check"});
    *exit_code = run.exit_code;
    std::vector<Found> found;
    const auto document = run.json();
    for (const auto& one : document.at("findings").as_array()) {
        const auto text = [&one](const char* key) { return std::string(one.at(key).as_string()); };
        found.push_back({text("check"), text("level"), text("side"), text("object"), text("fix")});
    }
    return found;
}

/// The SQL of an advice, as people would copy it: up to where words of another kind begin.
std::vector<std::string> sql_of(const std::string& fix) {
    static const std::regex verb(
        R"((ALTER|CREATE|DROP|SELECT|UPDATE|REVOKE|GRANT|ROLLBACK PREPARED|SECURITY LABEL) )");
    std::vector<std::string> statements;
    std::smatch match;
    auto rest = fix;
    if (!std::regex_search(rest, match, verb)) {
        return statements;
    }
    rest = rest.substr(static_cast<std::size_t>(match.position()));
    while (std::regex_search(rest, match, verb, std::regex_constants::match_continuous)) {
        const auto end = rest.find(';');
        if (end == std::string::npos) {
            break;
        }
        statements.push_back(rest.substr(0, end));
        rest = rest.substr(std::min(rest.find_first_not_of(' ', end + 1), rest.size()));
        rest = rest.starts_with("then ") ? rest.substr(5) : rest;
    }
    return statements;
}

/// Types advice into psql, pgteal.toml and a pooler's file.
class Typist {
public:
    explicit Typist(Scenario& scenario) : scenario_(scenario), config_(read_file(scenario.lab().config())) {}

    void type(const Found& finding) {
        if (!in_file(finding.fix) && !sql(finding) && finding.level == "error") {
            in_config(finding.fix);
        }
    }

private:
    bool sql(const Found& finding) {
        const auto statements = sql_of(finding.fix);
        const auto side = finding.fix.starts_with("on blue")    ? std::string("blue")
                          : finding.fix.starts_with("on green") ? std::string("green")
                                                                : finding.side;
        for (const auto& statement : statements) {
            const bool whole =
                statement.starts_with("DROP DATABASE") || statement.starts_with("ALTER SYSTEM");
            scenario_.query(side, whole ? "postgres" : "app", statement);
        }
        if (finding.fix.find("then restart " + side) != std::string::npos) {
            scenario_.lab().stop(side);
            scenario_.lab().start(side);
        }
        return !statements.empty();
    }
    bool in_file(const std::string& fix) {
        static const std::regex setting(R"((\w+) = (\w+) (for it )?in (\[users\] of )?(pgb\d)'s file)");
        std::smatch match;
        if (!std::regex_search(fix, match, setting)) {
            return false;
        }
        const auto path = scenario_.lab().dir() + "/" + match[5].str() + "/pgbouncer.ini";
        const auto text = read_file(path);
        const std::regex line("(" + match[1].str() + " *= *)(session|\\d+)"); // as planted
        std::smatch found;
        if (std::regex_search(text, found, line)) {
            reconfigure(scenario_.lab(), match[5],
                        replaced(text, found.str(), found[1].str() + match[2].str()));
        }
        return true;
    }
    void in_config(const std::string& fix) {
        static const std::regex entries(R"((entries = \[[^\]]*\]) in \[\[pooler\]\])");
        static const std::regex accept(R"re(accept = \["([a-z-]+)"\] in \[check\]|"([a-z-]+)" in accept)re");
        std::smatch match;
        if (std::regex_search(fix, match, entries)) {
            config_ = replaced(config_, "[[pooler]]\n", "[[pooler]]\n" + match[1].str() + "\n");
        }
        if (std::regex_search(fix, match, accept)) {
            accepted_ += (accepted_.empty() ? "\"" : ", \"") + match[1].str() + match[2].str() + "\"";
        }
        write_file(scenario_.lab().config(), config_ + "\n[check]\naccept = [" + accepted_ + "]\n");
    }

    Scenario& scenario_;
    std::string config_;
    std::string accepted_;
};

void plant(Scenario& scenario) {
    auto& lab = scenario.lab();
    script(lab, "green", "postgres", "CREATE DATABASE app");
    script(lab, "green", "app", "CREATE TABLE public.left_over (id int)");
    script(lab, "blue", "postgres", "ALTER SYSTEM SET max_prepared_transactions = 5");
    script(lab, "green", "postgres", "ALTER SYSTEM SET wal_level = 'replica'");
    script(lab, "green", "postgres", "ALTER SYSTEM SET max_replication_slots = 0");
    script(lab, "green", "postgres", "ALTER SYSTEM SET max_logical_replication_workers = 0");
    script(lab, "green", "postgres", "ALTER SYSTEM SET timezone = 'Asia/Tokyo'");
    script(lab, "green", "postgres", "ALTER SYSTEM SET default_transaction_read_only = on");
    script(lab, "green", "postgres", "ALTER SYSTEM SET max_wal_senders = 0");
    script(lab, "blue", "postgres", "ALTER SYSTEM SET session_preload_libraries = 'auto_explain'");
    script(lab, "blue", "postgres", "ALTER SYSTEM SET max_slot_wal_keep_size = -1");
    for (const auto* side : {"blue", "green"}) {
        lab.stop(side);
        lab.start(side);
    }
    script(lab, "blue", "app", R"(
        CREATE TABLE public.keyless (v text);
        CREATE TABLE public.json_only (v json);
        CREATE TABLE public.full_json (v json); ALTER TABLE public.full_json REPLICA IDENTITY FULL;
        CREATE TABLE public.unique_one (id int NOT NULL UNIQUE);
        CREATE TABLE public.late (id int PRIMARY KEY DEFERRABLE);
        CREATE TABLE public.nothing (id int PRIMARY KEY); ALTER TABLE public.nothing REPLICA IDENTITY NOTHING;
        CREATE TABLE public."Odd ""name" (id int); ALTER TABLE public."Odd ""name" REPLICA IDENTITY NOTHING;
        CREATE UNLOGGED TABLE public.fleeting (id int PRIMARY KEY);
        CREATE TABLE public.audited (id int PRIMARY KEY);
        CREATE FUNCTION public.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TRIGGER audit BEFORE INSERT ON public.audited FOR EACH ROW EXECUTE FUNCTION public.noop();
        ALTER TABLE public.audited ENABLE ALWAYS TRIGGER audit;
        CREATE SEQUENCE public.tired AS smallint START 32000; SELECT nextval('public.tired');
        CREATE FUNCTION public.changer() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN CREATE TABLE x (); RETURN new; END';
        CREATE TRIGGER changer BEFORE INSERT ON public.audited FOR EACH ROW EXECUTE FUNCTION public.changer();
        CREATE EXTENSION pgcrypto SCHEMA public;
        CREATE TABLE public.of_extension (id int PRIMARY KEY); ALTER EXTENSION pgcrypto ADD TABLE public.of_extension;
        CREATE TABLE information_schema.own (id int PRIMARY KEY);
        SELECT lo_create(0);
        CREATE SCHEMA pgteal AUTHORIZATION app;)");
    script(lab, "blue", "postgres", R"(
        CREATE ROLE "stub born"; ALTER ROLE "stub born" SET default_transaction_read_only = off;
        ALTER ROLE "stub born" IN DATABASE app SET default_transaction_read_only = off;
        ALTER ROLE pgteal SET lock_timeout = '5s';
        ALTER ROLE pgteal SET array_nulls = off;
)");
    script(lab, "blue", "app",
           "CREATE SUBSCRIPTION feed CONNECTION 'host=127.0.0.1 port=1 dbname=x' PUBLICATION p "
           "WITH (connect = false, slot_name = 'feed')");
    script(lab, "blue", "app", "ALTER SUBSCRIPTION feed ENABLE");
    script(lab, "blue", "app",
           "SELECT pg_create_logical_replication_slot('pgteal_old_app_1_blue', 'pgoutput')");
    script(lab, "blue", "app",
           "BEGIN; INSERT INTO public.unique_one VALUES (1); PREPARE TRANSACTION 'for''gotten'");
    const auto ini = lab.dir() + "/pgb1/pgbouncer.ini";
    auto text = replaced(read_file(ini), "query_wait_timeout = 30", "query_wait_timeout = 3");
    text = replaced(text, "[databases]\n",
                    "[databases]\npostgres = host=127.0.0.1 port=" + lab.port("blue") + " dbname=postgres\n");
    reconfigure(lab, "pgb1", text + "\n[users]\nbatch = pool_mode=session\n");
}

} // namespace

TEST(Advice, of_check_can_be_typed_and_each_fault_is_gone_by_its_own) {
    Scenario scenario({"--blue", "15", "--green", "17"});
    plant(scenario);
    const std::set<std::string> planted{"replica-identity",
                                        "unlogged-tables",
                                        "large-objects",
                                        "triggers",
                                        "sequences",
                                        "schema-changes",
                                        "extension-members",
                                        "own-schema",
                                        "role-settings",
                                        "lane-timeouts",
                                        "lane-settings",
                                        "other-subscriptions",
                                        "leftovers",
                                        "prepared-transactions",
                                        "capacity",
                                        "wal-level",
                                        "senders",
                                        "origins",
                                        "libraries",
                                        "system-schemas",
                                        "slots",
                                        "workers",
                                        "session-settings",
                                        "slot-retention",
                                        "green-empty",
                                        "pooler-timeouts",
                                        "pooler-entries",
                                        "pool-mode"};
    Typist typist(scenario);
    std::set<std::string> named;
    std::string said; // by whom typed advice was refused: another fault may have been in the way
    std::vector<Found> last;
    int exit_code = -1;
    for (int round = 0; round < 8; ++round) {
        const auto before = std::move(last);
        last = findings_of(scenario, &exit_code);
        std::erase_if(last, [](const Found& one) { return one.level == "info" || of_sessions(one.check); });
        scenario.say(std::to_string(last.size()) + " findings");
        if (last == before) {
            break;
        }
        for (const auto& one : last) {
            named.insert(one.check);
            EXPECT_THAT(one.fix, Not(HasSubstr("…"))) << one.check;
            if (one.level == "error") {
                EXPECT_FALSE(one.fix.empty()) << one.check << " " << one.object;
            }
            try {
                typist.type(one);
            } catch (const std::exception& error) {
                said += one.check + ": " + error.what() + "\n";
            }
        }
    }
    for (const auto& check : planted) {
        EXPECT_TRUE(named.contains(check)) << check << " was not found";
    }
    EXPECT_EQ(exit_code, 0);
    // Accepting is no mend, and a disabled subscription may be enabled again: those stay as warnings.
    const std::set<std::string> stay{"large-objects", "schema-changes", "pooler-entries",
                                     "other-subscriptions"};
    for (const auto& one : last) {
        EXPECT_NE(one.level, "error") << one.check << " " << one.object << ": " << one.fix << "\n" << said;
        EXPECT_TRUE(stay.contains(one.check)) << one.check << " " << one.object << ": " << one.fix << "\n"
                                              << said;
    }
    const auto prepared = scenario.pgteal({"prepare"});
    EXPECT_EQ(prepared.exit_code, 0) << prepared;
    EXPECT_EQ(scenario.pgteal({"abort"}).exit_code, 0);
}

} // namespace pgteal::support
