// Role eve, who owns tables and writes code that tries what it may do.
#pragma once

#include <string>
#include <vector>

#include "tests/replication/lane_world.hpp"

namespace pgteal::replication::test {

/// What code tries that was let in as a superuser, or as somebody who may become one again. It works on as if
/// nothing were.
inline constexpr const char* hostile = R"(
    CREATE FUNCTION eve.grab() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        BEGIN EXECUTE 'ALTER ROLE eve SUPERUSER'; EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN PERFORM pg_catalog.set_config('role', 'none', false); EXECUTE 'ALTER ROLE eve SUPERUSER';
              EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN EXECUTE 'RESET SESSION AUTHORIZATION'; EXECUTE 'ALTER ROLE eve SUPERUSER';
              EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN PERFORM pg_catalog.set_config('search_path', 'eve', false),
                      pg_catalog.set_config('datestyle', 'german', false); EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN INSERT INTO eve.later VALUES (1); EXCEPTION WHEN OTHERS THEN NULL; END;
        INSERT INTO eve.ran VALUES (current_user);
    END $$;
    CREATE FUNCTION eve.at_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN EXECUTE 'ALTER ROLE eve SUPERUSER'; RETURN NULL; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;
    CREATE FUNCTION eve.fine(i int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN EXECUTE 'SELECT eve.grab()'; RETURN true; EXCEPTION WHEN OTHERS THEN RETURN true; END $$;
    CREATE FUNCTION eve.checks(i int) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN PERFORM eve.grab(); RETURN true; END $$;
    CREATE FUNCTION eve.twice(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN PERFORM eve.fine(i); RETURN 2 * i; END $$;
    CREATE FUNCTION eve.fires() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM eve.grab(); RETURN NEW; END $$;
    CREATE UNLOGGED TABLE eve.ran (who text);
    CREATE UNLOGGED TABLE eve.later (i int);
    CREATE CONSTRAINT TRIGGER later AFTER INSERT ON eve.later DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION eve.at_the_end();
    ALTER TABLE eve.later ENABLE ALWAYS TRIGGER later;
    CREATE DOMAIN eve.code AS int CHECK (eve.checks(VALUE));
    CREATE TYPE eve.pair AS (a int, b eve.code);
)";

/// Role eve and what is hers, on one side.
inline Task<void> as_eve(LaneWorld* world, std::string side, std::string database, std::string text) {
    co_await world->sql(side, database,
                        "DO $$ BEGIN CREATE ROLE eve; EXCEPTION WHEN duplicate_object THEN NULL; END $$; "
                        "ALTER ROLE eve NOSUPERUSER; CREATE SCHEMA IF NOT EXISTS eve AUTHORIZATION eve; "
                        "SET client_min_messages = error; SET ROLE eve; " +
                            std::move(text) + "; RESET ROLE; RESET search_path; RESET datestyle");
}

inline Task<std::string> superuser(LaneWorld* world, std::string side) {
    const std::string is = co_await world->value(
        side, "postgres", "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = 'eve'");
    co_return is;
}

inline Task<std::vector<std::string>> lines(LaneWorld* world, std::string side, std::string database,
                                            std::string query) {
    const postgres::Result rows = co_await world->sql(std::move(side), std::move(database), std::move(query));
    std::vector<std::string> all;
    for (int row = 0; row < rows.rows(); ++row) {
        all.emplace_back(rows.text(row, 0));
    }
    co_return all;
}

inline Task<std::vector<Table>> tables_on(LaneWorld* world, std::string side, std::string database) {
    postgres::Server::Session session = co_await world->side(side).session(std::move(database), soon());
    std::vector<Table> tables = co_await read_tables(*session, soon());
    co_return tables;
}

} // namespace pgteal::replication::test
