#include "migration/schema/drift.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "migration/schema/compare.hpp"
#include "migration/schema/copy.hpp"
#include "migration/schema/expected.hpp"
#include "migration/schema/judge.hpp"
#include "migration/schema/look.hpp"
#include "migration/schema/normal.hpp"
#include "migration/schema/read.hpp"

namespace pgteal::migration::schema {

namespace {

Task<bool> has_database(postgres::Server& server, std::string name, Deadline deadline) {
    postgres::Params params{std::move(name)};
    const auto found = co_await server.exec("", "SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1",
                                            std::move(params), deadline);
    co_return !found.empty();
}

class Drift {
public:
    Drift(Request* request, Deadline deadline)
        : request_(*request), deadline_(deadline), scratch_(request_.green, request_.create) {
        report_.database = request_.database;
    }

    Task<Report> run() {
        std::exception_ptr error;
        try {
            co_await work();
        } catch (...) {
            error = std::current_exception();
        }
        // Whatever the deadline: nothing is left behind.
        co_await scratch_.drop(after(std::chrono::seconds(30)));
        if (error) {
            std::rethrow_exception(error);
        }
        co_return std::move(report_);
    }

private:
    void say(const std::string& words) const {
        if (request_.stopped && request_.stopped()) {
            throw Error(ErrorCode::refused, "", "stopped on request",
                        "pgteal migrate drift begins anew; blue and green were only read");
        }
        if (request_.progress) {
            request_.progress(words);
        }
    }

    Task<void> work() {
        const auto swept = co_await sweep(request_.green, deadline_);
        for (const auto& name : swept.dropped) {
            report_.remarks.push_back("dropped " + name + " on green, which an interrupted drift had left");
        }
        for (const auto& name : swept.in_use) {
            report_.remarks.push_back(
                name + " on green was left by an interrupted drift, and somebody is connected: "
                       "a later run drops it");
        }
        say("reading " + request_.database);
        report_.green_exists = co_await has_database(request_.green, request_.database, deadline_);
        co_await read_sides();
        co_await read_migrations();
        if (!report_.green_exists && files_.on_blue.empty()) {
            throw Error(ErrorCode::wrong_state, "green",
                        "there is no database " + request_.database +
                            " on green, and no migrations of blue's: nothing to compare with",
                        "pgteal prepare makes it");
        }
        co_await make_expected();
        co_await compare_sides();
        judge(sides_, std::move(found_), &report_);
    }

    Task<void> read_sides() {
        std::vector<Task<Objects>> reads;
        reads.push_back(read(request_.blue, request_.database, deadline_, request_.ignored));
        if (report_.green_exists) {
            reads.push_back(read(request_.green, request_.database, deadline_, request_.ignored));
        }
        auto both = co_await all(std::move(reads));
        sides_.blue = std::move(both.front());
        report_.blue_objects = sides_.blue.list.size();
        if (report_.green_exists) {
            sides_.green = std::move(both.back());
            report_.green_objects = sides_.green->list.size();
        }
    }

    Task<void> read_migrations() {
        if (request_.folder.empty()) {
            co_return;
        }
        std::vector<File> files;
        std::vector<Applied> blue;
        std::vector<Applied> green;
        const auto blue_dsn = request_.blue.dsn().with_database(request_.database);
        const auto green_dsn = request_.green.dsn().with_database(request_.database);
        const bool has_green = report_.green_exists;
        const auto& folder = request_.folder;
        const auto& table = request_.history;
        const std::function<void()> work = [&files, &blue, &green, &blue_dsn, &green_dsn, &folder, &table,
                                            has_green] {
            files = find_migrations(folder);
            blue = history(blue_dsn, "blue", table);
            if (has_green) {
                green = history(green_dsn, "green", table);
            }
        };
        co_await run_blocking(work);
        files_ = applied_files(files, blue, green);
        if (files_.pending > 0) {
            report_.remarks.push_back(std::to_string(files_.pending) +
                                      (files_.pending == 1 ? " migration is" : " migrations are") +
                                      " pending on both sides: not looked at");
        }
    }

    [[nodiscard]] std::vector<File> everywhere() const {
        auto files = files_.on_blue;
        files.insert(files.end(), files_.only_on_green.begin(), files_.only_on_green.end());
        return files;
    }

    /// Both expected schemas, as far as they can be had.
    Task<void> make_expected() {
        if (files_.on_blue.empty() && files_.only_on_green.empty()) {
            co_return;
        }
        if (const auto reason = why_not(everywhere()); !reason.empty()) {
            report_.remarks.push_back("the migrations were not replayed: " + reason);
            co_return;
        }
        bool whole = false;
        if (!files_.on_blue.empty()) {
            whole = co_await replay_all();
        }
        if (!whole && !files_.only_on_green.empty() && report_.green_exists) {
            co_await replay_on_blue();
        }
    }

