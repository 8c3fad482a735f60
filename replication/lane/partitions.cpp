#include "replication/lane/partitions.hpp"

#include <algorithm>

#include "replication/lane/lane_names.hpp"
#include "replication/lane/lanes.hpp"

namespace pgteal::replication {

using postgres::Statement;

namespace {

/// pgteal.partitions, or nothing where there is none.
Task<std::vector<std::string>> noted(postgres::Server& server, std::string database, std::string query,
                                     Deadline deadline) {
    std::vector<std::string> found;
    postgres::Params none;
    const auto there = co_await server.exec(
        database, "SELECT pg_catalog.to_regclass('pgteal.partitions') IS NOT NULL", none, deadline);
    if (!there.get<bool>(0, 0)) {
        co_return found;
    }
    const auto rows = co_await server.exec(std::move(database), std::move(query), none, deadline);
    for (int row = 0; row < rows.rows(); ++row) {
        found.push_back(rows.get<std::string>(row, 0));
    }
    co_return found;
}

Task<std::vector<std::string>> partitioned_tables(postgres::Server* server, std::string database,
                                                  Deadline deadline) {
    std::string query =
        "SELECT n.nspname || '.' || c.relname || ' ' || pg_catalog.pg_get_partkeydef(c.oid)\n"
        "  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\n"
        " WHERE c.relkind = 'p' AND c.relpersistence = 'p'\n"
        "   AND NOT EXISTS (SELECT FROM pgteal.partitions p WHERE p.child = c.oid AND p.born)";
    postgres::Params none;
    const auto rows = co_await server->exec(std::move(database), std::move(query), none, deadline);
    std::vector<std::string> found;
    for (int row = 0; row < rows.rows(); ++row) {
        found.push_back(rows.get<std::string>(row, 0));
    }
    std::sort(found.begin(), found.end());
    co_return found;
}

} // namespace

Task<bool> carries_partitions(postgres::Server& server, std::string database, Deadline deadline) {
    std::string query = "SELECT 1::text FROM pgteal.partitions LIMIT 1";
    const auto rows = co_await noted(server, std::move(database), std::move(query), deadline);
    co_return !rows.empty();
}

Task<std::set<std::string>> born_partitions(postgres::Server& server, std::string database,
                                            Deadline deadline) {
    std::string query = "SELECT n.nspname || '.' || c.relname FROM pgteal.partitions p\n"
                        "  JOIN pg_catalog.pg_class c ON c.oid = p.child\n"
                        "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE p.born AND p.moved";
    const auto rows = co_await noted(server, std::move(database), std::move(query), deadline);
    co_return std::set<std::string>(rows.begin(), rows.end());
}

Task<std::set<std::uint32_t>> moved_partitions(postgres::Server& server, std::string database,
                                               Deadline deadline) {
    std::string query = "SELECT p.child::text FROM pgteal.partitions p WHERE p.moved";
    const auto rows = co_await noted(server, std::move(database), std::move(query), deadline);
    std::set<std::uint32_t> oids;
    for (const auto& row : rows) {
        oids.insert(static_cast<std::uint32_t>(std::stoul(row)));
    }
    co_return oids;
}

Task<std::set<std::string>> moved_partition_names(postgres::Server& server, std::string database,
                                                  Deadline deadline) {
    std::string query = "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pgteal.partitions p\n"
                        "  JOIN pg_catalog.pg_class c ON c.oid = p.child\n"
                        "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE p.moved";
    const auto rows = co_await noted(server, std::move(database), std::move(query), deadline);
    co_return std::set<std::string>(rows.begin(), rows.end());
}

Task<std::vector<std::string>> partitioned_only_on(postgres::Server& server, postgres::Server& other,
                                                   std::string database, Deadline deadline) {
    const auto here = co_await partitioned_tables(&server, database, deadline);
    const auto there = co_await partitioned_tables(&other, std::move(database), deadline);
    std::vector<std::string> only;
    std::set_difference(here.begin(), here.end(), there.begin(), there.end(), std::back_inserter(only));
    co_return only;
}

Statement read_partition_markers(const std::string& database, int lanes) {
    std::string markers;
    for (int lane = 1; lane <= lanes; ++lane) {
        markers += (lane == 1 ? "" : " UNION ALL ") + std::string("SELECT detail, at FROM ") +
                   marker_table(lane) + " WHERE kind LIKE 'partition %'";
    }
    return {database,
            "SELECT (SELECT coalesce(pg_catalog.jsonb_agg(detail ORDER BY at), '[]') FROM (" + markers +
                ") m)::text,\n  (SELECT pg_catalog.jsonb_object_agg(pubname, tables) FROM (SELECT p.pubname, "
                "pg_catalog.jsonb_agg(DISTINCT pg_catalog.jsonb_build_array(p.schemaname, p.tablename)) AS "
                "tables\n     FROM pg_catalog.pg_publication_tables p WHERE p.pubname ~ '^pgteal_' "
                "GROUP BY 1) l)::text",
            {binding_for("partitions", database), binding_for("published", database)}};
}

Statement make_partitions(const std::string& database) {
    return {database,
            "BEGIN READ WRITE;\n"
            "SELECT pgteal.let_apply_write();\n"
            "SELECT pgteal.make_partition(one) FROM pg_catalog.jsonb_array_elements(" +
                postgres::late_literal(binding_for("partitions", database)) + "::jsonb) one;\nCOMMIT",
            {}};
}

Statement enlist_partitions(const std::string& database) {
    // Each in a transaction of its own, so that nobody who makes partitions waits long, or is in a deadlock.
    return {
        database,
        "DO $pgteal$\n"
        "DECLARE\n"
        "  item regclass;\n"
        "  until CONSTANT timestamptz := clock_timestamp() + interval '60 s';\n"
        "BEGIN\n"
        "  FOR item IN SELECT c.oid::regclass FROM pgteal.partitions p JOIN pg_class c ON c.oid = p.child\n"
        "               WHERE p.born AND p.moved AND c.relkind = 'r'\n"
        "                  OR c.relkind = 'p' AND NOT c.relispartition\n"
        "                     AND current_setting('server_version_num')::int >= 150000\n"
        "               ORDER BY c.relkind = 'p' LOOP\n"
        "    LOOP\n"
        "      BEGIN\n"
        "        PERFORM pgteal.enlist_one(item);\n"
        "        EXIT;\n"
        "      EXCEPTION WHEN lock_not_available THEN\n"
        "        IF clock_timestamp() > until THEN\n"
        "          RAISE;\n"
        "        END IF;\n"
        "      END;\n"
        "      COMMIT;\n"
        "      PERFORM pg_sleep(0.05);\n"
        "    END LOOP;\n"
        "    COMMIT;\n"
        "  END LOOP;\n"
        "END $pgteal$",
        {}};
}

} // namespace pgteal::replication
