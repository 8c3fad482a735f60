// Advice as check prints it, typed: SQL into a session of the side that it names, lines into pgteal.toml and
// a pooler's file, commands into a shell.
#pragma once

#include <regex>

#include "tests/scenarios/world.hpp"
#include "tests/support/advice.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

struct Found {
    std::string check, level, side, object, fix;
    bool operator==(const Found&) const = default;
};

inline std::vector<Found> findings_of(Scenario& scenario, int* exit_code) {
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

inline Task<void> send_each(postgres::Dsn server, std::vector<std::string> statements) {
    auto session =
        co_await postgres::Connection::open(std::move(server), "server", after(std::chrono::seconds(10)));
    for (const auto& statement : statements) {
        co_await session.script(statement, after(std::chrono::seconds(30)));
    }
}

class Typist {
public:
    explicit Typist(Scenario& scenario) : scenario_(scenario), config_(read_file(scenario.lab().config())) {}

    void type(const Found& finding) {
        if (!in_file(finding.fix) && !in_shell(finding.fix) && !renames(finding.fix) && !sql(finding) &&
            finding.level == "error") {
            in_config(finding.fix);
        }
    }

private:
    bool sql(const Found& finding) {
        const auto found = sql_of(finding.fix);
        const auto& statements = found.statements;
        if (statements.empty()) {
            return false;
        }
        auto& lab = scenario_.lab();
        const auto side = found.side.empty() ? finding.side : found.side;
        const bool there =
            !scenario_.query(side, "postgres", "SELECT 1 FROM pg_database WHERE datname = 'app'").empty();
        const auto* const database =
            there && !statements.front().starts_with("DROP DATABASE") ? "app" : "postgres";
        run_here([&] { return send_each(lab.dsn(side).with_database(database), statements); });
        if (finding.fix.find("then restart " + side) != std::string::npos) {
            lab.stop(side);
            lab.start(side);
        }
        return true;
    }
    bool in_file(const std::string& fix) {
        static const std::regex setting(
            R"((\w+) = (\w+) (for \w+ |for this entry )?in (\[users\] of )?(pgb\d)'s file)");
        static const std::regex leads(R"(write (host=\S+ port=\S+) into entry (\w+) of (pgb\d)'s file)");
        std::smatch match;
        const bool leading = std::regex_search(fix, match, leads);
        if (!leading && !std::regex_search(fix, match, setting)) {
            return false;
        }
        const auto pooler = match[leading ? 3 : 5].str();
        const auto text = read_file(scenario_.lab().dir() + "/" + pooler + "/pgbouncer.ini");
        const std::regex line(leading ? "(" + match[2].str() + " *= *)host=\\S+ +port=\\S+"
                                      : "(" + match[1].str() + " *= *)(session|\\d+)"); // as planted
        std::smatch found;
        if (std::regex_search(text, found, line)) {
            reconfigure(scenario_.lab(), pooler,
                        replaced(text, found.str(), found[1].str() + match[leading ? 1 : 2].str()));
        }
        return true;
    }
    static bool in_shell(const std::string& fix) {
        static const std::regex command("(cp -a .*)   makes it");
        std::smatch match;
        const bool found = std::regex_search(fix, match, command);
        if (found) {
            shell(match[1].str());
        }
        return found;
    }
    /// A migration's file.
    bool renames(const std::string& fix) {
        static const std::regex name(R"(Name it .*such as (V\w+__\w+\.sql))");
        std::smatch match;
        if (!std::regex_search(fix, match, name)) {
            return false;
        }
        for (const auto& file :
             std::filesystem::directory_iterator(scenario_.lab().dir() + "/migrations/app")) {
            if (!file.path().filename().string().starts_with('V')) {
                std::filesystem::rename(file.path(), file.path().parent_path() / match[1].str());
            }
        }
        return true;
    }
    void in_config(const std::string& fix) {
        static const std::regex entries(R"((entries = \[[^\]]*\]) in \[\[pooler\]\])");
        static const std::regex there(R"(\nentries = \[[^\]]*\])");
        static const std::regex accept(R"re(accept = \["([a-z-]+)"\] in \[check\]|"([a-z-]+)" in accept)re");
        std::smatch match;
        if (std::regex_search(fix, match, entries)) {
            config_ = replaced(std::regex_replace(config_, there, ""), "[[pooler]]\n",
                               "[[pooler]]\n" + match[1].str() + "\n");
        }
        if (std::regex_search(fix, match, accept)) {
            accepted_ += (accepted_.empty() ? "\"" : ", \"") + match[1].str() + match[2].str() + "\"";
        }
        if (!match.empty() || !accepted_.empty()) {
            write_file(scenario_.lab().config(), config_ + "\n[check]\naccept = [" + accepted_ + "]\n");
        }
    }

    Scenario& scenario_;
    std::string config_;
    std::string accepted_;
};

} // namespace pgteal::support
