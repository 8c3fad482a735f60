#include "cutover/migrations/migrations.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_future.hpp>

#include "base/error.hpp"
#include "migration/apply/external.hpp"
#include "replication/compare/migrated_rows.hpp"
#include "replication/sequence/sequence_ahead.hpp"

namespace pgteal::cutover {

namespace {

/// Hands what worker threads say to the controller's thread; what comes after the end is dropped.
class Feed {
public:
    Feed(asio::any_io_executor executor, MigrationNews news)
        : executor_(std::move(executor)), news_(std::make_shared<MigrationNews>(std::move(news))) {}
    ~Feed() { *news_ = {}; }
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    void progress(const std::string& text, double fraction) const {
        asio::post(executor_, [news = news_, text, fraction] {
            if (news->progress) {
                news->progress(text, fraction);
            }
        });
    }
    void warning(const std::string& text) const {
        asio::post(executor_, [news = news_, text] {
            if (news->warning) {
                news->warning(text);
            }
        });
    }
    /// Each file by itself, so that it is known even when a later one fails.
    void applied(const migration::File& file, Clock::duration time) const {
        asio::post(executor_, [news = news_, copy = std::make_shared<const migration::File>(file), time] {
            if (news->applied) {
                news->applied(*copy, time);
            }
        });
    }
    /// From a worker thread: done on the controller's, which goes on meanwhile.
    void wait_for(Task<void> task) const {
        asio::co_spawn(executor_, std::move(task), asio::use_future).get();
    }
    [[nodiscard]] const MigrationNews& news() const { return *news_; }

private:
    asio::any_io_executor executor_;
    std::shared_ptr<MigrationNews> news_;
};

migration::Options options_of(const Config& config, const MigrationJob& job) {
    migration::Options options;
    options.lock_timeout = config.migrate.lock_timeout;
    options.statement_timeout = config.migrate.statement_timeout;
    options.attempts = config.migrate.attempts;
    options.side = to_string(job.side);
    options.history = history_of(config);
    options.policy = policy_of(config, job.phase);
    options.again = job.again;
    if (job.phase == migration::Phase::contract) {
        options.meanwhile = "Clients go on.";
    }
    return options;
}

Task<void> run_command(Estate* estate, MigrationJob job, const MigrationNews* news, Deadline deadline) {
    const auto& config = estate->config().migrate;
    migration::External external;
    external.command = config.command;
    external.folder = job.folder;
    external.dsn = estate->server(job.side).dsn().with_database(job.database);
    external.side = to_string(job.side);
    external.phase = job.phase;
    external.lock_timeout = config.lock_timeout;
    external.statement_timeout = config.statement_timeout;
    external.again = job.again;
    if (job.adopt) {
        // The tool's own table goes through no lane (see left_out()): green gets the rows of the time before.
        const auto blue = estate->server(Side::blue).dsn().with_database(job.database);
        const auto green = external.dsn;
        const auto table = history_of(estate->config());
        const std::function<void()> carry = [blue, green, table] {
            migration::carry_table(blue, green, table);
        };
        co_await run_blocking(carry);
    }
    if (job.approved) {
        require_unchanged(estate->config(), *job.approved, job.again);
    }
    auto listener = news->output;
    co_await migration::run_external(std::move(external), deadline, std::move(listener));
}

void refuse_new_files(const std::vector<migration::File>& pending, const std::string& again) {
    if (!pending.empty()) {
        throw Error(ErrorCode::conflict, "controller",
                    pending.front().script + " was added since the command began, and nobody approved it. "
                                             "Nothing of it was applied",
                    again + " again asks for its approvals");
    }
}

/// Tables, views and sequences of pgteal's own login on which nobody else has rights.
Task<std::set<std::string>> of_nobody_else(postgres::Server* server, std::string database,
                                           Deadline deadline) {
    const std::string text =
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relacl IS NULL"
        " AND pg_get_userbyid(c.relowner) = current_user AND n.nspname NOT IN ('pgteal', "
        "'pgteal_migrations', "
        "'information_schema') AND n.nspname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_depend d WHERE "
        "d.classid = "
        "'pg_class'::regclass AND d.objid = c.oid AND (d.deptype = 'e' OR (c.relkind = 'S' AND d.deptype = "
        "'i')))"
        " ORDER BY 1";
    const auto rows = co_await server->exec(std::move(database), text, {}, deadline);
    std::set<std::string> names;
    for (int i = 0; i < rows.rows(); ++i) {
        names.insert(rows.get<std::string>(i, 0));
    }
    co_return names;
}

/// What the migrations made and clients can't touch, in words; empty when there is nothing.
Task<std::string> out_of_reach(Estate* estate, std::string database, Deadline deadline) {
    const auto there = co_await of_nobody_else(&estate->server(Side::green), database, deadline);
    const auto before = co_await of_nobody_else(&estate->server(Side::blue), database, deadline);
    std::string names;
    for (const auto& name : there) {
        if (!before.contains(name)) {
            names += (names.empty() ? "" : ", ") + name;
        }
    }
    co_return names.empty()
        ? names
        : database + ": only pgteal's login may use " + names +
              ", which migrations made: clients would get \"permission denied\". Put ALTER TABLE ... OWNER "
              "TO, or GRANT, into the files; then pgteal abort, and pgteal prepare";
}

Task<void> warn_of_reach(Estate* estate, MigrationJob job, const MigrationNews* news) {
    if (job.side != Side::green || job.phase != migration::Phase::expand || !news->warning) {
        co_return;
    }
    const auto words = co_await out_of_reach(estate, job.database, after(std::chrono::seconds(30)));
    if (!words.empty()) {
        news->warning(words);
    }
}

/// A look at green, or a change of a few rows.
constexpr auto migrations_patience = std::chrono::seconds(30);

Task<void> script_on_green(Estate* estate, postgres::Statement statement) {
    auto text = statement.text.plain();
    co_await estate->server(Side::green)
        .script(statement.database, std::move(text), after(migrations_patience));
}

/// What is pending, or the command. Within a run each is noted first, so that its rows are known as its own.
Task<void> apply_now(Estate* estate, const MigrationJob* job, const Feed* feed, Deadline deadline,
                     std::vector<migration::Applied>* applied) {
    const auto& config = estate->config();
    if (!config.migrate.command.empty()) {
        if (job->adopt) {
            const auto& name = config.migrate.command.front();
            co_await script_on_green(estate, replication::note_migration(job->database, name));
        }
        co_await run_command(estate, *job, &feed->news(), deadline);
        co_return;
    }
    const auto dsn = estate->server(job->side).dsn().with_database(job->database);
    const auto blue = estate->server(Side::blue).dsn().with_database(job->database);
    auto options = options_of(config, *job);
    options.on_progress = [feed](const std::string& text, double fraction) {
        feed->progress(text, fraction);
    };
    options.on_warning = [feed](const std::string& text) { feed->warning(text); };
    const migration::OnFile on_file = [feed, job, estate](const migration::File& file, bool done,
                                                          Clock::duration time) {
        if (done) {
            feed->applied(file, time);
            return;
        }
        feed->progress(job->database + "  " + file.script, -1);
        if (job->adopt) {
            feed->wait_for(script_on_green(estate, replication::note_migration(job->database, file.script)));
        }
    };
    const std::function<void()> work = [&] {
        const auto files = migration::find_migrations(job->folder);
        if (job->approved) {
            require_unchanged(config, *job->approved, job->again); // what was read is what was approved
        }
        if (job->adopt) {
            migration::adopt_history(blue, dsn, options.history);
        }
        if (job->none_pending) {
            refuse_new_files(migration::pending(files, migration::history(dsn, options.side, options.history),
                                                options.policy),
                             job->again);
        }
        *applied = migration::apply(dsn, files, options, on_file);
    };
    co_await run_blocking(work);
}

[[noreturn]] void refuse(const std::string& why, const std::string& next) {
    throw Error(ErrorCode::wrong_state, "", why, next);
}

} // namespace

migration::Policy policy_of(const Config& config, migration::Phase phase) {
    migration::Policy policy;
    policy.gaps = config.migrate.gaps == "allow";
    policy.out_of_order = config.migrate.out_of_order == "allow";
    policy.phase = phase;
    policy.placeholders = config.migrate.placeholders == "literal";
    return policy;
}

Task<std::string> migrated_meanwhile(Estate* estate, std::string database) {
    const auto& config = estate->config();
    const auto table = history_of(config);
    std::string found;
    if (config.database(database).migrations.empty() || (!config.migrate.command.empty() && !table.flyway)) {
        co_return found;
    }
    const auto blue = estate->server(Side::blue).dsn().with_database(database);
    const auto green = estate->server(Side::green).dsn().with_database(database);
    const std::function<void()> look = [&] {
        const auto missing = migration::missing_here(migration::history(green, "green", table),
                                                     migration::history(blue, "blue", table));
        found = missing.empty() ? std::string() : missing.front();
    };
    co_await run_blocking(look);
    co_return found;
}

Task<std::vector<migration::Applied>> apply_migrations(Estate* estate, MigrationJob job, MigrationNews news,
                                                       Deadline deadline) {
    const Feed feed(co_await asio::this_coro::executor, std::move(news));
    std::vector<migration::Applied> applied;
    if (!job.adopt) { // no run: the side stands alone
        co_await apply_now(estate, &job, &feed, deadline, &applied);
        co_return applied;
    }
    auto& blue = estate->server(Side::blue);
    auto& green = estate->server(Side::green);
    auto ahead = co_await replication::carry_ahead(blue, green, job.database, after(migrations_patience));
    std::exception_ptr failure;
    try {
        co_await apply_now(estate, &job, &feed, deadline, &applied);
    } catch (...) {
        failure = std::current_exception();
    }
    std::exception_ptr untidy;
    try {
        co_await script_on_green(estate, replication::end_migrations(job.database));
        co_await replication::take_back_unused(green, job.database, std::move(ahead),
                                               after(migrations_patience));
    } catch (...) {
        untidy = std::current_exception();
    }
    if (failure || untidy) {
        std::rethrow_exception(failure ? failure : untidy);
    }
    co_await warn_of_reach(estate, job, &feed.news());
    co_return applied;
}

ApplyPlace where_to_apply(const Progress& progress, std::optional<migration::Phase> asked) {
    const bool contract = asked == migration::Phase::contract;
    const auto serving = to_string(progress.serving);
    if (progress.active) {
        if (progress.attempt || progress.removing || progress.finishing) {
            refuse("the run was interrupted and has to come to rest first", "pgteal resume");
        }
        if (contract) {
            refuse("contract files wait until finish: " +
                       (progress.epoch > 1
                            ? to_string(other(progress.serving)) + " stands with the schema that "
                                                                   "they take away, for the way back"
                            : std::string("blue serves with the schema that they take away")),
                   progress.epoch > 1
                       ? "pgteal finish when you are sure, then pgteal migrate apply --phase contract"
                       : "pgteal prepare, pgteal cutover and pgteal finish, then pgteal migrate apply "
                         "--phase contract");
        }
        if (progress.epoch > 1 || progress.serving != Side::blue) {
            refuse("migrations are applied to green before the first cutover; " + serving + " serves already",
                   "pgteal finish, then a next run, whose prepare applies them");
        }
        if (progress.prepared) {
            refuse("the run is prepared: reverse lanes are armed for the schema as it is",
                   "pgteal abort, then pgteal prepare with the new migrations");
        }
        return {Side::green, migration::Phase::expand, true};
    }
    if (!progress.ever_finished) {
        refuse(contract ? "contract files are applied after finish, with the config of the run that was "
                          "finished, and "
                          "this run has not begun"
                        : "migrations are applied to green before a cutover, within a run, and there is none",
               "pgteal prepare applies what is pending in its turn");
    }
    if (asked == migration::Phase::expand) {
        refuse(
            "the run is finished and " + serving +
                " serves: expand files are applied to the copy that a next run "
                "makes, not where clients are",
            "a next run has a config of its own, with another [run] name; its pgteal prepare applies them");
    }
    return {progress.serving, migration::Phase::contract, false};
}

} // namespace pgteal::cutover
