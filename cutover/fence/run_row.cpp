#include "cutover/fence/run_row.hpp"

#include "cutover/fence/own_tables.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

postgres::Statement insert_run_row(const std::string& database) {
    return {
        database,
        postgres::from_template(
            "INSERT INTO pgteal.run (run_id, run_name, epoch, serving, system_identifier) SELECT :'run_id', "
            ":'run_name', 1, 'blue', system_identifier::text"
            " FROM pg_control_system() ON CONFLICT (one) DO UPDATE SET run_id = excluded.run_id, run_name = "
            "excluded.run_name, epoch = 1, serving = 'blue', system_identifier = excluded.system_identifier"),
        {}};
}

postgres::SqlText require_epoch_text(std::int64_t epoch) {
    return postgres::from_template(
               "DO $guard$ BEGIN PERFORM 1 FROM pgteal.run WHERE run_id = :'run_id' AND epoch = ") +
           std::to_string(epoch) +
           "; IF NOT FOUND THEN RAISE EXCEPTION 'another controller went on: this one is at epoch " +
           std::to_string(epoch) + "' USING ERRCODE = 'TEAL1'; END IF; END $guard$";
}

postgres::SqlText require_attempt_text() {
    return postgres::from_template(
        "DO $guard$ BEGIN PERFORM 1 FROM pgteal.run WHERE controller = :'attempt' FOR UPDATE; IF NOT FOUND "
        "THEN RAISE EXCEPTION 'this attempt to switch is over' USING ERRCODE = 'TEAL1'; END IF; END $guard$");
}

postgres::SqlText require_own_attempt_text() {
    return postgres::from_template(
        "DO $guard$ BEGIN PERFORM 1 FROM pgteal.run WHERE controller IS NULL OR controller::bigint <= "
        ":'begun_by'::bigint FOR UPDATE; IF NOT FOUND THEN RAISE EXCEPTION 'a newer attempt to switch is "
        "under "
        "way' USING ERRCODE = 'TEAL1'; END IF; END $guard$");
}

std::string raise_fence_text(const std::string& database) {
    const auto name = postgres::quote_identifier(database);
    return "ALTER DATABASE " + name + " SET default_transaction_read_only = on; ALTER DATABASE " + name +
           " CONNECTION LIMIT 0";
}

std::string past_lockers(const std::string& statements) {
    // pgteal's own are let be: several databases are fenced at once, each row by a session of its own.
    return "DO $lockers$\n"
           "DECLARE\n"
           "  tries int := 0;\n"
           "BEGIN\n"
           "  SET LOCAL lock_timeout = '300ms';\n"
           "  LOOP\n"
           "    BEGIN\n"
           "      EXECUTE " +
           postgres::quote_literal(statements) +
           ";\n"
           "      EXIT;\n"
           "    EXCEPTION WHEN lock_not_available THEN\n"
           "      tries := tries + 1;\n"
           "      IF tries > 10 THEN\n"
           "        RAISE;\n"
           "      END IF;\n"
           "      PERFORM pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = "
           "l.pid\n"
           "       WHERE l.granted AND a.backend_type = 'client backend' AND a.usename <> current_user\n"
           "         AND (l.relation IN ('pg_database'::regclass, 'pg_db_role_setting'::regclass) AND l.mode "
           "<> "
           "'AccessShareLock'\n"
           "              OR l.locktype = 'object' AND l.classid = 'pg_database'::regclass\n"
           "                 AND l.mode IN ('ExclusiveLock', 'AccessExclusiveLock')\n"
           // GRANT keeps no lock on the table, but its transaction is in the row.
           "              OR l.locktype = 'transactionid' AND l.transactionid = (SELECT d.xmax FROM "
           "pg_database "
           "d WHERE d.datname = current_database()));\n"
           "      PERFORM pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = "
           "l.pid\n"
           "       WHERE " +
           locks_own_table_text() +
           ";\n"
           "    END;\n"
           "  END LOOP;\n"
           "END $lockers$";
}

std::string lift_fence_text(const std::string& database, int connection_limit, const std::string& setting) {
    const auto name = postgres::quote_identifier(database);
    return "ALTER DATABASE " + name +
           (setting.empty() ? " RESET default_transaction_read_only"
                            : " SET default_transaction_read_only = " + postgres::quote_literal(setting)) +
           "; ALTER DATABASE " + name + " CONNECTION LIMIT " + std::to_string(connection_limit);
}

} // namespace pgteal::cutover
