#include "replication/lane/control.hpp"

#include <algorithm>

#include "replication/lane/lane_names.hpp"
#include "replication/lane/lanes.hpp"
#include "replication/lane/sql.hpp"

namespace pgteal::replication {

using postgres::Statement;

namespace {

std::string create_marker_table(int lane) {
    return "CREATE TABLE IF NOT EXISTS " + marker_table(lane) +
           " (kind text PRIMARY KEY, token bigint, at timestamptz, detail jsonb, previous bigint);\n";
}

/// What became of a partition on the other side is done here when its marker arrives.
std::string watch_marker_table(int lane) {
    const std::string table = marker_table(lane);
    return "DROP TRIGGER IF EXISTS pgteal_partition ON " + table +
           ";\n"
           "CREATE TRIGGER pgteal_partition AFTER INSERT ON " +
           table +
           " FOR EACH ROW WHEN (NEW.detail IS NOT NULL) EXECUTE FUNCTION pgteal.partition_arrives();\n"
           "ALTER TABLE " +
           table +
           " ENABLE REPLICA TRIGGER pgteal_partition;\n"
           "DROP TRIGGER IF EXISTS pgteal_gap ON " +
           table + ";\nCREATE TRIGGER pgteal_gap BEFORE UPDATE ON " + table +
           " FOR EACH ROW WHEN (NEW.kind = 'look') EXECUTE FUNCTION pgteal.watch_markers();\n"
           "ALTER TABLE " +
           table + " ENABLE REPLICA TRIGGER pgteal_gap;\n";
}

/// Comments out, white space single.
std::string one_line(std::string_view text) {
    std::string out;
    bool comment = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        comment = comment ? text[i] != '\n' : text.substr(i, 2) == "--";
        const bool space = text[i] == ' ' || text[i] == '\n';
        if (!comment && !(space && (out.empty() || out.back() == ' '))) {
            out += space ? ' ' : text[i];
        }
    }
    return out;
}

} // namespace

std::string subscriber_tables(int lanes) {
    std::string all(sql::lane_control);
    for (int lane = 1; lane <= lanes; ++lane) {
        all += create_marker_table(lane);
    }
    std::string out;
    for (std::size_t begin = 0; begin < all.size();) {
        const std::size_t end = std::min(all.find(";\n", begin), all.size());
        const std::string statement = one_line(std::string_view(all).substr(begin, end - begin));
        for (const char* wanted : {"CREATE SCHEMA ", "CREATE TABLE ", "ALTER TABLE "}) {
            if (statement.starts_with(wanted)) {
                out += (out.empty() ? "" : " ") + statement + ';';
            }
        }
        begin = end + 2;
    }
    return out;
}

Statement create_control_schema(const std::string& database, int lanes) {
    std::string text = "BEGIN READ WRITE;\n" + std::string(sql::lane_control);
    for (int lane = 1; lane <= lanes; ++lane) {
        text += create_marker_table(lane);
        text += "INSERT INTO " + marker_table(lane) +
                " (kind) VALUES ('barrier'), ('lag'), ('canary'), ('look') ON CONFLICT DO NOTHING;\n";
    }
    text += sql::lane_partition_moves;
    text += sql::lane_partitions;
    for (int lane = 1; lane <= lanes; ++lane) {
        text += watch_marker_table(lane);
    }
    text += sql::lane_tables_kept;
    return {database, text + "COMMIT", {}};
}

Statement drop_control_schema(const std::string& database) {
    return {database, std::string(sql::drop_control), {}};
}

Statement try_drop_control_schema(const std::string& database) {
    return {database, "BEGIN READ WRITE; " + std::string(sql::drop_control) + "; ROLLBACK", {}};
}

Statement freeze_ddl(const std::string& database, bool carry_partitions) {
    return {database,
            "BEGIN READ WRITE;\n" + std::string(sql::lane_freeze) +
                (carry_partitions ? "SELECT pgteal.note_partitions(), pgteal.let_apply_write();\n" : "") +
                "COMMIT",
            {}};
}

Statement unfreeze_ddl(const std::string& database) {
    return {database,
            "BEGIN READ WRITE;\n"
            "DROP EVENT TRIGGER IF EXISTS pgteal_freeze_start;\n"
            "DROP EVENT TRIGGER IF EXISTS pgteal_freeze_ddl;\n"
            "DROP EVENT TRIGGER IF EXISTS pgteal_freeze_drop;\n"
            "DROP FUNCTION IF EXISTS pgteal.freeze_start();\n"
            "DROP FUNCTION IF EXISTS pgteal.freeze_ddl();\n"
            "DROP FUNCTION IF EXISTS pgteal.freeze_drop();\n"
            "DROP FUNCTION IF EXISTS pgteal.refuse_ddl(text);\n"
            "DROP FUNCTION IF EXISTS pgteal.may_change_schema();\n"
            "DROP FUNCTION IF EXISTS pgteal.relation_of(oid, oid);\n"
            "DROP FUNCTION IF EXISTS pgteal.is_of_lane(text);\n"
            "COMMIT",
            {}};
}

Task<bool> frozen(postgres::Server& server, std::string database, Deadline deadline) {
    std::string text =
        "SELECT pg_catalog.count(*) = 3 FROM pg_catalog.pg_event_trigger\n"
        " WHERE evtname IN ('pgteal_freeze_start', 'pgteal_freeze_ddl', 'pgteal_freeze_drop')\n"
        "   AND evtenabled IN ('O', 'A')";
    postgres::Params none;
    const postgres::Result row =
        co_await server.exec(std::move(database), std::move(text), std::move(none), deadline);
    co_return row.get<bool>(0, 0);
}

Task<bool> control_schema_exists(postgres::Server& server, std::string database, int lanes,
                                 Deadline deadline) {
    std::string tables = "SELECT pg_catalog.to_regclass('pgteal.run') IS NOT NULL AND "
                         "pg_catalog.to_regclass('pgteal.probe') IS NOT NULL";
    for (int lane = 1; lane <= lanes; ++lane) {
        tables += " AND pg_catalog.to_regclass('" + marker_table(lane) + "') IS NOT NULL";
    }
    postgres::Params none;
    const postgres::Result there = co_await server.exec(database, std::move(tables), none, deadline);
    if (!there.get<bool>(0, 0)) {
        co_return false;
    }
    std::string filled = "SELECT (SELECT pg_catalog.count(*) FROM pgteal.run) = 1";
    for (int lane = 1; lane <= lanes; ++lane) {
        filled += " AND (SELECT pg_catalog.count(*) FROM " + marker_table(lane) +
                  " WHERE kind IN ('barrier', 'lag', 'canary')) = 3";
    }
    const postgres::Result rows =
        co_await server.exec(std::move(database), std::move(filled), std::move(none), deadline);
    co_return rows.get<bool>(0, 0);
}

} // namespace pgteal::replication
