// What a lane needs on its subscriber: the subscription and its origin.
#include "postgres/quote.hpp"
#include "replication/lane/lanes.hpp"

namespace pgteal::replication {

using postgres::quote_identifier;
using postgres::quote_literal;
using postgres::Statement;

namespace {

/// The subscription's row: names are unique within a database only.
std::string row_of(const std::string& object, const char* more = "") {
    return std::string(
               "FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid\n") +
           more + "   WHERE s.subname = " + quote_literal(object) +
           " AND d.datname = pg_catalog.current_database()";
}

/// Tables of the subscription that can't be applied to as their owner.
constexpr const char* owner_stops_apply =
    "      JOIN pg_catalog.pg_subscription_rel r ON r.srsubid = s.oid\n"
    "      JOIN pg_catalog.pg_class c ON c.oid = r.srrelid\n"
    "      JOIN pg_catalog.pg_roles o ON o.oid = c.relowner AND NOT o.rolsuper\n"
    "       AND (c.relrowsecurity AND c.relforcerowsecurity AND NOT o.rolbypassrls OR EXISTS (\n"
    "         SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal\n"
    "            AND t.tgenabled IN ('A', 'R') AND t.tginitdeferred))\n";

} // namespace

namespace {

/// The tables of the subscription, as the publisher had them when binding published_<database> was read.
postgres::SqlText listed_tables(const Lane& lane) {
    return "  INSERT INTO pg_catalog.pg_subscription_rel (srsubid, srrelid, srsubstate)\n"
           "    SELECT s.oid, pg_catalog.format('%I.%I', t ->> 0, t ->> 1)::pg_catalog.regclass, 'r'\n"
           "      FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid,\n"
           "           pg_catalog.jsonb_array_elements(" +
           postgres::late_literal(binding_for("published", lane.database)) + "::jsonb -> " +
           quote_literal(lane.object()) + ") t\n     WHERE s.subname = " + quote_literal(lane.object()) +
           " AND d.datname = pg_catalog.current_database();\n";
}

} // namespace

Statement create_subscription(const Lane& lane, Listed listed) {
    const bool known = listed == Listed::as_read;
    const std::string object = quote_identifier(lane.object());
    // From 16 on apply acts as each table's owner, in a security-restricted operation, so that triggers,
    // CHECKs and domains of users don't run as a superuser (docs: "Logical Replication / Security"). Row
    // level security that is forced on the owner stops that, and so do triggers that wait for the end of the
    // transaction: such a lane works as up to 15, and `check` names what shares it.
    return {
        lane.database,
        "CREATE SUBSCRIPTION " + object + " CONNECTION " +
            postgres::late_literal("conninfo_" + lane.publisher) + " PUBLICATION " + object + "\n  WITH (" +
            (known ? "connect = false" : "create_slot = false") +
            ", slot_name = " + quote_literal(lane.object()) +
            ", copy_data = false, enabled = false);\n"
            "DO $pgteal$\n"
            "BEGIN\n" +
            (known ? listed_tables(lane) : postgres::SqlText()) +
            "  IF pg_catalog.current_setting('server_version_num')::integer >= 160000 AND EXISTS (\n"
            "    SELECT " +
            row_of(lane.object(), owner_stops_apply) +
            ") THEN\n"
            "    ALTER SUBSCRIPTION " +
            object +
            " SET (run_as_owner = true);\n"
            "  END IF;\n"
            "  UPDATE pg_catalog.pg_subscription_rel r SET srsubstate = 's', srsublsn = c.at\n"
            "    FROM pgteal.copied c, pg_catalog.pg_subscription s, pg_catalog.pg_database d\n"
            "   WHERE c.lane = " +
            quote_literal(lane.object()) +
            " AND c.at > (SELECT pg_catalog.min(f.at) FROM pgteal.copied f WHERE f.lane = c.lane)\n"
            "     AND s.subname = c.lane AND d.oid = s.subdbid AND d.datname = "
            "pg_catalog.current_database()\n"
            "     AND r.srsubid = s.oid AND r.srrelid = c.tablename::pg_catalog.regclass;\n"
            // Partitions that were made after the dump: the server's own initial copy (state i) brings them.
            "  UPDATE pg_catalog.pg_subscription_rel r SET srsubstate = 'i', srsublsn = NULL\n"
            "    FROM pgteal.partitions p, pg_catalog.pg_subscription s, pg_catalog.pg_database d\n"
            "   WHERE p.waits AND r.srrelid = p.child AND r.srsubid = s.oid AND s.subname = " +
            quote_literal(lane.object()) +
            "\n     AND d.oid = s.subdbid AND d.datname = pg_catalog.current_database();\n"
            "  UPDATE pgteal.partitions p SET waits = false FROM pg_catalog.pg_subscription_rel r\n"
            "   WHERE p.waits AND r.srrelid = p.child;\n"
            "END $pgteal$",
        {}};
}

std::string note_copied(const Lane& lane, const Table& table, const std::string& at) {
    return "BEGIN READ WRITE; SET LOCAL synchronous_commit = off; INSERT INTO pgteal.copied VALUES (" +
           quote_literal(lane.object()) + ", " + quote_literal(table.qualified()) + ", " + quote_literal(at) +
           ") ON CONFLICT (lane, tablename) DO UPDATE SET at = greatest(excluded.at, copied.at); COMMIT";
}

Statement forget_copied(const Lane& lane, const std::vector<Table>& tables) {
    std::string names;
    for (const auto& table : tables) {
        names += (names.empty() ? "" : ", ") + quote_literal(table.qualified());
    }
    return {lane.database,
            "DELETE FROM pgteal.copied WHERE lane = " + quote_literal(lane.object()) +
                (names.empty() ? "" : " AND tablename IN (" + names + ")"),
            {}};
}

Task<std::vector<CopiedAt>> copied_tables(postgres::Server& subscriber, Lane lane, Deadline deadline) {
    // The copies and their notes were committed without a flush. What is believed has to outlive a crash, so
    // it is flushed before it is read: a durable message for nobody, as at the end of a copy.
    const std::string flush = "BEGIN READ WRITE; SET LOCAL synchronous_commit = on; SELECT "
                              "pg_catalog.pg_logical_emit_message(true, 'pgteal', 'copied'); COMMIT";
    co_await subscriber.script(lane.database, flush, deadline);
    postgres::Params name{lane.object()};
    const auto rows = co_await subscriber.exec(
        lane.database, "SELECT tablename, at::text FROM pgteal.copied WHERE lane = $1", name, deadline);
    std::vector<CopiedAt> copied;
    for (int i = 0; i < rows.rows(); ++i) {
        copied.push_back({rows.get<std::string>(i, 0), rows.get<Lsn>(i, 1)});
    }
    co_return copied;
}

Statement enable_subscription(const Lane& lane) {
    return {lane.database, "ALTER SUBSCRIPTION " + quote_identifier(lane.object()) + " ENABLE", {}};
}

Statement disable_subscription(const Lane& lane) {
    const std::string object = lane.object();
    return {lane.database,
            "DO $pgteal$\n"
            "BEGIN\n"
            "  ALTER SUBSCRIPTION " +
                quote_identifier(object) +
                " DISABLE;\n"
                "  COMMIT;\n"
                "  FOR tries IN 1..2000 LOOP\n"
                "    PERFORM 1 " +
                row_of(object) +
                "\n"
                "       AND EXISTS (SELECT FROM pg_catalog.pg_stat_activity a JOIN "
                "pg_catalog.pg_stat_subscription w USING (pid)\n"
                "                    WHERE w.subid = s.oid);\n"
                "    IF NOT FOUND THEN\n"
                "      RETURN;\n"
                "    END IF;\n"
                "    PERFORM pg_catalog.pg_stat_clear_snapshot(), pg_catalog.pg_sleep(0.005);\n"
                "  END LOOP;\n"
                "  RAISE EXCEPTION USING ERRCODE = 'object_in_use',\n"
                "    MESSAGE = 'the apply worker of " +
                object +
                " has not stopped within 10 s';\n"
                "END $pgteal$",
            {}};
}

Statement drop_subscription(const Lane& lane) {
    const std::string object = lane.object();
    const std::string name = quote_identifier(object);
    // Each step is committed, so that what was reached stays when a later one fails.
    return {lane.database,
            "DO $pgteal$\n"
            "BEGIN\n"
            "  PERFORM 1 " +
                row_of(object) +
                ";\n"
                "  IF FOUND THEN\n"
                "    ALTER SUBSCRIPTION " +
                name +
                " DISABLE;\n"
                "    COMMIT;\n"
                "    ALTER SUBSCRIPTION " +
                name +
                " SET (slot_name = NONE);\n"
                "    COMMIT;\n"
                "    DROP SUBSCRIPTION " +
                name +
                ";\n"
                "  END IF;\n"
                "END $pgteal$",
            {}};
}

Statement advance_origin(const Lane& lane, std::string position_binding) {
    const std::string object = lane.object();
    const auto position = postgres::late_literal(std::move(position_binding)) + "::pg_lsn";
    return {lane.database,
            "BEGIN READ WRITE;\n"
            "SET LOCAL synchronous_commit = on;\n"
            "DO $pgteal$\n"
            "BEGIN\n"
            "  PERFORM pg_catalog.pg_replication_origin_advance('pg_' || s.oid, " +
                position +
                ")\n"
                "    " +
                row_of(object) +
                ";\n"
                "  IF NOT FOUND THEN\n"
                "    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = 'subscription " +
                object +
                " does not exist';\n"
                "  END IF;\n"
                "  UPDATE pgteal.run SET reverse_start = " +
                position +
                ";\n"
                "  IF NOT FOUND THEN\n"
                "    RAISE EXCEPTION USING ERRCODE = 'no_data_found', MESSAGE = 'pgteal.run is empty';\n"
                "  END IF;\n"
                "END $pgteal$;\n"
                "COMMIT",
            {}};
}

} // namespace pgteal::replication