    /// From nothing. False when these migrations are not the whole history.
    Task<bool> replay_all() {
        say("replaying " + std::to_string(files_.on_blue.size()) +
            " migrations on a scratch database on green");
        co_await scratch_.make(deadline_);
        std::string failed;
        try {
            co_await replay(files_.on_blue, scratch_);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::migration) {
                throw;
            }
            failed = error.what();
        }
        if (!failed.empty()) {
            report_.remarks.push_back("the migrations can't be replayed on an empty database: " + failed);
            co_return false;
        }
        auto made = co_await read(request_.green, scratch_.name(), deadline_, request_.ignored);
        if (!is_whole_history(made, sides_.blue)) {
            co_return false;
        }
        report_.basis = "replayed";
        report_.basis_words = std::to_string(files_.on_blue.size() + files_.only_on_green.size()) +
                              " migrations replayed on an empty database";
        sides_.blue_expected = std::move(made);
        say("comparing blue with its migrations");
        found_.blue = co_await differences(*sides_.blue_expected, sides_.blue, false, true, false);
        co_await replay(everywhere(), scratch_); // goes on after those of blue
        if (report_.green_exists) {
            sides_.green_expected =
                co_await read(request_.green, scratch_.name(), deadline_, request_.ignored);
            found_.green = co_await differences(*sides_.green_expected, *sides_.green, false, true, false);
        }
        co_return true;
    }

    /// On a copy of blue's schema.
    Task<void> replay_on_blue() {
        co_await scratch_.make_again(deadline_);
        say("loading blue's schema into a scratch database on green");
        co_await copy({}, true);
        co_await replay(files_.only_on_green, scratch_);
        report_.basis = "blue";
        report_.basis_words = "blue's schema and the " + std::to_string(files_.only_on_green.size()) +
                              (files_.only_on_green.size() == 1 ? " migration" : " migrations") +
                              " that only green has";
        sides_.green_expected = co_await read(request_.green, scratch_.name(), deadline_, request_.ignored);
        found_.green = co_await differences(*sides_.green_expected, *sides_.green, true, true, false);
    }

    Task<void> compare_sides() {
        if (report_.green_exists) {
            say("comparing " + request_.database);
            found_.sides = co_await differences(sides_.blue, *sides_.green, true,
                                                sides_.green_expected.has_value(), true);
        }
    }

    /// With the second look. `loaded`: the scratch database holds what the definitions depend on.
    Task<std::vector<Difference>> differences(const Objects& left, const Objects& right, bool owners,
                                              bool loaded, bool left_is_blue) {
        CompareOptions options;
        options.owners = owners;
        options.sides = left_is_blue;
        options.same_sql = same_normal_form(left.server_version, right.server_version);
        auto found = compare(left, right, options);
        auto doubtful = suspicious(found);
        if (doubtful.empty()) {
            co_return found;
        }
        std::string failed;
        try {
            if (!loaded) {
                say("looking again at " + std::to_string(doubtful.size()) + " definitions");
                co_await scratch_.make_again(deadline_);
                auto addresses = needed(doubtful, left_is_blue);
                co_await copy(std::move(addresses), false);
            }
            report_.looked_again += static_cast<int>(doubtful.size());
            co_await look_again(std::move(doubtful), scratch_, deadline_);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::deadline || error.code() == ErrorCode::connection_lost) {
                throw;
            }
            failed = error.what();
        }
        if (!failed.empty()) {
            report_.remarks.push_back(
                "definitions that the two servers print differently could not be loaded into one server: " +
                failed);
        }
        drop_settled(&found);
        co_return found;
    }

    Task<void> copy(std::vector<Address> only, bool owners) {
        CopyJob job;
        job.from = request_.blue.dsn();
        job.database = request_.database;
        job.bin_dir = co_await request_.find_tools();
        job.only = std::move(only);
        job.owners = owners;
        auto reader = co_await request_.blue.session(request_.database, deadline_);
        const std::string begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL "
                                  "idle_in_transaction_session_timeout = 0; "
                                  "SELECT pg_catalog.pg_export_snapshot()";
        const auto begun = co_await reader->script(begin, deadline_);
        job.snapshot = begun.back().text(0, 0);
        if (request_.may_copy) {
            co_await request_.may_copy(&*reader);
        }
        co_await copy_schema(std::move(job), scratch_, deadline_);
        co_await reader->script("COMMIT", deadline_);
    }

    Request& request_;
    Deadline deadline_;
    Scratch scratch_;
    Report report_;
    Sides sides_;
    Found found_;
    AppliedFiles files_;
};

} // namespace

Task<Report> drift(Request request, Deadline deadline) {
    Drift drift(&request, deadline);
    auto report = co_await drift.run();
    co_return report;
}

} // namespace pgteal::migration::schema
