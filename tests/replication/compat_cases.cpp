#include "tests/replication/compat_cases.hpp"

namespace pgteal::replication::compat::test {

namespace {

const std::string abc = "(1, 'a', 1), (2, 'b', 2), (3, 'c', 3)";
const Steps none;

void columns(std::vector<Case>* all) {
    const Steps with_w{insert("t (id, v, n, w) VALUES (10, 'x', 10, DEFAULT)"),
                       update("t SET v = 'y' WHERE id = 1"), remove("t WHERE id = 2")};
    const Steps without_n{insert("t (id, v) VALUES (10, 'x')"), update("t SET v = 'y' WHERE id = 1"),
                          remove("t WHERE id = 2")};
    const Steps with_a_w{insert("t (id, v, n, w) VALUES (10, 'x', 10, 'w')"),
                         update("t SET w = 'y' WHERE id = 1"), remove("t WHERE id = 2")};
    const Steps v_is_w{insert("t (id, w, n) VALUES (10, 'x', 10)"), update("t SET w = 'y' WHERE id = 1"),
                       remove("t WHERE id = 2")};
    all->push_back({.name = "add_nullable", .change = "ALTER TABLE t ADD w text", .reverse = with_a_w});
    all->push_back(
        {.name = "add_default", .change = "ALTER TABLE t ADD w text DEFAULT 'new'", .reverse = with_w});
    all->push_back({.name = "add_identity",
                    .change = "ALTER TABLE t ADD w int GENERATED ALWAYS AS IDENTITY",
                    .reverse = with_w});
    all->push_back(
        {.name = "add_not_null",
         .change = "ALTER TABLE t ADD w text; UPDATE t SET w = '?'; ALTER TABLE t ALTER w SET NOT NULL",
         .reverse = with_a_w});
    all->push_back({.name = "add_not_null_default",
                    .change = "ALTER TABLE t ADD w text NOT NULL DEFAULT 'new'",
                    .reverse = with_w});
    all->push_back({.name = "add_generated",
                    .change = "ALTER TABLE t ADD w int GENERATED ALWAYS AS (n * 2) STORED",
                    .reverse = with_w});
    all->push_back(
        {.name = "add_unique_column", .change = "ALTER TABLE t ADD w text UNIQUE", .reverse = with_a_w});
    all->push_back({.name = "drop_nullable", .change = "ALTER TABLE t DROP n", .reverse = without_n});
    all->push_back({.name = "drop_not_null_column",
                    .setup = table_with("v text, n int NOT NULL", abc),
                    .change = "ALTER TABLE t DROP n",
                    .reverse = without_n});
    all->push_back({.name = "drop_not_null_default_column",
                    .setup = table_with("v text, n int NOT NULL DEFAULT 5", abc),
                    .change = "ALTER TABLE t DROP n",
                    .reverse = without_n});
    all->push_back({.name = "rename_column",
                    .change = "ALTER TABLE t RENAME v TO w",
                    .reverse = v_is_w,
                    .renamed = {{"v", "w"}}});
    all->push_back({.name = "rename_not_null_column",
                    .setup = table_with("v text NOT NULL, n int", abc),
                    .change = "ALTER TABLE t RENAME v TO w",
                    .reverse = v_is_w,
                    .renamed = {{"v", "w"}}});
    const std::string with_twice = table_with("n int, w int", "(1, 1, 2), (2, 2, 4), (3, 3, 6)");
    const std::string generated =
        "CREATE TABLE t (id int PRIMARY KEY, n int, w int GENERATED ALWAYS AS (n * 2) STORED);"
        "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)";
    all->push_back(
        {.name = "plain_to_generated",
         .setup = with_twice,
         .change = "ALTER TABLE t DROP w; ALTER TABLE t ADD w int GENERATED ALWAYS AS (n * 2) STORED",
         .forward = {insert("t VALUES (10, 10, 20)")},
         .reverse = {insert("t VALUES (10, 10)"), update("t SET n = 7 WHERE id = 1")}});
    all->push_back({.name = "generated_to_plain",
                    .setup = generated,
                    .change = "ALTER TABLE t ALTER w DROP EXPRESSION",
                    .forward = {insert("t VALUES (10, 10)")},
                    .reverse = {insert("t VALUES (10, 10, 20)"), rare(insert("t VALUES (11, 11, 99)"))}});
    const Steps into_both{insert("t VALUES (10, 10)"), update("t SET n = 7 WHERE id = 1")};
    const auto regenerated = [&](const std::string& name, const std::string& change) {
        all->push_back(
            {.name = name, .setup = generated, .change = change, .forward = into_both, .reverse = into_both});
    };
    regenerated("generated_set_expression", "ALTER TABLE t ALTER w SET EXPRESSION AS (n * 3)");
    all->back().unseen = true; // newer than the linter's grammar
    regenerated("generated_made_anew",
                "ALTER TABLE t DROP w; ALTER TABLE t ADD w int GENERATED ALWAYS AS (n * 3) STORED");
    regenerated("generated_dropped", "ALTER TABLE t DROP w");
    regenerated("generated_kept", "CREATE INDEX ON t (w)");
    // What blue prints of IN is printed otherwise once it has been read again.
    all->back().setup =
        "CREATE TABLE t (id int PRIMARY KEY, n int, v varchar(9), w boolean GENERATED ALWAYS AS (v IN "
        "('a', 'b')) STORED); INSERT INTO t VALUES (1, 1, 'a')";
    all->back().change =
        "ALTER TABLE t DROP w; ALTER TABLE t ADD w boolean GENERATED ALWAYS AS ((v)::text = ANY "
        "((ARRAY['a'::character varying, 'b'::character varying])::text[])) STORED";
    all->back().unseen = true; // the linter sees another expression
}

void rules(std::vector<Case>* all) {
    const Step twice = rare(insert("t VALUES (11, 'x', 10)"));
    const Step negative = rare(insert("t VALUES (11, 'z', -1)"));
    const Step null = rare(insert("t VALUES (11, 'z', NULL)"));
    const Steps plain{insert("t VALUES (10, 'x', 10)"), update("t SET v = 'y' WHERE id = 1"),
                      remove("t WHERE id = 2")};
    const auto then = [&plain](const Step& step) {
        Steps steps = plain;
        steps.push_back(step);
        return steps;
    };
    const auto added = [&](const std::string& name, const std::string& change, const Step& odd) {
        all->push_back({.name = name, .change = change, .forward = then(odd)});
    };
    added("add_unique", "ALTER TABLE t ADD UNIQUE (v)", twice);
    added("add_unique_index", "CREATE UNIQUE INDEX ON t (v)", twice);
    added("add_unique_expression", "CREATE UNIQUE INDEX ON t (lower(v))", twice);
    added("add_exclude", "ALTER TABLE t ADD EXCLUDE USING btree (n WITH =)", twice);
    added("add_check", "ALTER TABLE t ADD CHECK (n > 0)", negative);
    added("add_check_not_valid", "ALTER TABLE t ADD CHECK (n > 0) NOT VALID", negative);
    added("set_not_null", "ALTER TABLE t ALTER n SET NOT NULL", null);
    added("add_unique_deferrable", "ALTER TABLE t ADD UNIQUE (v) DEFERRABLE INITIALLY DEFERRED", twice);
    all->back().holds = "SELECT count(*) = count(DISTINCT v) FROM t";
    const std::string positive =
        "CREATE DOMAIN positive AS int; CREATE TABLE t (id int PRIMARY KEY, v text, n positive);"
        "INSERT INTO t VALUES " +
        abc;
    added("domain_check", "ALTER DOMAIN positive ADD CHECK (VALUE > 0)", negative);
    all->back().setup = positive;
    const std::string no_nulls = "SELECT count(*) = 0 FROM t WHERE n IS NULL";
    added("domain_not_null", "ALTER DOMAIN positive SET NOT NULL", null);
    all->back().setup = positive;
    all->back().holds = no_nulls;
    all->push_back(
        {.name = "domain_drop_not_null",
         .setup = "CREATE DOMAIN positive AS int NOT NULL; CREATE TABLE t (id int PRIMARY KEY, v text, n "
                  "positive); INSERT INTO t VALUES " +
                  abc,
         .change = "ALTER DOMAIN positive DROP NOT NULL",
         .reverse = then(null),
         .holds = no_nulls});
    added("to_domain", "CREATE DOMAIN positive AS int CHECK (VALUE > 0); ALTER TABLE t ALTER n TYPE positive",
          negative);
    const auto dropped = [&](const std::string& name, const std::string& column, const std::string& change,
                             const Step& odd) {
        all->push_back({.name = name,
                        .setup = table_with(column, abc),
                        .change = "ALTER TABLE t " + change,
                        .reverse = then(odd)});
    };
    dropped("drop_unique", "v text UNIQUE, n int", "DROP CONSTRAINT t_v_key", twice);
    dropped("drop_check", "v text, n int CHECK (n > 0)", "DROP CONSTRAINT t_n_check", negative);
    dropped("drop_not_null", "v text, n int NOT NULL", "ALTER n DROP NOT NULL", null);

    const std::string family =
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3);"
        "CREATE TABLE c (id int PRIMARY KEY, t_id int); INSERT INTO c VALUES (1, 1), (2, 2)";
    const std::string no_orphans = "SELECT NOT EXISTS (SELECT FROM c WHERE t_id NOT IN (SELECT id FROM t))";
    all->push_back({.name = "add_foreign_key",
                    .setup = family,
                    .change = "ALTER TABLE c ADD FOREIGN KEY (t_id) REFERENCES t",
                    .forward = {insert("c VALUES (10, 3)"), rare(insert("c VALUES (11, 99)"))},
                    .reverse = {insert("c VALUES (10, 3)"), remove("c WHERE id = 2")},
                    .blue = "c",
                    .green = "c",
                    .holds = no_orphans});
    all->push_back({.name = "add_foreign_key_truncate",
                    .setup = family,
                    .change = "ALTER TABLE c ADD FOREIGN KEY (t_id) REFERENCES t",
                    .forward = {insert("t VALUES (10)"), truncate("t")},
                    .reverse = {truncate("t, c")}});
    all->push_back({.name = "new_table_references",
                    .change = "CREATE TABLE c (id int PRIMARY KEY, t_id int REFERENCES {s}.t)",
                    .forward = {insert("t VALUES (10, 'x', 10)"), truncate("t")},
                    .reverse = {insert("t VALUES (10, 'x', 10)"), insert("c VALUES (1, 10)")}});
    all->push_back({.name = "new_column_references",
                    .setup = family,
                    .change = "ALTER TABLE c ADD other_id int REFERENCES {s}.t",
                    .forward = {insert("c VALUES (10, 3)"), truncate("t")},
                    .reverse = {insert("c VALUES (10, 3)"), truncate("t, c")}});
    all->push_back({.name = "add_foreign_key_cascade",
                    .setup = family,
                    .change = "ALTER TABLE c ADD FOREIGN KEY (t_id) REFERENCES t ON DELETE CASCADE",
                    .forward = {insert("c VALUES (10, 3)"), rare(remove("t WHERE id = 1"))},
                    .reverse = {remove("t WHERE id = 1")},
                    .blue = "c",
                    .green = "c",
                    .holds = no_orphans});
    all->push_back({.name = "drop_foreign_key",
                    .setup = family + "; ALTER TABLE c ADD FOREIGN KEY (t_id) REFERENCES t",
                    .change = "ALTER TABLE c DROP CONSTRAINT c_t_id_fkey",
                    .forward = {insert("c VALUES (10, 3)"), remove("c WHERE id = 2")},
                    .reverse = {insert("c VALUES (10, 3)"), rare(insert("c VALUES (11, 99)"))},
                    .blue = "c",
                    .green = "c",
                    .holds = no_orphans});

