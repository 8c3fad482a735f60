#include "cutover/config/config.hpp"

#include <set>

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;
using testing::Not;
using toys::error_of;
using toys::small_config;

const std::string full = R"([run]
name = "shop-2026"
state = "/srv/pgteal"

[blue]
dsn = "host=10.0.0.5 user=pgteal"
peer_dsn = "host=192.168.0.5 user=repl passfile=/etc/pgteal.pass"
pooler_host = "blue.internal"
pooler_port = "6000"
password_command = ["cat", "/run/secrets/blue"]

[green]
dsn = "postgresql://pgteal@10.0.0.9:6543"
peer_dsn = "host=192.168.0.9"
pooler_host = "green.internal"
pooler_port = "6001"
password_command = ["pass", "show", "green"]

[[database]]
name = "app"
lanes = 4
migrations = "/srv/migrations"

[[database]]
name = "Odd name"

[[pooler]]
name = "pgb1"
admin = "host=10.0.0.7 port=6432 user=admin dbname=pgbouncer"
probe = "host=10.0.0.7 port=6432 user=app"
config = "/etc/pgbouncer/pgbouncer.ini"
entries = ["app", "app_ro"]

[cutover]
max_pause = "750ms"
max_lag = "1MB"

[clone]
jobs = 8
catch_up = "2h"

[freeze]
partitions = "carry"

[check]
accept = ["unlogged-tables", "large-objects"]

[migrate]
history = "flyway"
history_table = "app.flyway_schema_history"
command = ["flyway", "migrate"]
lock_timeout = "1s"
statement_timeout = "10min"
attempts = 7
gaps = "refuse"
out_of_order = "allow"
placeholders = "literal"
approvals = 2

[lint]
ignore = ["drop-column"]
table_names = "^[a-z_]+$"
column_names = "^[a-z]+$"
index_names = "_idx$"
constraint_names = "^c_"

[rehearse]
long_statement = "5s"
long_lock = "200ms"

[metrics]
listen = "127.0.0.1:9187"
)";

