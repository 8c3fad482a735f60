// migrate drift.
#include <csignal>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "cutover/cli/work.hpp"
#include "cutover/estate/owners_code_check.hpp"
#include "cutover/migrations/migrations.hpp"
#include "migration/schema/drift.hpp"
#include "replication/clone/clone.hpp"

namespace pgteal::cutover {

namespace {

using migration::schema::Finding;
using migration::schema::Report;

constexpr auto drift_patience = std::chrono::minutes(30);

/// A database as blue's, owned by ourselves: its owner may be no role of green yet.
Task<std::vector<std::string>> create_statements(Estate* estate, std::string database, std::string name) {
    const auto deadline = after(std::chrono::minutes(1));
    auto properties =
        co_await replication::read_database(estate->server(Side::blue), std::move(database), deadline);
    const auto green = co_await estate->server(Side::green).identity(deadline);
    properties.name = std::move(name);
    properties.owner = green.role;
    properties.connection_limit = -1;
    properties.grants.clear();
    properties.comment.clear();
    properties.tablespace.clear();
    std::vector<std::string> statements;
    for (const auto& statement : replication::create_database(properties, green.version)) {
        statements.push_back(statement.text.plain());
    }
    co_return statements;
}

Task<void> refuse_rowless_code(Estate* estate, postgres::Connection* connection, std::string database) {
    const auto refusal = co_await rowless_code_refusal(estate, Side::blue, connection, std::move(database),
                                                       after(std::chrono::minutes(1)));
    if (refusal) {
        throw Error(ErrorCode::refused, refusal->side, refusal->message, refusal->hint);
    }
}

Task<std::string> find_tools(Estate* estate) {
    const auto deadline = after(std::chrono::minutes(1));
    const auto blue = co_await estate->server(Side::blue).identity(deadline);
    const auto green = co_await estate->server(Side::green).identity(deadline);
    auto folder = co_await replication::find_dump(blue.version, deadline, green.version);
    co_return folder;
}

Task<void> wait_for_signal(std::shared_ptr<asio::signal_set> signals, std::shared_ptr<bool> stop) {
    boost::system::error_code error;
    co_await signals->async_wait(asio::redirect_error(asio::use_awaitable, error));
    *stop = *stop || !error;
    signals->clear(); // a second one ends the program at once
}

std::vector<DatabaseConfig> asked_for(const Session& session) {
    const auto& wanted = session.options.migrate.database;
    if (wanted.empty()) {
        return session.config.databases;
    }
    for (const auto& database : session.config.databases) {
        if (database.name == wanted) {
            return {database};
        }
    }
    throw Error(ErrorCode::usage, "", "the config has no [[database]] named " + wanted,
                "pgteal migrate drift without --database looks at all of them");
}

Task<std::vector<Report>> read_reports(Session* session, Terminal* terminal, std::shared_ptr<bool> stop) {
    auto* estate = session->estate.get();
    auto step = aside(StepId::drift);
    terminal->started(step);
    std::vector<Report> reports;
    for (const auto& database : asked_for(*session)) {
        const auto& migrate = session->config.migrate;
        migration::schema::Request request{estate->server(Side::blue),
                                           estate->server(Side::green),
                                           database.name,
                                           migrate.command.empty() ? database.migrations : "",
                                           history_of(session->config),
                                           {},
                                           {},
                                           {},
                                           {},
                                           {},
                                           {}};
        if (const auto record = left_out(session->config); !record.empty()) {
            request.ignored.insert(record);
        }
        request.create = [estate, name = database.name](std::string scratch) {
            return create_statements(estate, name, std::move(scratch));
        };
        request.find_tools = [estate] { return find_tools(estate); };
        request.may_copy = [estate, name = database.name](postgres::Connection* connection) {
            return refuse_rowless_code(estate, connection, name);
        };
        request.progress = [terminal, step](const std::string& words) {
            terminal->progress(step, words, -1);
        };
        request.stopped = [stop] { return *stop; };
        auto report = co_await migration::schema::drift(std::move(request), after(drift_patience));
        if (!migrate.command.empty() && !database.migrations.empty()) {
            report.remarks.push_back("[migrate] command applies the migrations: they are not replayed here");
        }
        reports.push_back(std::move(report));
    }
    co_return reports;
}

// ---- JSON

boost::json::value or_null(const std::optional<std::string>& text) {
    return text ? boost::json::value(*text) : boost::json::value();
}

void add_findings(boost::json::array* list, const Report& report, const std::vector<Finding>& findings) {
    for (const auto& finding : findings) {
        boost::json::object one;
        one["database"] = report.database;
        one["object"] = finding.object;
        one["kind"] = finding.kind;
        one["what"] = finding.what;
        one["blue"] = or_null(finding.blue);
        one["green"] = or_null(finding.green);
        one["expected"] = or_null(finding.expected);
        boost::json::array changed;
        for (const auto& attribute : finding.changed) {
            changed.emplace_back(attribute);
        }
        one["changed"] = std::move(changed);
        one["with"] = finding.with;
        one["side"] = finding.side;
        one["sql"] = finding.sql;
        list->push_back(std::move(one));
    }
}

boost::json::object document_of(const std::vector<Report>& reports) {
    bool equal = true;
    boost::json::array differences;
    boost::json::array explained;
    boost::json::array notes;
    boost::json::array databases;
    for (const auto& report : reports) {
        equal = equal && report.equal();
        add_findings(&differences, report, report.drift);
        add_findings(&explained, report, report.explained);
        add_findings(&notes, report, report.notes);
        boost::json::object one;
        one["name"] = report.database;
        one["green_exists"] = report.green_exists;
        one["expected"] = report.basis;
        one["expected_words"] = report.basis_words;
        one["blue_objects"] = report.blue_objects;
        one["green_objects"] = report.green_objects;
        one["looked_again"] = report.looked_again;
        boost::json::array remarks;
        for (const auto& remark : report.remarks) {
            remarks.emplace_back(remark);
        }
        one["remarks"] = std::move(remarks);
        databases.push_back(std::move(one));
    }
    boost::json::object document;
    document["equal"] = equal;
    document["differences"] = std::move(differences);
    document["explained"] = std::move(explained);
    document["notes"] = std::move(notes);
    document["databases"] = std::move(databases);
    return document;
}

// ---- for people

/// On one line of at most about a hundred characters.
std::string shortened(const std::string& text) {
    std::string line;
    for (const char c : text) {
        const bool blank = c == ' ' || c == '\n' || c == '\t';
        if (!blank) {
            line += c;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    constexpr std::size_t width = 100;
    if (line.size() > width) {
        std::size_t end = width;
        while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) {
            --end; // not within a character
        }
        line = line.substr(0, end) + "…";
    }
    return line;
}

void say_sql(Terminal& terminal, const Finding& finding) {
    if (finding.sql.empty()) {
        return;
    }
    constexpr std::size_t most = 12;
    terminal.say(
        fmt::format("            fix, on {}:", finding.side == "both" ? "both sides" : finding.side));
    std::size_t shown = 0;
    for (std::size_t from = 0; from < finding.sql.size(); ++shown) {
        const auto to = std::min(finding.sql.find('\n', from), finding.sql.size());
        if (shown == most) {
            terminal.say("              … (all of it with --json)");
            return;
        }
        terminal.say("              " + finding.sql.substr(from, to - from));
        from = to + 1;
    }
}

void say_finding(Terminal& terminal, const std::string& state, const Finding& finding, bool whole) {
    terminal.say(fmt::format("  {:<9} {:<18} {}", state, finding.kind, finding.object));
    terminal.say(fmt::format("            {}{}", finding.what,
                             finding.with > 0 ? fmt::format(", with {} of its parts", finding.with) : ""));
    if (!whole) {
        return;
    }
    const std::pair<const char*, const std::optional<std::string>*> sides[] = {
        {"blue", &finding.blue}, {"green", &finding.green}, {"expected", &finding.expected}};
    for (const auto& [name, text] : sides) {
        if (*text) {
            terminal.say(fmt::format("            {:<9} {}", name, shortened(**text)));
        }
    }
    say_sql(terminal, finding);
}

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

void say_report(Terminal& terminal, const Report& report) {
    terminal.say(fmt::format("{}: {}{}{}", report.database,
                             counted(report.blue_objects, "object", "objects") + " on blue, ",
                             report.green_exists ? std::to_string(report.green_objects) + " on green"
                                                 : "no such database on green yet",
                             report.basis_words.empty() ? "" : "; expected: " + report.basis_words));
    for (const auto& finding : report.drift) {
        say_finding(terminal, "drift", finding, true);
    }
    for (const auto& finding : report.explained) {
        say_finding(terminal, "explained", finding, false);
    }
    for (const auto& finding : report.notes) {
        say_finding(terminal, "note", finding, false);
    }
    for (const auto& remark : report.remarks) {
        terminal.say("  note      " + remark);
    }
    std::string end = report.equal() ? "no drift" : counted(report.drift.size(), "difference", "differences");
    if (!report.explained.empty()) {
        end += fmt::format(", {} explained by migrations", report.explained.size());
    }
    terminal.say("  " + std::string(report.equal() ? "ok        " : "drift     ") + end);
}

} // namespace

Task<Exit> run_migrate_drift(Session* session) {
    Terminal terminal(session->options.json ? stderr : stdout, session->options.quiet);
    auto executor = co_await asio::this_coro::executor;
    auto signals = std::make_shared<asio::signal_set>(executor, SIGINT, SIGTERM);
    auto stop = std::make_shared<bool>(false);
    asio::co_spawn(executor, wait_for_signal(signals, stop), asio::detached);
    const auto reports = co_await read_reports(session, &terminal, stop);
    signals->cancel();
    bool equal = true;
    for (const auto& report : reports) {
        equal = equal && report.equal();
    }
    if (session->options.json) {
        print_json(document_of(reports));
        co_return equal ? Exit::done : Exit::refused;
    }
    for (const auto& report : reports) {
        say_report(terminal, report);
    }
    if (!equal) {
        terminal.say(
            "\nBlue and green were only read. What drops, rewrites or revokes is shown as a comment: "
            "nothing of this is run by pgteal.");
    }
    co_return equal ? Exit::done : Exit::refused;
}

} // namespace pgteal::cutover