    const std::string function = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ";
    const std::string trigger =
        " RETURN NEW; END $$; CREATE TRIGGER g BEFORE INSERT OR UPDATE ON t FOR EACH ROW "
        "EXECUTE FUNCTION {s}.f()";
    all->push_back({.name = "trigger", .change = function + "NEW.v := upper(NEW.v);" + trigger});
    all->push_back({.name = "trigger_always",
                    .change = "ALTER TABLE t ADD w text; " + function + "NEW.w := upper(NEW.v);" + trigger +
                              "; ALTER TABLE t ENABLE ALWAYS TRIGGER g"});
    all->push_back({.name = "trigger_always_writes",
                    .setup = table_with("v text, n int", abc) + "; CREATE TABLE l (id int PRIMARY KEY)",
                    .change = function + "INSERT INTO {s}.l VALUES (NEW.id) ON CONFLICT DO NOTHING;" +
                              trigger + "; ALTER TABLE t ENABLE ALWAYS TRIGGER g",
                    .unseen = true});
    const Steps upper{rare(insert("t VALUES (10, 'x', 10)")), remove("t WHERE id = 2")};
    all->push_back(
        {.name = "trigger_always_changes",
         .change = function + "NEW.v := upper(NEW.v);" + trigger + "; ALTER TABLE t ENABLE ALWAYS TRIGGER g",
         .forward = upper,
         .reverse = upper,
         .unseen = true});
    // An apply worker's search_path is empty.
    const std::string norm = "CREATE FUNCTION norm(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT "
                             "lower($1)'; CREATE FUNCTION outer_norm(t text) RETURNS text LANGUAGE plpgsql "
                             "IMMUTABLE AS 'BEGIN RETURN norm(t); END'";
    const auto calls = [&](const std::string& name, const std::string& change) {
        all->push_back({.name = name,
                        .change = norm + "; " + change,
                        .forward = upper,
                        .reverse = upper,
                        .unseen = true});
    };
    calls("calls_in_index", "CREATE INDEX ON t (outer_norm(v))");
    // Since 17 an index is built with such a search_path too: there must be nothing to build it from.
    all->back().setup = "CREATE TABLE t (id int PRIMARY KEY, v text, n int)";
    calls("calls_in_check", "ALTER TABLE t ADD CHECK (outer_norm(v) <> '?')");
    calls("calls_in_generated", "ALTER TABLE t ADD w text GENERATED ALWAYS AS (outer_norm(v)) STORED");
    calls("calls_in_default", "ALTER TABLE t ADD w text DEFAULT outer_norm('X')");
    calls("calls_with_path",
          "ALTER FUNCTION outer_norm SET search_path = {s}; CREATE INDEX ON t (outer_norm(v))");
    calls("calls_qualified", "CREATE INDEX ON t ({s}.norm(v))");
    all->push_back(
        {.name = "policies",
         .change = "ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY"});
    all->push_back({.name = "policies_plain_owner",
                    .setup = table_with("v text, n int", abc) + "; ALTER TABLE t ENABLE ROW LEVEL SECURITY",
                    .change = "CREATE INDEX ON t (v)",
                    .plain_owner = true});
}

void tables(std::vector<Case>* all) {
    const Steps into_u{insert("u VALUES (10, 'x', 10)"), update("u SET v = 'y' WHERE id = 1"),
                       remove("u WHERE id = 2")};
    const Steps into_moved{insert("{s}_moved.t VALUES (10, 'x', 10)"),
                           update("{s}_moved.t SET v = 'y' WHERE id = 1")};
    const Steps new_u{insert("u VALUES (1)"), insert("u VALUES (2)")};
    all->push_back(
        {.name = "rename_table", .change = "ALTER TABLE t RENAME TO u", .reverse = into_u, .green = "u"});
    all->push_back({.name = "rename_table_view",
                    .change = "ALTER TABLE t RENAME TO u; CREATE VIEW t AS SELECT * FROM {s}.u",
                    .reverse = into_u,
                    .green = "u"});
    all->push_back({.name = "set_schema",
                    .change = "CREATE SCHEMA {s}_moved; ALTER TABLE t SET SCHEMA {s}_moved",
                    .reverse = into_moved,
                    .green = "{s}_moved.t"});
    all->push_back({.name = "new_table", .change = "CREATE TABLE u (id int PRIMARY KEY)", .reverse = new_u});
    const std::string u_in_lane =
        "CREATE TABLE u (id int PRIMARY KEY); ALTER PUBLICATION {pub} ADD TABLE {s}.u";
    all->push_back({.name = "new_table_both",
                    .change = "CREATE INDEX ON t (v)",
                    .forward = new_u,
                    .reverse = none,
                    .blue = "u",
                    .green = "u",
                    .late_blue = u_in_lane,
                    .late_green = "CREATE TABLE u (id int PRIMARY KEY)"});
    all->push_back({.name = "new_table_blue_only",
                    .change = "CREATE INDEX ON t (v)",
                    .forward = new_u,
                    .reverse = none,
                    .late_blue = u_in_lane});
    all->push_back({.name = "new_table_blue_unpublished",
                    .change = "CREATE INDEX ON t (v)",
                    .forward = new_u,
                    .reverse = none,
                    .late_blue = "CREATE TABLE u (id int PRIMARY KEY)"});
    all->push_back({.name = "drop_table", .change = "DROP TABLE t", .reverse = none});
    all->push_back({.name = "recreate",
                    .change =
                        "CREATE TABLE u (LIKE t INCLUDING ALL); INSERT INTO u SELECT * FROM t; DROP TABLE t;"
                        "ALTER TABLE u RENAME TO t"});
    all->push_back({.name = "partition_it",
                    .change = "CREATE TABLE p (id int PRIMARY KEY, v text, n int) PARTITION BY RANGE (id);"
                              "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (1000);"
                              "INSERT INTO p SELECT * FROM t; DROP TABLE t; ALTER TABLE p RENAME TO t"});
    const std::string parted =
        "CREATE TABLE t (id int PRIMARY KEY, v text, n int) PARTITION BY RANGE (id);"
        "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (1000); INSERT INTO t VALUES " +
        abc;
    all->push_back({.name = "new_partition",
                    .setup = parted,
                    .change = "CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (1000) TO (2000)",
                    .reverse = {insert("t VALUES (10, 'x', 10)"), insert("t VALUES (1500, 'x', 10)")}});
    all->push_back({.name = "new_inherited",
                    .change = "CREATE TABLE u () INHERITS (t)",
                    .reverse = {insert("t VALUES (10, 'x', 10)"), insert("u VALUES (20, 'x', 10)"),
                                update("t SET v = 'y' WHERE id = 1")}});
    const Steps into_heirs{insert("t VALUES (10, 'x', 10)"), insert("u VALUES (20, 'x', 10, 1)"),
                           update("t SET v = 'y' WHERE id IN (1, 20)"), truncate("t"),
                           insert("u VALUES (30, 'z', 10, 1)")};
    all->push_back({.name = "inherited_new_column",
                    .setup = table_with("v text, n int", abc) +
                             "; CREATE TABLE u (w int, PRIMARY KEY (id)) INHERITS (t)",
                    .change = "ALTER TABLE t ADD x text",
                    .forward = into_heirs,
                    .reverse = into_heirs});
    all->push_back({.name = "set_default", .change = "ALTER TABLE t ALTER v SET DEFAULT 'e'"});
    all->push_back({.name = "plain_index", .change = "CREATE INDEX ON t (v)"});
    all->push_back(
        {.name = "view_and_function",
         .change = "CREATE VIEW w AS SELECT id FROM {s}.t; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS "
                   "'SELECT 1'"});
    all->push_back({.name = "set_unlogged", .change = "ALTER TABLE t SET UNLOGGED"});
    all->push_back(
        {.name = "sequence",
         .setup = "CREATE TABLE t (id serial PRIMARY KEY, v text); INSERT INTO t (v) VALUES ('a'), ('b')",
         .change = "ALTER SEQUENCE t_id_seq INCREMENT 2",
         .forward = {insert("t (v) VALUES ('x')"), update("t SET v = 'y' WHERE id = 1")},
         .reverse = {insert("t (v) VALUES ('x')"), update("t SET v = 'y' WHERE id = 1")}});
}

void keys(std::vector<Case>* all) {
    const std::string two =
        "CREATE TABLE t (id int PRIMARY KEY, v text, n int NOT NULL UNIQUE); INSERT INTO t VALUES " + abc;
    all->push_back({.name = "drop_key", .change = "ALTER TABLE t DROP CONSTRAINT t_pkey"});
    all->push_back({.name = "change_key",
                    .setup = two,
                    .change = "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (n)"});
    all->push_back({.name = "widen_key",
                    .setup = table_with("v text, n int NOT NULL", abc),
                    .change = "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (id, n)",
                    .reverse = {insert("t VALUES (10, 'x', 10)"), update("t SET v = 'y' WHERE id = 1"),
                                rare(insert("t VALUES (10, 'z', 11)"))}});
    all->push_back(
        {.name = "deferrable_key",
         .change = "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (id) DEFERRABLE"});
    all->push_back({.name = "identity_full", .change = "ALTER TABLE t REPLICA IDENTITY FULL"});
    all->push_back({.name = "identity_full_new_column",
                    .change = "ALTER TABLE t ADD w text; ALTER TABLE t REPLICA IDENTITY FULL"});
    const std::string with_json = "j json); INSERT INTO t VALUES (1, 'a', 1, '{}'), (2, 'b', 2, '{}')";
    all->push_back({.name = "identity_full_json",
                    .setup = "CREATE TABLE t (id int PRIMARY KEY, v text, n int, " + with_json,
                    .change = "ALTER TABLE t REPLICA IDENTITY FULL"});
    all->push_back({.name = "no_key_full_json",
                    .setup = "CREATE TABLE t (id int, v text, n int, " + with_json +
                             "; ALTER TABLE t REPLICA IDENTITY FULL",
                    .change = "CREATE INDEX ON t (v)",
                    .unseen = true});
    all->push_back({.name = "no_key_full",
                    .setup = "CREATE TABLE t (id int, v text, n int); INSERT INTO t VALUES " + abc +
                             "; ALTER TABLE t REPLICA IDENTITY FULL",
                    .change = "CREATE INDEX ON t (v)"});
    all->push_back({.name = "identity_nothing", .change = "ALTER TABLE t REPLICA IDENTITY NOTHING"});
    all->push_back({.name = "identity_index",
                    .setup = two,
                    .change = "ALTER TABLE t REPLICA IDENTITY USING INDEX t_n_key"});
}

void rows(std::vector<Case>* all) {
    const auto changed = [all](const std::string& name, const std::string& change, bool replicated = true) {
        Case one;
        one.name = name;
        one.change = change;
        one.rows = replicated;
        all->push_back(std::move(one));
    };
    changed("rows_truncated", "TRUNCATE t");
    changed("rows_deleted", "DELETE FROM t WHERE id = 3");
    changed("rows_inserted", "INSERT INTO t VALUES (10, 'g', 0)");
    all->back().reverse = {update("t SET v = 'y' WHERE id = 10")};
    changed("rows_backfilled", "UPDATE t SET n = n * 100 WHERE id = 3");
    changed("new_column_backfilled", "ALTER TABLE t ADD w text; UPDATE t SET w = v", false);
}

std::vector<Case> all_cases() {
    std::vector<Case> all;
    columns(&all);
    type_cases(&all);
    bound_cases(&all);
    rules(&all);
    tables(&all);
    keys(&all);
    rows(&all);
    return all;
}

} // namespace

const std::vector<Case>& cases() {
    static const std::vector<Case> all = all_cases();
    return all;
}

} // namespace pgteal::replication::compat::test