/// `text` with the first `from` replaced; the test fails when it is not there.
std::string changed(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

Error error_in(const std::string& text) {
    const auto error = error_of([&] { parse_config(text, "pgteal.toml"); });
    EXPECT_EQ(error.code(), ErrorCode::config) << error.what();
    return error;
}

TEST(Config, ReadsEveryKey) {
    const auto config = parse_config(full, "pgteal.toml");
    EXPECT_EQ(config.path, "pgteal.toml");
    EXPECT_EQ(config.run, "shop-2026");
    EXPECT_EQ(config.state, "/srv/pgteal");
    EXPECT_EQ(config.blue.dsn.address(), "10.0.0.5:5432");
    EXPECT_EQ(config.blue.peer_dsn.get("passfile"), "/etc/pgteal.pass");
    EXPECT_EQ(config.blue.pooler_host, "blue.internal");
    EXPECT_EQ(config.blue.pooler_port, "6000");
    EXPECT_THAT(config.blue.password_command, testing::ElementsAre("cat", "/run/secrets/blue"));
    EXPECT_EQ(config.green.dsn.address(), "10.0.0.9:6543");
    EXPECT_EQ(config.green.peer_dsn.host(), "192.168.0.9");
    EXPECT_EQ(config.green.pooler_host, "green.internal");
    EXPECT_EQ(config.green.pooler_port, "6001");
    EXPECT_THAT(config.green.password_command, testing::ElementsAre("pass", "show", "green"));
    EXPECT_THAT(config.database_names(), testing::ElementsAre("app", "Odd name"));
    EXPECT_EQ(config.database("app").lanes, 4);
    EXPECT_EQ(config.database("app").migrations, "/srv/migrations");
    ASSERT_EQ(config.poolers.size(), 1U);
    EXPECT_EQ(config.poolers[0].name, "pgb1");
    EXPECT_EQ(config.poolers[0].admin.get("dbname"), "pgbouncer");
    EXPECT_EQ(config.poolers[0].probe.get("user"), "app");
    EXPECT_EQ(config.poolers[0].config, "/etc/pgbouncer/pgbouncer.ini");
    EXPECT_THAT(config.poolers[0].entries, testing::ElementsAre("app", "app_ro"));
    EXPECT_EQ(config.max_pause, std::chrono::milliseconds(750));
    EXPECT_EQ(config.max_lag, Bytes{1 << 20});
    EXPECT_EQ(config.jobs, 8);
    EXPECT_TRUE(config.carry_partitions);
    EXPECT_EQ(config.catch_up, std::chrono::hours(2));
    EXPECT_THAT(config.accept, testing::ElementsAre("unlogged-tables", "large-objects"));
    EXPECT_EQ(config.migrate.history, "flyway");
    EXPECT_EQ(config.migrate.history_table, "app.flyway_schema_history");
    EXPECT_THAT(config.migrate.command, testing::ElementsAre("flyway", "migrate"));
    EXPECT_EQ(config.migrate.lock_timeout, std::chrono::seconds(1));
    EXPECT_EQ(config.migrate.statement_timeout, std::chrono::minutes(10));
    EXPECT_EQ(config.migrate.attempts, 7);
    EXPECT_EQ(config.migrate.gaps, "refuse");
    EXPECT_EQ(config.migrate.out_of_order, "allow");
    EXPECT_EQ(config.migrate.placeholders, "literal");
    EXPECT_EQ(config.migrate.approvals, 2);
    EXPECT_THAT(config.migrate.ignored_rules, testing::ElementsAre("drop-column"));
    EXPECT_EQ(config.migrate.table_names, "^[a-z_]+$");
    EXPECT_EQ(config.migrate.column_names, "^[a-z]+$");
    EXPECT_EQ(config.migrate.index_names, "_idx$");
    EXPECT_EQ(config.migrate.constraint_names, "^c_");
    EXPECT_EQ(config.migrate.long_statement, std::chrono::seconds(5));
    EXPECT_EQ(config.migrate.long_lock, std::chrono::milliseconds(200));
    EXPECT_EQ(config.metrics, "127.0.0.1:9187");
    EXPECT_EQ(&config.side(Side::green), &config.green);
}

TEST(Config, TheFullTextAboveNamesEveryKnownKey) {
    for (const auto& key : config_keys()) {
        EXPECT_THAT(full, HasSubstr(std::string(key.key) + " = ")) << key.table;
    }
}

TEST(Config, NamesTheWordsThatAKeyMayBe) {
    const auto error = error_in(changed(full, "gaps = \"refuse\"", "gaps = \"refused\""));
    EXPECT_THAT(error.what(), HasSubstr("'gaps' can't be 'refused'; it is one of allow, refuse"));
    EXPECT_THAT(error.hint(), HasSubstr("did you mean 'refuse'?"));
    EXPECT_THAT(error_in(changed(full, "\"_idx$\"", "\"(_idx\"")).what(),
                HasSubstr("is no regular expression"));
}

TEST(Config, FillsInDefaults) {
    const auto config = parse_config(small_config, "pgteal.toml");
    EXPECT_EQ(config.max_pause, std::chrono::seconds(5));
    EXPECT_EQ(config.max_lag, Bytes{16 << 20});
    EXPECT_EQ(config.catch_up, std::chrono::hours(24));
    EXPECT_GE(config.jobs, 1);
    EXPECT_FALSE(config.carry_partitions);
    EXPECT_TRUE(config.accept.empty());
    EXPECT_EQ(config.metrics, "");
    EXPECT_EQ(config.database("app").lanes, 1);
    EXPECT_EQ(config.database("app").migrations, "");
    EXPECT_EQ(config.blue.peer_dsn, config.blue.dsn);
    EXPECT_EQ(config.blue.pooler_host, "10.0.0.5");
    EXPECT_EQ(config.blue.pooler_port, "5432");
    EXPECT_EQ(config.green.pooler_port, "6543");
    EXPECT_TRUE(config.green.password_command.empty());
    const auto& pooler = config.poolers.front();
    EXPECT_TRUE(pooler.entries.empty());
    EXPECT_EQ(pooler.admin.get("dbname"), "pgbouncer");
    EXPECT_FALSE(pooler.probe.get("dbname"));
    EXPECT_EQ(pooler.probe.address(), pooler.admin.address());
    EXPECT_EQ(pooler.probe.get("user"), "pgteal");
}

TEST(Config, WithoutAStateFolderTakesTheUsersOwn) {
    const auto config = parse_config(changed(small_config, "state = \"/nowhere\"\n", ""), "pgteal.toml");
    EXPECT_TRUE(config.state.starts_with('/')) << config.state;
    EXPECT_TRUE(config.state.ends_with("pgteal")) << config.state;
}

TEST(Config, NamesLineAndLikelyKeyOfAnUnknownOne) {
    const auto error = error_in(changed(full, "lanes = 4", "lane = 4"));
    EXPECT_STREQ(error.what(), "pgteal.toml:21: unknown key 'lane' in [database]");
    EXPECT_EQ(error.hint(), "did you mean 'lanes'?");
    const auto far = error_in(changed(full, "lanes = 4", "sausages = 4"));
    EXPECT_EQ(far.hint(), "docs/config.md lists every key");
}

TEST(Config, NamesLineAndLikelySectionOfAnUnknownOne) {
    const auto error = error_in(changed(small_config, "[[database]]", "[[databse]]"));
    EXPECT_THAT(error.what(), HasSubstr("pgteal.toml:8: unknown section or key 'databse'"));
    EXPECT_THAT(error.hint(), HasSubstr("[database]"));
    EXPECT_THAT(error_in("max_pause = \"5s\"\n" + small_config).what(),
                HasSubstr("pgteal.toml:1: unknown section or key 'max_pause'"));
}

struct Mistake {
    std::string from;
    std::string to;
    std::string says;
    std::string hint;
};

TEST(Config, TellsWhatIsWrongAndWhere) {
    const std::vector<Mistake> mistakes{
        {"\"750ms\"", "\"750\"", "pgteal.toml:35: 'max_pause' needs a duration with its unit",
         "max_pause = \"5s\""},
        {"\"750ms\"", "750", "pgteal.toml:35: 'max_pause' needs a duration with its unit",
         "max_pause = \"5s\""},
        {"\"750ms\"", "\"99ms\"", "pgteal.toml:35: max_pause is below 100 ms", "20 ms"},
        {"\"1MB\"", "\"1\"", "pgteal.toml:36: 'max_lag' needs a size with its unit", "max_lag = \"16MB\""},
        {"\"1MB\"", "1048576", "pgteal.toml:36: 'max_lag' needs a size with its unit", "max_lag = \"16MB\""},
        {"\"2h\"", "\"2 hours\"", "pgteal.toml:40: 'catch_up' needs a duration", "\"5s\""},
        {"lanes = 4", "lanes = \"4\"", "pgteal.toml:21: 'lanes' must be a whole number from 1 to 16", ""},
        {"lanes = 4", "lanes = 0", "'lanes' must be a whole number from 1 to 16", ""},
        {"lanes = 4", "lanes = 17", "'lanes' must be a whole number from 1 to 16", ""},
        {"lanes = 4", "lanes = 4.5", "'lanes' must be a whole number from 1 to 16", ""},
        {"jobs = 8", "jobs = 99999999999", "'jobs' must be a whole number from 1 to 128", ""},
        {"\"6000\"", "6000", "pgteal.toml:9: 'pooler_port' must be a text in quotes", ""},
        {"name = \"shop-2026\"", "name = \"\"", "pgteal.toml:2: 'name' is empty", ""},
        {"name = \"shop-2026\"", "name = \"shop 2026\"", "the run's name may hold letters", ""},
        {"name = \"shop-2026\"", "name = \"../../etc\"", "the run's name may hold letters", ""},
        {"name = \"shop-2026\"", "name = \"" + std::string(41, 'x') + "\"", "at most 40", ""},
        {"[\"app\", \"app_ro\"]", "\"app\"", "pgteal.toml:32: 'entries' must be a list of texts",
         "entries = [\"app\"]"},
        {"[\"app\", \"app_ro\"]", "[\"app\", 5]", "'entries' must be a text in quotes", ""},
        {"[\"cat\", \"/run/secrets/blue\"]", "\"cat /run/secrets/blue\"",
         "pgteal.toml:10: 'password_command' must be a list", "password_command = "},
        {"\"unlogged-tables\"", "\"unlogged-table\"", "'unlogged-table' can't be accepted",
         "did you mean 'unlogged-tables'?"},
        {"\"unlogged-tables\"", "\"row-security\"", "'row-security' can't be accepted",
         "only unlogged-tables, large-objects, extension-members, system-schemas, capacity, trial-restore, "
         "security-labels, "
         "standby-entries, other-entries, owners-code, function-names, reads-tables, schema-changes, "
         "all-tables-publications, untried-logins, switch-back "
         "and "
         "pooler-gone can"},
        {"dsn = \"host=10.0.0.5 user=pgteal\"", "dsn = \"host=10.0.0.5 dbname=app\"",
         "pgteal.toml:6: 'dsn' names a database", "leave dbname out"},
        {"dsn = \"host=10.0.0.5 user=pgteal\"", "dsn = \"hots=10.0.0.5\"",
         "pgteal.toml:6: 'dsn': ", "keyword=value"},
        {"user=app\"", "user=app dbname=app\"", "pgteal.toml:30: 'probe' names a database",
         "leave dbname out"},
        {"name = \"Odd name\"", "name = \"app\"", "two [[database]] sections have the name 'app'",
         "each database is listed once"},
        {"[run]", "[run", "pgteal.toml:1: ", "toml.io"},
    };
    for (const auto& mistake : mistakes) {
        const auto error = error_in(changed(full, mistake.from, mistake.to));
        EXPECT_THAT(error.what(), HasSubstr("pgteal.toml:")) << mistake.to;
        EXPECT_THAT(error.what(), HasSubstr(mistake.says)) << mistake.to;
        EXPECT_THAT(error.hint(), HasSubstr(mistake.hint)) << mistake.to;
    }
}

TEST(Config, TakesNoDatabaseThatPgtealWorksFrom) {
    const auto error = error_in(changed(full, "\"Odd name\"", "\"postgres\""));
    EXPECT_THAT(error.what(), testing::HasSubstr("database postgres can't be moved"));
}

TEST(Config, TakesNoFileOfTwoPoolers) {
    const auto error =
        error_in(std::string(full) + "\n[[pooler]]\nname = \"pgb2\"\nadmin = \"host=10.0.0.8 port=6432\"\n"
                                     "config = \"/etc/pgbouncer/../pgbouncer/pgbouncer.ini\"\n");
    EXPECT_THAT(error.what(), testing::HasSubstr("two poolers have the config file"));
}

TEST(Config, TakesNoPoolerTwice) {
    const auto second = "[[pooler]]\nname = \"pgb1\"\nadmin = \"host=10.0.0.8\"\nconfig = \"/etc/b.ini\"\n";
    EXPECT_STREQ(error_in(small_config + second).what(),
                 "pgteal.toml:14: two [[pooler]] sections have the name 'pgb1'");
}

TEST(Config, NeedsADatabaseAPoolerAndBothSides) {
    EXPECT_THAT(error_in(changed(small_config, "[[database]]\nname = \"app\"\n", "")).what(),
                HasSubstr("no [[database]] section"));
    const auto without_pooler = small_config.substr(0, small_config.find("[[pooler]]"));
    EXPECT_THAT(error_in(without_pooler).what(), HasSubstr("no [[pooler]] section"));
    EXPECT_THAT(error_in(changed(small_config, "dsn = \"host=10.0.0.5\"\n", "")).what(),
                HasSubstr("pgteal.toml:4: [blue] has no 'dsn'"));
    const auto no_green = error_in(changed(small_config, "[green]\ndsn = \"host=10.0.0.9 port=6543\"\n", ""));
    EXPECT_STREQ(no_green.what(), "pgteal.toml: [green] has no 'dsn'");
    EXPECT_THAT(error_in(changed(small_config, "name = \"app\"\n", "")).what(),
                HasSubstr("[database] has no 'name'"));
    EXPECT_THAT(error_in("").what(), HasSubstr("[run] has no 'name'"));
}

TEST(Config, WantsOneBracketWhereThereIsOneAndTwoWhereThereAreSeveral) {
    const auto one = error_in(changed(small_config, "[[database]]", "[database]"));
    EXPECT_THAT(one.what(), HasSubstr("database may be there several times"));
    EXPECT_EQ(one.hint(), "write [[database]] with two brackets");
    const auto two = error_in(changed(small_config, "[blue]", "[[blue]]"));
    EXPECT_THAT(two.what(), HasSubstr("[blue] must be one section"));
}

TEST(Config, NeverRepeatsASecret) {
    const std::vector<std::string> dsns{
        "dsn = \"host=10.0.0.5 password=hunter2 dbname=app\"",
        "dsn = \"host=10.0.0.5 password=hunter2 oops\"",
        "dsn = \"host=10.0.0.5 password='hunter2\"",
        "dsn = \"postgresql://u:hunter2@[::1\"",
        "dsn = \"postgresql://u:hunter2@h/?nonsense=1\"",
        "dsn = \"postgresql://u:hunter2%zz@h\"",
        "dsn = \"host=10.0.0.5 password=hunter2",
        "dsn = host=10.0.0.5 password=hunter2",
        "dsn = [\"password=hunter2\"]",
        "dsn = \"password=hunter2\"\ndsn = \"password=hunter2\"",
        "dsn = \"password=hunter2\" \"password=hunter2\"",
        "dsn = \"password=hunter2 \\q hunter2\"",
    };
    for (const auto& dsn : dsns) {
        const auto error = error_in(changed(small_config, "dsn = \"host=10.0.0.5\"", dsn));
        EXPECT_THAT(error.what(), Not(HasSubstr("hunter2"))) << dsn;
        EXPECT_THAT(error.hint(), Not(HasSubstr("hunter2"))) << dsn;
        EXPECT_THAT(error.what(), testing::ContainsRegex("^pgteal.toml:[56]: ")) << dsn;
    }
}

TEST(Config, KeysAreListedOnceEach) {
    std::set<std::string> seen;
    for (const auto& key : config_keys()) {
        EXPECT_TRUE(seen.insert(std::string(key.table) + "." + std::string(key.key)).second) << key.key;
        EXPECT_FALSE(key.meaning.empty()) << key.key;
        EXPECT_FALSE(key.fallback.empty()) << key.key;
    }
}

TEST(Config, SaysWhichFileItCannotRead) {
    const toys::Folder folder;
    for (const auto& path : {folder.file("missing.toml"), folder.path()}) {
        const auto error = error_of([&] { load_config(path); });
        EXPECT_EQ(error.code(), ErrorCode::config);
        EXPECT_THAT(error.what(), HasSubstr(path));
        EXPECT_THAT(error.hint(), HasSubstr("-c FILE"));
    }
    toys::write_file(folder.file("good.toml"), small_config);
    EXPECT_EQ(load_config(folder.file("good.toml")).run, "toy");
}

std::string with_command(const std::string& side, const std::string& lines) {
    return changed(small_config, "[" + side + "]\n", "[" + side + "]\n" + lines + "\n");
}

TEST(PasswordCommand, GivesItsFirstLineToBothWaysIn) {
    const auto estate =
        toys::estate_of(with_command("green", "password_command = [\"printf\", \"hunter2\\nsecond line\"]"));
    EXPECT_EQ(estate->config().green.dsn.get("password"), "hunter2");
    EXPECT_EQ(estate->config().green.peer_dsn.get("password"), "hunter2");
    EXPECT_FALSE(estate->config().blue.dsn.get("password"));
    EXPECT_THAT(estate->peer_conninfo(Side::green, "app"), HasSubstr("hunter2"));
}

TEST(PasswordCommand, LeavesAPeerDsnOfItsOwnAlone) {
    const auto estate = toys::estate_of(with_command(
        "blue", "peer_dsn = \"host=10.1.1.1 passfile=/p\"\npassword_command = [\"echo\", \"hunter2\"]"));
    EXPECT_EQ(estate->config().blue.dsn.get("password"), "hunter2");
    EXPECT_FALSE(estate->config().blue.peer_dsn.get("password"));
}

TEST(PasswordCommand, ThatFailsIsNamedWithoutWhatItPrinted) {
    const auto error = error_of([] {
        toys::estate_of(with_command(
            "blue", "password_command = [\"sh\", \"-c\", \"cat /run/secret; echo hunter$((1+1)); exit 7\"]"));
    });
    EXPECT_EQ(error.code(), ErrorCode::config);
    EXPECT_EQ(error.side(), "blue");
    EXPECT_THAT(error.what(), HasSubstr("exit code 7"));
    EXPECT_THAT(std::string(error.what()) + error.hint(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(error.hint(), HasSubstr("run it by hand"));
    const auto missing =
        error_of([] { toys::estate_of(with_command("blue", "password_command = [\"/no/such/program\"]")); });
    EXPECT_EQ(missing.code(), ErrorCode::program);
}

} // namespace
} // namespace pgteal::cutover
