#include "replication/control.hpp"

#include "replication/lane_names.hpp"
#include "replication/lanes.hpp"
#include "replication/sql.hpp"

namespace pgteal::replication {

using postgres::Statement;

Statement create_control_schema(const std::string& database, int lanes) {
    std::string text = "BEGIN READ WRITE;\n" + std::string(sql::lane_control);
    for (int lane = 1; lane <= lanes; ++lane) {
        const std::string table = marker_table(lane);
        text += "CREATE TABLE IF NOT EXISTS " + table +
                " (kind text PRIMARY KEY, token bigint, at timestamptz);\n";
        text += "INSERT INTO " + table +
                " (kind) VALUES ('barrier'), ('lag'), ('canary') ON CONFLICT DO NOTHING;\n";
    }
    return {database, text + "COMMIT", {}};
}

Statement drop_control_schema(const std::string& database) {
    // The event triggers hang on functions in it: without CASCADE nothing would go.
    return {database,
            R"(DO $pgteal$
DECLARE
  stranger text;
BEGIN
  SELECT c.oid::pg_catalog.regclass::text INTO stranger FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'pgteal' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND c.relname NOT IN ('run', 'probe', 'progress', 'copied') AND c.relname !~ '^marker_[0-9]+$'
    ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'dependent_objects_still_exist',
      MESSAGE = pg_catalog.format('%s is in schema pgteal, which pgteal is about to drop, and is not its own', stranger),
      HINT = pg_catalog.format('Move it: SET pgteal.ddl = on; ALTER TABLE %s SET SCHEMA public. Then run the command again.', stranger);
  END IF;
  DROP SCHEMA IF EXISTS pgteal CASCADE;
END $pgteal$)",
            {}};
}

Statement freeze_ddl(const std::string& database) {
    return {database, "BEGIN READ WRITE;\n" + std::string(sql::lane_freeze) + "COMMIT", {}};
}

Statement unfreeze_ddl(const std::string& database) {
    return {database,
            "BEGIN READ WRITE;\n"
            "DROP EVENT TRIGGER IF EXISTS pgteal_freeze_ddl;\n"
            "DROP EVENT TRIGGER IF EXISTS pgteal_freeze_drop;\n"
            "DROP FUNCTION IF EXISTS pgteal.freeze_ddl();\n"
            "DROP FUNCTION IF EXISTS pgteal.freeze_drop();\n"
            "DROP FUNCTION IF EXISTS pgteal.refuse_ddl(text);\n"
            "COMMIT",
            {}};
}

Task<bool> frozen(postgres::Server& server, std::string database, Deadline deadline) {
    std::string text =
        "SELECT pg_catalog.count(*) = 2 FROM pg_catalog.pg_event_trigger\n"
        " WHERE evtname IN ('pgteal_freeze_ddl', 'pgteal_freeze_drop') AND evtenabled IN ('O', 'A')";
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
