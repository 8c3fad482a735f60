#include "cutover/run_row.hpp"

#include "postgres/quote.hpp"

namespace pgteal::cutover {

postgres::Statement insert_run_row(const std::string& database) {
    return {database,
            "INSERT INTO pgteal.run (run_id, run_name, epoch, serving, system_identifier) SELECT :'run_id', "
            ":'run_name', 1, 'blue', system_identifier::text"
            " FROM pg_control_system() ON CONFLICT (one) DO UPDATE SET run_id = excluded.run_id, run_name = "
            "excluded.run_name, epoch = 1, serving = 'blue', system_identifier = excluded.system_identifier",
            {}};
}

std::string require_epoch_text(std::int64_t epoch) {
    return "DO $guard$ BEGIN PERFORM 1 FROM pgteal.run WHERE run_id = :'run_id' AND epoch = " +
           std::to_string(epoch) +
           "; IF NOT FOUND THEN RAISE EXCEPTION 'another controller went on: this one is at epoch " +
           std::to_string(epoch) + "' USING ERRCODE = '55000'; END IF; END $guard$";
}

std::string require_attempt_text() {
    return "DO $guard$ BEGIN PERFORM 1 FROM pgteal.run WHERE controller = :'attempt' FOR UPDATE; IF NOT "
           "FOUND "
           "THEN RAISE EXCEPTION 'this attempt to switch is over' USING ERRCODE = '55000'; END IF; END "
           "$guard$";
}

std::string require_own_attempt_text() {
    return "DO $guard$ BEGIN PERFORM 1 FROM pgteal.run WHERE controller IS NULL OR controller::bigint <= "
           ":'begun_by'::bigint FOR UPDATE; IF NOT FOUND THEN RAISE EXCEPTION 'a newer attempt to switch is "
           "under "
           "way' USING ERRCODE = '55000'; END IF; END $guard$";
}

std::string raise_fence_text(const std::string& database) {
    const auto name = postgres::quote_identifier(database);
    return "ALTER DATABASE " + name + " SET default_transaction_read_only = on; ALTER DATABASE " + name +
           " CONNECTION LIMIT 0";
}

std::string lift_fence_text(const std::string& database, int connection_limit, const std::string& setting) {
    const auto name = postgres::quote_identifier(database);
    return "ALTER DATABASE " + name +
           (setting.empty() ? " RESET default_transaction_read_only"
                            : " SET default_transaction_read_only = " + postgres::quote_literal(setting)) +
           "; ALTER DATABASE " + name + " CONNECTION LIMIT " + std::to_string(connection_limit);
}

} // namespace pgteal::cutover
