// A whole run on real servers: a lab, the program pgteal as an operator would call it, and a load whose every
// operation is accounted for.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "tests/support/lab.hpp"
#include "tests/support/workload.hpp"

namespace pgteal::support {

/// What one call of pgteal left.
struct Run {
    std::string call;  ///< arguments and test environment, for messages
    int exit_code = 0; ///< 128 + signal when it was killed
    std::string out;
    std::string err;
    double seconds = 0;

    /// It ended by SIGKILL: the crash that was asked for did happen.
    [[nodiscard]] bool killed() const { return exit_code == 128 + 9; }
    /// stdout as the one JSON document that it has to be under --json. Throws std::runtime_error, with the
    /// output, if it isn't.
    [[nodiscard]] boost::json::value json() const;
    /// `json()["error"]["code"]`, or empty.
    [[nodiscard]] std::string error_code() const;
};

/// For gtest's messages: the call, its exit code and all that it printed.
std::ostream& operator<<(std::ostream& out, const Run& run);

class Scenario {
public:
    using Words = std::vector<std::string>;
    using Environment = std::map<std::string, std::string>;

    /// Options as Lab's; without pgbench's tables unless they say so. The workload's schema is made in
    /// database app of blue.
    explicit Scenario(Words lab_options = {});
    ~Scenario();
    Scenario(const Scenario&) = delete;
    Scenario& operator=(const Scenario&) = delete;

    [[nodiscard]] Lab& lab() { return lab_; }

    /// pgteal -c <the lab's config> ARGS. Throws when it takes longer than the timeout (it is killed then).
    Run pgteal(Words args, Environment env = {}, std::chrono::seconds timeout = std::chrono::seconds(120));
    /// The same, with --json before ARGS.
    Run pgteal_json(Words args, Environment env = {},
                    std::chrono::seconds timeout = std::chrono::seconds(120));
    /// The document of `status --json`. Throws when status fails.
    boost::json::value status();

    /// Superuser, straight to the server `side`: each row with its columns joined by |. Throws
    /// std::runtime_error.
    std::vector<std::string> query(const std::string& side, const std::string& database,
                                   const std::string& sql);
    /// As query, for statements that give at most one value; empty for none.
    std::string value(const std::string& side, const std::string& database, const std::string& sql);

    /// Through all of the lab's poolers, to database app: `clients` kept connections with `rate` operations a
    /// second altogether, and `probe_rate` new connections a second. Several runs one after the other are one
    /// history.
    void start_workload(int clients = 6, double rate = 150, double probe_rate = 10);
    /// After start_workload() only.
    [[nodiscard]] workload::Workload& workload() { return *workload_; }
    [[nodiscard]] bool has_workload() const { return workload_ != nullptr; }
    /// Stops the workload and checks all that was logged, on both sides (`both` = false: on the serving one).
    /// rules.serving is taken from status. Keeps the log, so it may be started again.
    workload::CheckReport check(workload::Rules rules = {}, bool both = true,
                                std::vector<workload::Window> windows = {});

    /// A line for the reader of a long test, with the seconds since it began.
    void say(const std::string& text) const;

private:
    Lab lab_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::unique_ptr<workload::Workload> workload_;
};

} // namespace pgteal::support
