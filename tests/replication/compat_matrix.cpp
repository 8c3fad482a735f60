#include "tests/replication/compat_matrix.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "postgres/quote.hpp"
#include "replication/marker/markers.hpp"
#include "tests/replication/compat_rows.hpp"

namespace pgteal::replication::compat::test {

namespace {

using namespace std::chrono_literals;

/// Connections belong to a test's loop and have to end before it does.
class Connected {
public:
    explicit Connected(Matrix* matrix) : matrix_(matrix) {
        matrix->blue = std::make_unique<postgres::Server>("blue", matrix->lab.dsn("blue"));
        matrix->green = std::make_unique<postgres::Server>("green", matrix->lab.dsn("green"));
    }
    ~Connected() {
        matrix_->blue.reset();
        matrix_->green.reset();
    }
    Connected(const Connected&) = delete;
    Connected& operator=(const Connected&) = delete;

private:
    Matrix* matrix_;
};

std::string database_of(const std::string& publisher) { return "matrix_" + publisher; }

Task<void> in_case(Matrix* matrix, std::string side, const Run* run, std::string text) {
    co_await sql(matrix, std::move(side), run->lane.database, in_schema(text, *run));
}

Task<void> run_statement(Matrix* matrix, std::string side, postgres::Statement statement,
                         postgres::Bindings values) {
    co_await sql(matrix, std::move(side), statement.database, postgres::bind(statement.text, values));
}

bool belongs(const std::string& schema, const Run& run) {
    return schema == run.schema || schema == run.schema + "_moved";
}

/// What pgteal does to a standing side, and servers whose clocks are not set to UTC.
Task<void> make_databases(Matrix* matrix, const std::vector<Run>* runs) {
    const std::string database = runs->front().lane.database;
    const std::string standing = subscriber_of(runs->front());
    for (const std::string side : {"blue", "green"}) {
        co_await sql(matrix, side, "postgres", "CREATE DATABASE " + database);
        co_await sql(matrix, side, "postgres",
                     "ALTER DATABASE " + database + " SET timezone = 'America/New_York'");
        const auto control = create_control_schema(database, static_cast<int>(runs->size()));
        co_await run_statement(matrix, side, control, {});
        for (const Run& run : *runs) {
            co_await sql(matrix, side, database, "CREATE SCHEMA " + run.schema);
            co_await in_case(matrix, side, &run, run.one->setup);
        }
    }
    co_await sql(matrix, standing, "postgres",
                 "ALTER DATABASE " + database + " SET default_transaction_read_only = on");
}

Task<std::vector<replication::Table>> tables_of(Matrix* matrix, std::string side, const Run* run) {
    auto session = co_await matrix->side(side).session(run->lane.database, soon());
    auto all = co_await read_tables(*session, soon());
    std::erase_if(all, [run](const auto& table) { return !belongs(table.schema, *run); });
    co_return all;
}

/// As lanes and arm-reverse do it.
Task<void> lay(Matrix* matrix, Run* run) {
    const std::string publisher = run->lane.publisher;
    const std::string subscriber = subscriber_of(*run);
    const auto from = co_await tables_of(matrix, publisher, run);
    const auto to = co_await tables_of(matrix, subscriber, run);
    auto carried = published(from, publisher == "blue" ? from : to);
    if (publisher == "green") {
        carried = with_column_lists(std::move(carried), matrix->green_version);
    }
    postgres::Bindings values;
    values["conninfo_" + publisher] = {
        matrix->lab.dsn(publisher).with_database(run->lane.database).conninfo(), true};
    std::string failed;
    try {
        co_await run_statement(matrix, publisher, create_publication(run->lane, carried), {});
        co_await run_statement(matrix, publisher, create_slot(run->lane), {});
        co_await run_statement(matrix, subscriber, create_subscription(run->lane), values);
    } catch (const Error& error) {
        failed = error.what();
    }
    if (!failed.empty()) {
        run->observed = Seen{Outcome::cannot_start, -1, failed};
        co_return;
    }
    const std::string name = postgres::quote_identifier(run->lane.object());
    std::string options = "ALTER SUBSCRIPTION " + name + " SET (disable_on_error = true);";
    if (run->one->binary) {
        options += "ALTER SUBSCRIPTION " + name + " SET (binary = true);";
    }
    if (run->one->plain_owner) {
        const auto identity = co_await matrix->side(subscriber).identity(soon());
        // Both options came with 16; a plain owner may not act as the tables' owner, who is a superuser here.
        const bool new_enough = identity.version >= 160000;
        const std::string owner = "owner_of_" + run->lane.database;
        options += "CREATE ROLE " + owner + " SUPERUSER LOGIN;" +
                   (new_enough ? "ALTER SUBSCRIPTION " + name +
                                     " SET (password_required = false, run_as_owner = true);"
                               : std::string()) +
                   "ALTER SUBSCRIPTION " + name + " OWNER TO " + owner + "; ALTER ROLE " + owner +
                   " NOSUPERUSER; GRANT CREATE ON DATABASE " + run->lane.database + " TO " + owner +
                   "; GRANT USAGE ON SCHEMA pgteal, " + run->schema + " TO " + owner +
                   "; GRANT ALL ON ALL TABLES IN SCHEMA pgteal, " + run->schema + " TO " + owner + ";";
    }
    co_await sql(matrix, subscriber, run->lane.database, options);
    co_await run_statement(matrix, subscriber, enable_subscription(run->lane), {});
}

Task<Schema> schema_of(Matrix* matrix, std::string side, std::string database) {
    auto session = co_await matrix->side(side).session(std::move(database), soon());
    Schema schema = co_await read_schema(*session, soon());
    co_return schema;
}

Schema only(Schema schema, const Run& run) {
    std::erase_if(schema.tables, [&run](const auto& one) { return !belongs(one.second.schema, run); });
    return schema;
}

/// What the verdicts say of these writes: the first that must fail, else what is left in the end.
Seen prediction(const Run& run) {
    Seen end;
    for (std::size_t i = 0; i < run.steps().size(); ++i) {
        const Step& step = run.steps()[i];
        for (const auto& table : run.verdicts) {
            for (const auto& reason : table.reasons) {
                if (reason.outcome == Outcome::cannot_start) {
                    return {Outcome::cannot_start, -1, sentence(table, reason)};
                }
                const bool fails = reason.outcome == Outcome::stops || reason.outcome == Outcome::publisher;
                if (fails && reason.writes.contains(step.write) &&
                    (reason.at_once || (step.rare && !step.quiet))) {
                    return {reason.outcome, static_cast<int>(i), sentence(table, reason)};
                }
                const bool lasting = reason.outcome == Outcome::diverges ||
                                     reason.outcome == Outcome::stays_behind ||
                                     reason.outcome == Outcome::column_list;
                const bool comes = reason.outcome != Outcome::diverges || reason.at_once || step.rare;
                if (lasting && comes && reason.outcome > end.outcome) {
                    end = {reason.outcome, -1, sentence(table, reason)};
                }
            }
        }
    }
    return end;
}

/// Which lanes show the token, and which have given up.
struct Lanes {
    std::set<int> arrived;
    std::set<std::string> stopped;
};

Task<Lanes> look(Matrix* matrix, std::string subscriber, std::string database, int lanes,
                 std::int64_t token) {
    std::string text = "SELECT subname FROM pg_subscription WHERE NOT subenabled; SELECT 0 WHERE false";
    for (int i = 1; i <= lanes; ++i) {
        text += fmt::format(
            " UNION ALL SELECT {0} FROM pgteal.marker_{0} WHERE kind = 'barrier' AND token = {1}", i, token);
    }
    const auto results = co_await sql(matrix, std::move(subscriber), std::move(database), std::move(text));
    Lanes seen;
    for (int row = 0; row < results.at(0).rows(); ++row) {
        seen.stopped.insert(std::string(results[0].text(row, 0)));
    }
    for (int row = 0; row < results.at(1).rows(); ++row) {
        seen.arrived.insert(results[1].get<int>(row, 0));
    }
    co_return seen;
}

/// Until every lane that still runs has brought what was written, or has stopped.
Task<void> settle_all(Matrix* matrix, std::vector<Run>* runs, int step) {
    const std::string publisher = runs->front().lane.publisher;
    const std::string database = runs->front().lane.database;
    const auto lanes = static_cast<int>(runs->size());
    const auto token = next_token();
    postgres::Bindings values;
    values["token"] = {std::to_string(token), false};
    co_await run_statement(matrix, publisher, write_markers(database, lanes, "barrier"), values);
    const Deadline deadline = soon();
    while (true) {
        const Lanes seen = co_await look(matrix, subscriber_of(runs->front()), database, lanes, token);
        bool all = true;
        for (Run& run : *runs) {
            if (run.observed || seen.arrived.contains(run.lane.number)) {
                continue;
            }
            if (seen.stopped.contains(run.lane.object())) {
                run.observed = Seen{Outcome::stops, step, "its subscription gave up"};
                continue;
            }
            all = false;
            if (Clock::now() > deadline) {
                throw Error(ErrorCode::deadline, "",
                            run.schema + ": its marker neither arrived nor did its lane stop");
            }
        }
        if (all) {
            co_return;
        }
        co_await sleep_for(50ms);
    }
}

Task<void> write_step(Matrix* matrix, Run* run, int step) {
    std::string failed;
    try {
        co_await in_case(matrix, run->lane.publisher, run, run->steps()[static_cast<std::size_t>(step)].sql);
    } catch (const ServerError& error) {
        failed = error.what();
    }
    if (!failed.empty()) {
        run->observed = Seen{Outcome::publisher, step, failed};
    }
}

Task<void> run_all(Matrix* matrix, std::vector<Run>* runs) {
    const Connected connected(matrix);
    const std::string publisher = runs->front().lane.publisher;
    const std::string database = runs->front().lane.database;
    co_await make_databases(matrix, runs);
    for (Run& run : *runs) {
        if (publisher == "green") {
            co_await in_case(matrix, "green", &run, run.one->change);
        }
        co_await lay(matrix, &run);
    }
    co_await settle_all(matrix, runs, -1);
    for (Run& run : *runs) {
        if (publisher == "blue") {
            co_await in_case(matrix, "green", &run, run.one->change);
        }
        if (!run.one->late_green.empty()) {
            co_await in_case(matrix, "green", &run, run.one->late_green);
        }
        if (!run.one->late_blue.empty()) {
            co_await in_case(matrix, "blue", &run, run.one->late_blue);
        }
    }
    const Schema blue = co_await schema_of(matrix, "blue", database);
    const Schema green = co_await schema_of(matrix, "green", database);
    std::size_t most = 0;
    for (Run& run : *runs) {
        const Schema from = only(publisher == "blue" ? blue : green, run);
        const Schema to = only(publisher == "blue" ? green : blue, run);
        const std::vector<Lane> lanes(1, run.lane);
        run.verdicts = judge(from, to, direction_of(from, to, lanes));
        run.predicted = prediction(run);
        most = std::max(most, run.steps().size());
    }
    for (std::size_t step = 0; step < most; ++step) {
        for (Run& run : *runs) {
            if (!run.observed && step < run.steps().size()) {
                co_await write_step(matrix, &run, static_cast<int>(step));
            }
        }
        co_await settle_all(matrix, runs, static_cast<int>(step));
    }
    for (Run& run : *runs) {
        if (!run.observed) {
            const Schema left = only(blue, run);
            const Schema right = only(green, run);
            co_await compare_rows(matrix, &run, &left, &right);
        }
    }
}

Task<void> make_room(Matrix* matrix) {
    const Connected connected(matrix);
    for (const std::string side : {"blue", "green"}) {
        for (const std::string setting :
             {"max_logical_replication_workers = 150", "max_worker_processes = 170",
              "max_replication_slots = 250", "max_wal_senders = 150", "wal_retrieve_retry_interval = '20ms'",
              "max_sync_workers_per_subscription = 0"}) {
            co_await sql(matrix, side, "postgres", "ALTER SYSTEM SET " + setting);
        }
        const auto identity = co_await matrix->side(side).identity(soon());
        if (identity.version >= 180000) {
            co_await sql(matrix, side, "postgres", "ALTER SYSTEM SET max_active_replication_origins = 250");
        }
    }
}

} // namespace

std::string words(const Seen& seen) {
    return std::string(to_string(seen.outcome)) +
           (seen.step < 0 ? "" : " at write " + std::to_string(seen.step + 1));
}

Matrix::Matrix(const std::string& blue_major, const std::string& green_major)
    : lab({"--poolers", "0", "--scale", "0", "--blue", blue_major, "--green", green_major}),
      green_version(std::stoi(green_major) * 10000) {
    run_here([this] { return make_room(this); });
    for (const std::string side : {"blue", "green"}) {
        lab.stop(side);
        lab.start(side);
    }
}

std::vector<Run> Matrix::run(const std::string& publisher) {
    std::vector<Run> runs;
    for (const Case& one : cases()) {
        Run run;
        run.one = &one;
        run.schema = "c_" + one.name;
        run.lane = Lane{"matrix", database_of(publisher), static_cast<int>(runs.size()) + 1, publisher};
        if (!run.steps().empty()) {
            runs.push_back(std::move(run));
        }
    }
    run_here([this, &runs] { return run_all(this, &runs); });
    return runs;
}

} // namespace pgteal::replication::compat::test
