#include "migration/apply/external.hpp"

#include <array>

#include "base/error.hpp"
#include "migration/files/text.hpp"
#include "postgres/server_words.hpp"
#include "postgres/startup.hpp"

namespace pgteal::migration {

namespace {

/// libpq's environment variables (docs: "Environment Variables") by keyword.
constexpr std::array<std::pair<std::string_view, std::string_view>, 20> variables{{
    {"host", "PGHOST"},
    {"hostaddr", "PGHOSTADDR"},
    {"port", "PGPORT"},
    {"dbname", "PGDATABASE"},
    {"user", "PGUSER"},
    {"password", "PGPASSWORD"},
    {"passfile", "PGPASSFILE"},
    {"service", "PGSERVICE"},
    {"options", "PGOPTIONS"},
    {"application_name", "PGAPPNAME"},
    {"connect_timeout", "PGCONNECT_TIMEOUT"},
    {"client_encoding", "PGCLIENTENCODING"},
    {"channel_binding", "PGCHANNELBINDING"},
    {"sslmode", "PGSSLMODE"},
    {"sslcert", "PGSSLCERT"},
    {"sslkey", "PGSSLKEY"},
    {"sslrootcert", "PGSSLROOTCERT"},
    {"sslcrl", "PGSSLCRL"},
    {"gssencmode", "PGGSSENCMODE"},
    {"target_session_attrs", "PGTARGETSESSIONATTRS"},
}};

/// Pieces of output as whole lines.
class Lines {
public:
    explicit Lines(std::function<void(const std::string&)> on_line) : on_line_(std::move(on_line)) {}
    void add(std::string_view piece) {
        rest_ += piece;
        for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
            say(rest_.substr(0, end));
            rest_.erase(0, end + 1);
        }
    }
    void end() {
        if (!rest_.empty()) {
            say(std::exchange(rest_, {}));
        }
    }

private:
    void say(std::string line) {
        if (line.ends_with('\r')) {
            line.pop_back();
        }
        if (on_line_) {
            on_line_(filter_(line));
        }
    }
    std::function<void(const std::string&)> on_line_;
    postgres::RowFilter filter_;
    std::string rest_;
};

std::string without_rows(std::string_view text) {
    postgres::RowFilter filter;
    std::string out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        out += filter(text.substr(0, end)) + "\n";
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

/// The end of what it said, on one line, without the password should it print that.
std::string last_words(const postgres::ProgramOutput& output, const std::string& password) {
    constexpr std::size_t enough = 400;
    auto text = output.err.find_first_not_of(" \r\n\t") == std::string::npos ? output.out : output.err;
    for (auto at = text.find(password); !password.empty() && at != std::string::npos;
         at = text.find(password, at)) {
        text.replace(at, password.size(), "***");
    }
    text = without_rows(text);
    if (text.size() > enough) {
        text = text.substr(text.size() - enough);
        text = text.substr(std::min(text.find_first_of(" \n"), text.size() - 1));
    }
    return excerpt(text, enough + 8);
}

} // namespace

postgres::Program program_of(const External& external) {
    const auto limits = "-c lock_timeout=" + std::to_string(external.lock_timeout.count()) +
                        " -c statement_timeout=" + std::to_string(external.statement_timeout.count());
    const auto dsn = postgres::with_startup(external.dsn, postgres::Purpose::users_text, limits)
                         .with("application_name", "pgteal migrate apply");
    postgres::Program program;
    program.argv = external.command;
    program.directory = external.folder;
    for (const auto& [keyword, variable] : variables) {
        if (const auto value = dsn.get(keyword); value && !value->empty()) {
            program.environment[std::string(variable)] = *value;
        }
    }
    program.environment["PGTEAL_DSN"] = dsn.display();
    program.environment["PGTEAL_SIDE"] = external.side;
    program.environment["PGTEAL_PHASE"] = to_string(external.phase);
    return program;
}

Task<void> run_external(External external, Deadline deadline,
                        std::function<void(const std::string&)> on_line) {
    auto program = program_of(external);
    Lines lines(std::move(on_line));
    std::function<void(std::string_view)> listener = [&lines](std::string_view piece) { lines.add(piece); };
    postgres::ProgramOutput output;
    try {
        output = co_await postgres::run_program(program, deadline, std::move(listener));
    } catch (const DeadlinePassed& passed) {
        throw DeadlinePassed(external.side, passed.what(),
                             "See what holds it up on " + external.side + ", then run " + external.again +
                                 " again: it is called again.");
    }
    lines.end();
    if (output.exit_code != 0) {
        const auto words = last_words(output, external.dsn.get("password").value_or(""));
        throw Error(ErrorCode::migration, external.side,
                    postgres::to_string(program) + " ended with exit code " +
                        std::to_string(output.exit_code) + (words.empty() ? std::string() : ": " + words),
                    "What it applied before stays on " + external.side +
                        "; its own history says what that is. Mend what it says, then run " + external.again +
                        " again: it is called again.");
    }
}

} // namespace pgteal::migration
