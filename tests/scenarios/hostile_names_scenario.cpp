// A table owner names things so that, looked at as text, they would say something to whoever builds a
// statement of them; and keeps secrets and rows where an error or a journal might repeat them.
#include <filesystem>

#include <gmock/gmock.h>

#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

namespace {

using testing::HasSubstr;

const std::vector<std::string> planted{
    "CREATE ROLE eve LOGIN PASSWORD 'eve'",
    "CREATE ROLE \"r:'password_1'\" LOGIN PASSWORD 'r'",
    "CREATE ROLE \"$pgteal$; ALTER ROLE eve SUPERUSER; --\"",
    "CREATE ROLE \"r\"\"\u00e9'\\\n:\"\"conninfo_green\"\"\" LOGIN PASSWORD 'r' IN ROLE eve",
    "COMMENT ON ROLE eve IS '$pgteal$; ALTER ROLE eve SUPERUSER; -- hunter2 :''conninfo_green'''",
    "ALTER ROLE eve SET \"eve.x\" = 'hunter2 :''conninfo_green'' $pgteal$ \\ \"'",
    "ALTER DATABASE app SET \"eve.y\" = ':\"run_id\" hunter2'",
    "COMMENT ON DATABASE app IS 'hunter2 :''conninfo_green'''",
    "CREATE SCHEMA \"s:'token' $pgteal$\" AUTHORIZATION eve",
    "SET ROLE eve; SET search_path = \"s:'token' $pgteal$\";"
    "CREATE TABLE t (id int PRIMARY KEY, \"c:'conninfo_green'\" text, \"time 10:'x'\" text,"
    "  \"v:'views_left_app'\" text, \"\u00fc\n\"\"\\ $pgteal$\" text);"
    "CREATE TABLE \"); ALTER ROLE eve SUPERUSER; --\" (\"k:'own_pids'\" text PRIMARY KEY);"
    "CREATE TABLE \"x\n; -- $fence$ :'attempt' '\"\" \\\" (id serial PRIMARY KEY, \"EVENT TRIGGER pgteal\" "
    "text);"
    "CREATE TABLE \"a EVENT TRIGGER pgteal\" (id int PRIMARY KEY);"
    "CREATE SEQUENCE \"q:'sequences_app' $pgteal$ '\";"
    "CREATE INDEX \"i:'begun_by' $pgteal$\" ON t (\"time 10:'x'\");"
    "CREATE MATERIALIZED VIEW \"m:'views_left_app' $pgteal$'\"\"); ALTER ROLE eve SUPERUSER; --\" AS SELECT "
    "1 AS a;"
    "CREATE VIEW far AS SELECT 'host=b password=hunter2'::text AS \"c:'conninfo_blue'\";"
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT ''hunter2''';"
    "COMMENT ON TABLE t IS '$pgteal$ :''conninfo_green'' hunter2';"
    "COMMENT ON COLUMN t.id IS '\"; ALTER ROLE eve SUPERUSER; --';"
    "INSERT INTO t SELECT n, ':''conninfo_green''', 'b', '$pgteal$', '\\' FROM generate_series(1, 50) n;"
    "INSERT INTO \"); ALTER ROLE eve SUPERUSER; --\" VALUES (''), (''''), (':''token'''), ('$pgteal$'), "
    "(E'\\\\\\n');"
    "INSERT INTO \"a EVENT TRIGGER pgteal\" VALUES (1), (2);"
    "SELECT nextval('\"q:''sequences_app'' $pgteal$ ''\"') FROM generate_series(1, 7);"
    "CREATE TABLE people (id int PRIMARY KEY, email text);"
    "INSERT INTO people VALUES (1, 'ann@example.org'), (2, 'ann@example.org');"
    "RESET ROLE",
};

constexpr const char* duplicates =
    "CREATE UNIQUE INDEX people_email ON \"s:'token' $pgteal$\".people (email);\n";
constexpr const char* harmless =
    "CREATE VIEW \"s:'token' $pgteal$\".near AS SELECT 'host=c password=hunter2'::text AS \"c:'x'\";\n";

/// A statement for the side that serves, through the pooler.
void insert(Scenario& scenario, int id) {
    const auto server = scenario.status().at("serving").as_string();
    scenario.query(std::string(server), "app",
                   "INSERT INTO \"s:'token' $pgteal$\".t VALUES (" + std::to_string(id) +
                       ", ':''x''', '', '', '')");
}

} // namespace

