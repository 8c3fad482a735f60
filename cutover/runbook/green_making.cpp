// How databases are made and dropped on green, so that a crash at any moment leaves what is provably the
// run's.
#include "cutover/look/green_database.hpp"

#include "cutover/fence/run_row.hpp"
#include "health/checks/sql.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

Action maintenance(std::string text, int phase) {
    Sql action;
    action.side = Side::green;
    action.statement = {"", std::move(text), {}};
    action.close_sessions = true;
    return {std::move(action), phase};
}

/// Not a class of SQLSTATE that is worth a retry: only a person can make it go.
constexpr const char* refusal_state = "2BP01";

std::string claim_text(const GreenDatabase& database, const std::string& old) {
    const auto name = postgres::quote_literal_in_body(database.name);
    const auto renamed = postgres::quote_literal_in_body(old);
    const auto oid = std::to_string(database.oid);
    const std::string fenced =
        database.ours() ? " AND d.datconnlimit = 0 AND EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s "
                          "WHERE s.setdatabase = d.oid AND s.setrole = 0 AND "
                          "'default_transaction_read_only=on' = ANY (s.setconfig))"
                        : "";
    return "DO $pgteal$\nBEGIN\n"
           "  PERFORM pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE "
           "a.datid "
           "= " +
           oid +
           " AND a.pid <> pg_catalog.pg_backend_pid() AND a.usename = session_user AND "
           "pg_catalog.starts_with(a.application_name, 'pgteal');\n"
           "  PERFORM 1 FROM pg_catalog.pg_database d WHERE d.datname = " +
           name + " AND d.oid = " + oid + fenced +
           ";\n"
           "  IF NOT FOUND THEN\n"
           "    PERFORM 1 FROM pg_catalog.pg_database d WHERE d.datname = " +
           renamed + " AND d.oid = " + oid +
           ";\n"
           "    IF FOUND THEN RETURN; END IF;\n"
           "    RAISE EXCEPTION USING ERRCODE = '" +
           refusal_state + "', MESSAGE = 'database ' || " + name +
           " || ' was replaced, or its fence was lifted: it is not dropped', HINT = 'pgteal abort says what "
           "it is, and what to type';\n"
           "  END IF;\n"
           "  PERFORM 1 FROM pg_catalog.pg_replication_slots WHERE datoid = " +
           oid + " UNION ALL SELECT 1 FROM pg_catalog.pg_subscription WHERE subdbid = " + oid +
           ";\n"
           "  IF FOUND THEN\n"
           "    RAISE EXCEPTION USING ERRCODE = '" +
           refusal_state + "', MESSAGE = 'database ' || " + name +
           " || ' has a replication slot or a subscription: it is not dropped', HINT = 'pgteal abort says "
           "which, and what to type';\n"
           "  END IF;\n"
           "  ALTER DATABASE " +
           postgres::quote_identifier(database.name) + " RENAME TO " + postgres::quote_identifier(old) +
           ";\n"
           "  PERFORM 1 FROM pg_catalog.pg_database d WHERE d.datname = " +
           renamed + " AND d.oid = " + oid +
           ";\n"
           "  IF NOT FOUND THEN\n"
           "    RAISE EXCEPTION USING ERRCODE = '" +
           refusal_state + "', MESSAGE = 'database ' || " + name +
           " || ' was replaced in this moment: it is not dropped', HINT = 'run the command again';\n"
           "  END IF;\n"
           "EXCEPTION WHEN object_in_use THEN\n"
           "  RAISE EXCEPTION USING ERRCODE = '" +
           refusal_state + "', MESSAGE = 'somebody uses database ' || " + name +
           " || ' on green: it is not dropped', HINT = 'pgteal abort says who, and what to type';\n"
           "END $pgteal$";
}

void drop_old(const Context& context, const GreenDatabase& database, bool look, std::vector<Action>* actions,
              int* phase) {
    const auto old = old_name(context, database.name);
    if (look) { // empty when the run began: nobody can fill it any more under this name
        const std::string text =
            "DO $pgteal$ BEGIN IF EXISTS (" + std::string(health::sql::user_objects) +
            ") THEN RAISE EXCEPTION USING ERRCODE = '" + refusal_state +
            "', MESSAGE = 'this database was filled since the checks: it is not dropped', HINT = 'give it "
            "its name back: ALTER DATABASE ' || pg_catalog.quote_ident(pg_catalog.current_database()) || ' "
            "RENAME TO ' || pg_catalog.quote_ident(" +
            postgres::quote_literal_in_body(database.name) + "); END IF; END $pgteal$";
        actions->push_back(sql(Side::green, {old, text, {}}, (*phase)++));
    }
    actions->push_back(maintenance("DROP DATABASE IF EXISTS " + postgres::quote_identifier(old), (*phase)++));
}

} // namespace

void drop_ours(const Context& context, const GreenDatabase& database, std::vector<Action>* actions,
               int* phase) {
    actions->push_back(maintenance(claim_text(database, old_name(context, database.name)), (*phase)++));
    drop_old(context, database, !database.ours(), actions, phase);
}

void drop_leftovers(const Context& context, const GreenDatabase& database, std::vector<Action>* actions,
                    int* phase) {
    if (database.left_new) {
        actions->push_back(maintenance("DROP DATABASE IF EXISTS " +
                                           postgres::quote_identifier(new_name(context, database.name)),
                                       (*phase)++));
    }
    if (database.left_old) {
        drop_old(context, database, database.old_oid == database.found, actions, phase);
    }
}

void make_database(const Context& context, const replication::DatabaseProperties& properties,
                   int green_version, std::vector<Action>* actions, int* phase) {
    const auto binding = new_name_binding(context.estate.config(), properties.name);
    const auto name = postgres::late_identifier(binding);
    const auto add = [&](postgres::SqlText text, int at) {
        actions->push_back(sql(Side::green, {"", std::move(text), {}}, at));
    };
    for (auto& statement : replication::create_database(properties, green_version, name)) {
        actions->push_back(sql(Side::green, std::move(statement), *phase));
    }
    add("ALTER DATABASE " + name + " SET default_transaction_read_only = on; ALTER DATABASE " + name +
            " CONNECTION LIMIT 0",
        *phase);
    Sql record;
    record.side = Side::green;
    record.statement = {
        "",
        "SELECT pg_catalog.json_build_object(" + postgres::quote_literal(properties.name) +
            ", oid::int8) FROM pg_catalog.pg_database WHERE datname = " + postgres::late_literal(binding),
        {}};
    record.remember = facts::databases_made.key;
    actions->push_back({std::move(record), *phase});
    add("ALTER DATABASE " + name + " RENAME TO " + postgres::quote_identifier(properties.name), (*phase)++);
    for (const auto& grant : properties.grants) { // they name it
        add(grant, *phase);
    }
    *phase += properties.grants.empty() ? 0 : 1;
}

} // namespace pgteal::cutover
