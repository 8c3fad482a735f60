// pg_dump and pg_restore as data.
#include "postgres/quote.hpp"
#include "replication/clone.hpp"
#include "replication/sql.hpp"

namespace pgteal::replication {

namespace {

using postgres::Program;

std::string tool(const std::string& bin_dir, const char* name) {
    return bin_dir.empty() ? name : bin_dir + '/' + name;
}

std::string list_file(const std::string& dump_file) { return dump_file + ".list"; }

/// The settings travel in the connection string: PGOPTIONS would be ignored where the operator's own string
/// has options.
std::string connection(const postgres::Dsn& dsn, const std::string& database, const std::string& settings,
                       const char* application = "pgteal") {
    const auto own = dsn.get("options");
    const postgres::Dsn full = dsn.with_database(database)
                                   .with("options", (own ? *own + ' ' : "") + settings)
                                   .with("application_name", application)
                                   .with("connect_timeout", dsn.get("connect_timeout").value_or("10"));
    return full.display();
}

} // namespace

Program dump_schema(const postgres::Dsn& from, const std::string& database, const std::string& dump_file,
                    const std::string& bin_dir) {
    Program program;
    program.argv = {
        tool(bin_dir, "pg_dump"), "--format=custom", "--schema-only", "--no-publications",
        "--no-subscriptions", "--exclude-schema=pgteal", "--exclude-schema=pgteal_migrations",
        // What is a keyword differs between majors (docs: pg_dump).
        "--quote-all-identifiers", "--lock-wait-timeout=30s", "--no-password", "--file=" + dump_file,
        "--dbname=" +
            connection(from, database, "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0")};
    program.environment = from.secrets_environment();
    return program;
}

std::vector<Program> list_schema(const std::string& dump_file, const std::string& bin_dir) {
    const std::string list = list_file(dump_file);
    Program write{{tool(bin_dir, "pg_restore"), "--list", "--file=" + list, dump_file}, {}};
    // Entries read "14; 3466 16400 EVENT TRIGGER - name owner", and "… COMMENT - EVENT TRIGGER name owner".
    Program filter{{"sed", "-i", "-E", "-e", "/ EVENT TRIGGER (- )?\"?pgteal/d", list}, {}};
    return {std::move(write), std::move(filter)};
}

Program restore_schema(const postgres::Dsn& to, const std::string& database, const std::string& dump_file,
                       Section section, int jobs, const std::string& bin_dir) {
    // Restored objects pass our own fence and freeze. Index builds are most of post-data: give them memory.
    // Pre-data is flushed by the copy's durable commit; after post-data nothing else would do it.
    const std::string settings =
        std::string(
            "-c default_transaction_read_only=off -c pgteal.ddl=on -c statement_timeout=0 -c lock_timeout=0 "
            "-c idle_in_transaction_session_timeout=0 -c maintenance_work_mem=256MB -c synchronous_commit=") +
        (section == Section::pre_data ? "off" : "on");
    Program program;
    program.argv = {tool(bin_dir, "pg_restore"), "--exit-on-error",
                    section == Section::pre_data ? "--section=pre-data" : "--section=post-data",
                    "--use-list=" + list_file(dump_file), "--no-password"};
    if (section == Section::post_data && jobs > 1) {
        program.argv.push_back("--jobs=" + std::to_string(jobs));
    }
    program.argv.push_back("--dbname=" + connection(to, database, settings, restore_application));
    program.argv.push_back(dump_file);
    program.environment = to.secrets_environment();
    return program;
}

postgres::Statement drop_partition_indexes(const std::string& database) {
    return {database, std::string(sql::drop_partition_indexes), {}};
}

postgres::Statement fill_views(const std::string& database, const std::vector<std::string>& views) {
    std::string names;
    for (const auto& view : views) {
        names += (names.empty() ? "" : ", ") + postgres::quote_literal(view);
    }
    std::string text(sql::fill_views);
    const std::string place = "/* names */";
    text.replace(text.find(place), place.size(), names);
    return {database, std::move(text), {binding_for("views_left", database)}};
}

} // namespace pgteal::replication