TEST(HostileNames, decide_nothing_and_are_carried) {
    Scenario scenario;
    auto& lab = scenario.lab();
    for (const auto& sql : planted) {
        script(lab, "blue", "app", sql);
    }
    // In the DSN itself: so a connection string that got anywhere would show it.
    const auto line = read_file(lab.value("PASSFILE"));
    const auto start = line.find(":pgteal:") + 8;
    const auto password = line.substr(start, line.find('\n', start) - start);
    auto config = read_file(lab.config());
    for (int i = 0; i < 2; ++i) {
        config = replaced(config, "user=pgteal passfile=" + lab.dir() + "/passfile\"",
                          "user=pgteal  password=" + password + "\"");
    }
    write_file(lab.config(), config);
    const auto migration = lab.dir() + "/migrations/app/V1__people.sql";
    write_file(migration, duplicates);

    std::string printed;
    const auto run = [&](Scenario::Words words, int exit_code) {
        const auto ran = scenario.pgteal(std::move(words));
        EXPECT_EQ(ran.exit_code, exit_code) << ran;
        printed += ran.out + ran.err;
        return ran.out + ran.err;
    };
    run({"-v", "check"}, 0);
    run({"-v", "plan"}, 0);
    const auto failed = run({"-v", "prepare"}, 1);
    EXPECT_THAT(failed, HasSubstr("could not create unique index \"people_email\""));
    EXPECT_THAT(failed, HasSubstr("the server's own log has the row"));
    EXPECT_THAT(failed, HasSubstr("What was made stays"));
    EXPECT_THAT(read_file(lab.dir() + "/green.log"), HasSubstr("ann@example.org")) << "it was promised";
    write_file(migration, harmless);
    run({"-v", "prepare"}, 0);
    insert(scenario, 1001);
    run({"-v", "--json", "compare"}, 0);
    run({"-v", "cutover", "--dry-run"}, 0);
    run({"-v", "cutover"}, 0);
    insert(scenario, 1002);
    run({"-v", "--json", "status"}, 0);
    run({"-v", "--json", "switch-back"}, 0);
    insert(scenario, 1003);
    run({"-v", "compare"}, 0);
    run({"audit"}, 0);
    run({"--json", "audit"}, 0);
    run({"--json", "plan"}, 0);

    for (const std::string side : {"blue", "green"}) {
        EXPECT_EQ(scenario.value(side, "app",
                                 "SELECT count(*) FROM pg_roles WHERE rolsuper AND rolname <> "
                                 "current_user AND oid <> 10"),
                  "0")
            << side;
        EXPECT_EQ(scenario.value(side, "app", "SELECT count(*) FROM \"s:'token' $pgteal$\".t"), "53") << side;
        EXPECT_EQ(scenario.value(side, "app",
                                 "SELECT string_agg(\"k:'own_pids'\", '|' ORDER BY 1) FROM "
                                 "\"s:'token' $pgteal$\".\"); ALTER ROLE eve SUPERUSER; --\""),
                  scenario.value("blue", "app",
                                 "SELECT string_agg(\"k:'own_pids'\", '|' ORDER BY 1) FROM "
                                 "\"s:'token' $pgteal$\".\"); ALTER ROLE eve SUPERUSER; --\""));
        EXPECT_EQ(scenario.value(side, "app",
                                 "SELECT count(*) FROM \"s:'token' $pgteal$\".\"a EVENT TRIGGER pgteal\""),
                  "2");
    }
    EXPECT_EQ(
        scenario.value("green", "app",
                       "SELECT shobj_description(oid, 'pg_authid') FROM pg_authid WHERE rolname = 'eve'"),
        "$pgteal$; ALTER ROLE eve SUPERUSER; -- hunter2 :'conninfo_green'");
    EXPECT_EQ(
        scenario.value(
            "green", "app",
            "SELECT string_agg(one, ' ' ORDER BY one) FROM pg_db_role_setting, unnest(setconfig) AS one "
            "WHERE one LIKE 'eve.%'"),
        scenario.value(
            "blue", "app",
            "SELECT string_agg(one, ' ' ORDER BY one) FROM pg_db_role_setting, unnest(setconfig) AS one "
            "WHERE one LIKE 'eve.%'"));

    for (const auto& secret :
         {password, std::string("hunter2"), std::string("ann@example.org"), std::string("SCRAM-SHA-256$")}) {
        EXPECT_EQ(printed.find(secret), std::string::npos) << secret << " was printed";
        for (const auto& file : std::filesystem::recursive_directory_iterator(lab.dir() + "/state")) {
            if (file.is_regular_file() && file.path().filename().string().starts_with("journal")) {
                EXPECT_EQ(read_file(file.path()).find(secret), std::string::npos)
                    << secret << " is in " << file.path();
            }
        }
    }
    for (const auto* log : {"/blue.log", "/green.log"}) {
        EXPECT_EQ(read_file(lab.dir() + log).find(password), std::string::npos) << log;
        EXPECT_EQ(read_file(lab.dir() + log).find("syntax error"), std::string::npos) << log;
    }
}

} // namespace pgteal::support
