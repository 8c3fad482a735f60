// What several scenarios ask of the world around pgteal: files, PgBouncer's console, statements as a client.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "postgres/connection.hpp"
#include "tests/support/lab.hpp"
#include "tests/support/workload_session.hpp"

namespace pgteal::support {

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        throw std::runtime_error("can't read " + path.string());
    }
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush()) {
        throw std::runtime_error("can't write " + path.string());
    }
}

/// `text` with the one occurrence of `from` replaced. Throws when there is none: a test that changes nothing
/// tests nothing.
inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    if (at == std::string::npos) {
        throw std::runtime_error("there is no '" + from + "' to replace");
    }
    return text.replace(at, from.size(), to);
}

struct ConsoleEntry {
    std::string port;
    bool paused = false;
    auto operator<=>(const ConsoleEntry&) const = default;
};

inline Task<void> read_console(postgres::Dsn console, std::map<std::string, ConsoleEntry>* entries) {
    auto connection =
        co_await postgres::Connection::open(std::move(console), "console", after(std::chrono::seconds(10)));
    const auto results = co_await connection.script("SHOW DATABASES", after(std::chrono::seconds(10)));
    const auto& shown = results.front();
    for (int row = 0; row < shown.rows(); ++row) {
        const auto name = shown.get<std::string>(row, "name");
        if (name != "pgbouncer") {
            (*entries)[name] = {shown.get<std::string>(row, "port"), shown.get<int>(row, "paused") != 0};
        }
    }
}

/// SHOW DATABASES of a pooler, by entry; without its console.
inline std::map<std::string, ConsoleEntry> show_databases(const Lab& lab, const std::string& pooler) {
    std::map<std::string, ConsoleEntry> entries;
    run_here([&] { return read_console(lab.admin_dsn(pooler), &entries); });
    return entries;
}

/// A session of role app through `member`: a pooler's entry, or a server's database.
inline workload::Session client(const Lab& lab, const std::string& member, const std::string& entry) {
    workload::Session session;
    if (!session.connect(lab.app_dsn(member, entry).conninfo(), std::chrono::seconds(30))) {
        throw std::runtime_error(member + "/" + entry + ": " + session.take_error());
    }
    return session;
}

/// Runs one statement there; its first value, or empty. Throws std::runtime_error when it is refused.
inline std::string as_client(const Lab& lab, const std::string& member, const std::string& entry,
                             const std::string& sql) {
    auto session = client(lab, member, entry);
    const auto reply = session.run(sql.c_str());
    if (!reply.ok()) {
        throw std::runtime_error(member + "/" + entry + ": " + reply.message + ": " + sql);
    }
    return reply.rows() == 0 ? std::string() : std::string(reply.text(0, 0));
}

inline Task<void> send_script(postgres::Dsn server, std::string sql) {
    auto connection =
        co_await postgres::Connection::open(std::move(server), "server", after(std::chrono::seconds(10)));
    co_await connection.script(std::move(sql), after(std::chrono::seconds(30)));
}

/// Several statements in one session of pgteal's role, straight to a server. Throws Error.
inline void script(const Lab& lab, const std::string& side, const std::string& database,
                   const std::string& sql) {
    run_here([&] { return send_script(lab.dsn(side).with_database(database), sql); });
}

inline Task<void> send_reload(postgres::Dsn console) {
    auto connection =
        co_await postgres::Connection::open(std::move(console), "console", after(std::chrono::seconds(10)));
    co_await connection.script("RELOAD", after(std::chrono::seconds(10)));
}

/// Writes a pooler's config file and has it read.
inline void reconfigure(const Lab& lab, const std::string& pooler, const std::string& text) {
    write_file(lab.dir() + "/" + pooler + "/pgbouncer.ini", text);
    run_here([&] { return send_reload(lab.admin_dsn(pooler)); });
}

inline const char* const who_are_you = "SELECT system_identifier::text FROM pg_control_system()";

} // namespace pgteal::support
