#include "tests/support/scenario.hpp"

#include <cstdio>
#include <ostream>
#include <stdexcept>

#include <boost/json/parse.hpp>

#include "base/program.hpp"
#include "tests/support/workload_schema.hpp"

namespace pgteal::support {

namespace {

Task<void> run_into(postgres::Program program, postgres::ProgramOutput* output,
                    std::chrono::seconds timeout) {
    *output = co_await postgres::run_program(std::move(program), after(timeout));
}

std::vector<std::string> with_defaults(std::vector<std::string> options) {
    options.insert(options.begin(), {"--scale", "0"});
    return options;
}

double seconds_since(std::chrono::steady_clock::time_point then) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

} // namespace

boost::json::value Run::json() const {
    boost::system::error_code error;
    auto document = boost::json::parse(out, error);
    if (error) {
        throw std::runtime_error(call + ": stdout is not one JSON document (exit " +
                                 std::to_string(exit_code) + "):\n" + out + err);
    }
    return document;
}

std::string Run::error_code() const {
    const auto document = json();
    const auto* error = document.is_object() ? document.get_object().if_contains("error") : nullptr;
    return error == nullptr ? std::string() : std::string(error->at("code").as_string());
}

std::ostream& operator<<(std::ostream& out, const Run& run) {
    return out << run.call << ": exit " << run.exit_code << " after " << run.seconds << " s\n"
               << run.out << run.err;
}

Scenario::Scenario(Words lab_options) : lab_(with_defaults(std::move(lab_options))) {
    workload::init(lab_.app_dsn("blue", "app").conninfo());
}

Scenario::~Scenario() = default;

Run Scenario::pgteal(Words args, Environment env, std::chrono::seconds timeout) {
    Run run;
    postgres::Program program{{PGTEAL_BINARY, "-c", lab_.config()}, env};
    for (const auto& [name, text] : env) {
        run.call += name + "=" + text + " ";
    }
    run.call += "pgteal";
    for (auto& word : args) {
        run.call += " " + word;
        program.argv.push_back(std::move(word));
    }
    postgres::ProgramOutput output;
    const auto began = std::chrono::steady_clock::now();
    run_here([&] { return run_into(program, &output, timeout); });
    run.seconds = seconds_since(began);
    run.exit_code = output.exit_code;
    run.out = std::move(output.out);
    run.err = std::move(output.err);
    return run;
}

Run Scenario::pgteal_json(Words args, Environment env, std::chrono::seconds timeout) {
    args.insert(args.begin(), "--json");
    return pgteal(std::move(args), std::move(env), timeout);
}

boost::json::value Scenario::status() {
    const auto run = pgteal_json({"status"});
    if (run.exit_code != 0) {
        throw std::runtime_error(run.call + ": exit " + std::to_string(run.exit_code) + "\n" + run.out +
                                 run.err);
    }
    return run.json();
}

std::vector<std::string> Scenario::query(const std::string& side, const std::string& database,
                                         const std::string& sql) {
    auto session = workload::connect_to_check(lab_.dsn(side).with_database(database).conninfo(), side);
    const auto reply = session.run(sql.c_str());
    if (!reply.ok()) {
        throw std::runtime_error(side + ": " + reply.message + ": " + sql);
    }
    std::vector<std::string> rows;
    for (int row = 0; row < reply.rows(); ++row) {
        std::string line;
        for (int column = 0; column < reply.columns(); ++column) {
            line += column == 0 ? "" : "|";
            line += reply.text(row, column);
        }
        rows.push_back(std::move(line));
    }
    return rows;
}

std::string Scenario::value(const std::string& side, const std::string& database, const std::string& sql) {
    const auto rows = query(side, database, sql);
    return rows.empty() ? std::string() : rows.front();
}

void Scenario::start_workload(int clients, double rate, double probe_rate) {
    workload::RunOptions options;
    for (int n = 1; n <= std::stoi(lab_.value("POOLERS")); ++n) {
        options.dsns.push_back(lab_.app_dsn("pgb" + std::to_string(n), "app").conninfo());
    }
    options.log = lab_.dir() + "/workload.log";
    options.clients = clients;
    options.rate = rate;
    options.probe_rate = probe_rate;
    workload_.reset();
    workload_ = std::make_unique<workload::Workload>(std::move(options));
}

workload::CheckReport Scenario::check(workload::Rules rules, bool both,
                                      std::vector<workload::Window> windows) {
    workload_->stop();
    workload::CheckRequest request;
    request.logs = {lab_.dir() + "/workload.log"};
    request.blue = lab_.dsn("blue").with_database("app").conninfo();
    request.green = lab_.dsn("green").with_database("app").conninfo();
    request.both = both;
    // An aborted run leaves green without the database.
    if (!both && value("green", "postgres", "SELECT 1 FROM pg_database WHERE datname = 'app'").empty()) {
        request.green.clear();
    }
    request.windows = std::move(windows);
    rules.serving =
        status().at("serving").as_string() == "green" ? workload::Side::green : workload::Side::blue;
    request.rules = std::move(rules);
    return workload::check_servers(request);
}

void Scenario::say(const std::string& text) const {
    std::printf("[%7.1f s] %s\n", seconds_since(began_), text.c_str());
    std::fflush(stdout);
}

} // namespace pgteal::support
