// pgteal-workload: a load that knows what it was promised, and a check that the promises were kept.
#include <iostream>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>

#include "tests/support/checker.hpp"
#include "tests/support/workload_run.hpp"
#include "tests/support/workload_schema.hpp"

namespace {

using namespace pgteal::workload;

struct Arguments {
    std::string init_dsn;
    RunOptions run;
    CheckRequest check;
    std::vector<std::string> windows;
    bool json = false;
};

template <class Value>
void print(const Value& value, bool json) {
    std::cout << (json ? boost::json::serialize(to_json(value)) + '\n' : to_text(value));
}

void add_run(CLI::App& app, Arguments& arguments) {
    auto* run =
        app.add_subcommand("run", "Sends operations until SIGTERM, then ends what is under way and sums up");
    auto& options = arguments.run;
    run->add_option("--dsn", options.dsns, "Where to send them; once for each pooler")
        ->required()
        ->take_all();
    run->add_option("--log", options.log, "The log, appended to")->required();
    run->add_option("--clients", options.clients, "Clients that keep their connection")
        ->check(CLI::Range(0, 200))

        ->capture_default_str();
    run->add_option("--rate", options.rate, "Operations a second of all of them together")
        ->check(CLI::PositiveNumber)

        ->capture_default_str();
    run->add_option("--probe-rate", options.probe_rate, "Inserts a second, each over a new connection")
        ->check(CLI::NonNegativeNumber)

        ->capture_default_str();
    run->add_option_function<int>(
        "--deadline", [&](int seconds) { options.deadline = std::chrono::seconds(seconds); },
        "Seconds for a connection or a statement [60]");
    run->add_option_function<int>(
        "--duration", [&](int seconds) { options.duration = std::chrono::seconds(seconds); },
        "Seconds after which to stop without a signal");
    run->add_flag("--json", arguments.json);
}

void add_windows(CLI::App& command, Arguments& arguments) {
    command.add_option("--log", arguments.check.logs, "May be repeated")->required()->take_all();
    command
        .add_option_function<std::vector<std::string>>(
            "--window",
            [&](const std::vector<std::string>& texts) {
                for (const auto& text : texts) {
                    const auto window = parse_window(text);
                    if (!window) {
                        throw CLI::ValidationError(
                            "--window", "wants NAME:FROM:TO in microseconds of the wall clock, not " + text);
                    }
                    arguments.check.windows.push_back(*window);
                }
            },
            "NAME:FROM_US:TO_US; may be repeated")
        ->take_all();
    command.add_flag("--json", arguments.json);
}

void add_check(CLI::App& app, Arguments& arguments) {
    auto* check = app.add_subcommand(
        "check", "Compares the log with the servers; 0 only if nothing was lost, duplicated or wrong");
    auto& request = arguments.check;
    auto& rules = request.rules;
    const std::map<std::string, Side> sides{{"blue", Side::blue}, {"green", Side::green}};
    check->add_option("--blue", request.blue, "Direct DSN");
    check->add_option("--green", request.green, "Direct DSN");
    check->add_option("--serving", rules.serving, "blue or green")
        ->required()
        ->transform(CLI::CheckedTransformer(sides));
    check->add_flag("--both", request.both, "The standing side must hold the same");
    check->add_option_function<int>(
        "--settle", [&](int seconds) { request.settle = std::chrono::seconds(seconds); },
        "Seconds within which it must [30]");
    check
        ->add_option("--min-per-side,--min-acked", rules.min_per_side, "Operations acknowledged on each side")
        ->capture_default_str();
    check->add_option("--sides", rules.sides, "On these sides [the serving one and each that took any]")
        ->delimiter(',')
        ->transform(CLI::CheckedTransformer(sides));
    check->add_option("--min-per-phase", rules.min_per_phase, "Operations acknowledged between two switches")
        ->capture_default_str();
    check->add_option_function<int>(
        "--switches", [&](int count) { rules.switches = count; }, "How often the serving side changed");
    check->add_option_function<Id>(
        "--max-errors,--max-failed", [&](Id count) { rules.max_errors = count; },
        "Failed operations and connections, at most [no limit]");
    check->add_flag("--faults", rules.faults, "More than 1 % of the operations may have ended unknown");
    add_windows(*check, arguments);
}

int work(const CLI::App& app, const Arguments& arguments) {
    if (app.got_subcommand("init")) {
        init(arguments.init_dsn);
        return 0;
    }
    if (app.got_subcommand("run")) {
        run(arguments.run);
        const std::vector logs{arguments.run.log};
        print(summarise(read_logs(logs)), arguments.json);
        return 0;
    }
    if (app.got_subcommand("gaps")) {
        print(gaps(read_logs(arguments.check.logs), arguments.check.windows), arguments.json);
        return 0;
    }
    const auto report = check_servers(arguments.check);
    print(report, arguments.json);
    return report.ok() ? 0 : 1;
}

} // namespace

int main(int count, char** words) {
    CLI::App app("A load for two PostgreSQL servers behind PgBouncer, and the check that nothing was lost or "
                 "duplicated.");
    app.name("pgteal-workload");
    app.require_subcommand(1);
    Arguments arguments;
    auto* init = app.add_subcommand("init", "Makes schema workload anew, dropping an old one");
    init->add_option("--dsn", arguments.init_dsn, "The server, directly")->required();
    add_run(app, arguments);
    add_check(app, arguments);
    add_windows(*app.add_subcommand("gaps", "The longest time between two commits"), arguments);
    try {
        app.parse(count, words);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        return work(app, arguments);
    } catch (const std::exception& error) {
        std::cerr << "pgteal-workload: " << error.what() << '\n';
        return 1;
    }
}
