// pg_dump and pg_restore as data.
#include "postgres/client_program.hpp"
#include "postgres/quote.hpp"
#include "replication/clone/clone.hpp"
#include "replication/clone/sql.hpp"

namespace pgteal::replication {

namespace {

using postgres::Program;

std::string tool(const std::string& bin_dir, const char* name) {
    return bin_dir.empty() ? name : bin_dir + '/' + name;
}

std::string list_file(const std::string& dump_file) { return dump_file + ".list"; }

} // namespace

Program dump_schema(const postgres::Dsn& from, const std::string& database, const std::string& dump_file,
                    const std::string& bin_dir) {
    Program program;
    program.argv = {tool(bin_dir, "pg_dump"), "--format=custom", "--schema-only", "--no-subscriptions",
                    "--exclude-schema=pgteal", "--exclude-schema=pgteal_migrations",
                    // What is a keyword differs between majors (docs: pg_dump).
                    "--quote-all-identifiers", "--lock-wait-timeout=30s", "--no-password",
                    "--file=" + dump_file};
    program.private_files = true;
    return connected(std::move(program), from.with_database(database), "pgteal", "");
}

std::vector<Program> list_schema(const std::string& dump_file, const std::string& bin_dir) {
    const std::string list = list_file(dump_file);
    Program write{{tool(bin_dir, "pg_restore"), "--list", "--file=" + list, dump_file}, {}};
    write.private_files = true;
    // Entries read "14; 3466 16400 EVENT TRIGGER - name owner", and "… COMMENT - EVENT TRIGGER name owner".
    // From the line's start on: a table may be called "a EVENT TRIGGER pgteal". Of publications, "PUBLICATION
    // - name owner" and "PUBLICATION TABLE schema name table owner": others' come along, lanes don't.
    const std::string triggers =
        "/^[0-9]+; [0-9]+ [0-9]+ (EVENT TRIGGER -|(COMMENT|SECURITY LABEL) - EVENT TRIGGER) \"?pgteal_/d";
    const std::string publications = "/^[0-9]+; [0-9]+ [0-9]+ PUBLICATION .*[ \"]pgteal_.* [^ ]+$/d";
    Program filter{{"sed", "-i", "-E", "-e", triggers, "-e", publications, list}, {}};
    return {std::move(write), std::move(filter)};
}

Program restore_schema(const postgres::Dsn& to, const std::string& database, const std::string& dump_file,
                       Section section, int jobs, const std::string& bin_dir, Bytes maintenance_work_mem,
                       bool newer) {
    // Index builds are most of post-data: give them memory. Pre-data is flushed by the copy's durable commit;
    // after post-data nothing else would do it. Pre-data has the user mappings with their passwords;
    // post-data may run for hours, and pg_stat_activity shows how it goes.
    const std::string settings =
        section == Section::pre_data
            ? "-c synchronous_commit=off -c track_activities=off"
            : "-c maintenance_work_mem=" + std::to_string(maintenance_work_mem.count / 1024) +
                  "kB -c synchronous_commit=on";
    Program program;
    program.argv = {tool(bin_dir, "pg_restore"),
                    section == Section::pre_data ? "--section=pre-data" : "--section=post-data",
                    "--use-list=" + list_file(dump_file), "--no-password"};
    if (newer) {
        program.environment["LC_ALL"] = "C"; // its words are read
    } else {
        program.argv.insert(program.argv.begin() + 1, "--exit-on-error");
    }
    if (section == Section::post_data && jobs > 1) {
        program.argv.push_back("--jobs=" + std::to_string(jobs));
    }
    program = connected(std::move(program), to.with_database(database), restore_application, settings);
    program.argv.push_back(dump_file);
    return program;
}

bool is_unknown_parameter(const postgres::Complaint& complaint) {
    return complaint.message.starts_with("unrecognized configuration parameter ");
}

std::string restore_problem(const postgres::ProgramOutput& output) {
    if (output.exit_code == 0) {
        return "";
    }
    constexpr std::string_view ignored = "errors ignored on restore: ";
    const auto complaints = postgres::complaints_of(output.err);
    for (const auto& one : complaints) {
        if (!is_unknown_parameter(one)) {
            return (one.object.empty() ? "" : one.object + ": ") + one.message;
        }
    }
    // It counts those that were told, but not what parallel workers meet while they connect.
    const auto at = output.err.rfind(ignored);
    const auto counted =
        at == std::string::npos
            ? std::string()
            : output.err.substr(at + ignored.size(), output.err.find('\n', at) - at - ignored.size());
    const bool all = !counted.empty() && counted.find_first_not_of("0123456789") == std::string::npos &&
                     counted.size() < 10 && std::stoul(counted) <= complaints.size();
    if (all && output.exit_code == 1) {
        return "";
    }
    auto said = postgres::complaint_of(output.err); // one that was killed says nothing
    return said.empty() ? "it did not say why" : said;
}

postgres::Statement drop_partition_indexes(const std::string& database) {
    return {database, std::string(sql::drop_partition_indexes), {}};
}

postgres::Statement fill_views(const std::string& database, const std::vector<std::string>& views) {
    std::string names;
    for (const auto& view : views) {
        names += (names.empty() ? "" : ", ") + postgres::quote_literal_in_body(view);
    }
    std::string text(sql::fill_views);
    const std::string place = "/* names */";
    text.replace(text.find(place), place.size(), names);
    return {database, std::move(text), {binding_for("views_left", database)}};
}

} // namespace pgteal::replication
