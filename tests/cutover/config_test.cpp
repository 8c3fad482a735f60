#include "cutover/config/config.hpp"

#include <set>

#include "cutover/config/keys.hpp"
#include "tests/cutover/full_config.hpp"
#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;
using testing::Not;
using toys::changed;
using toys::error_of;
using toys::full;
using toys::small_config;

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
    EXPECT_TRUE(config.carry_partitions());
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
    EXPECT_THAT(config.lint.ignored_rules, testing::ElementsAre("drop-column"));
    EXPECT_EQ(config.lint.table_names, "^[a-z_]+$");
    EXPECT_EQ(config.lint.column_names, "^[a-z]+$");
    EXPECT_EQ(config.lint.index_names, "_idx$");
    EXPECT_EQ(config.lint.constraint_names, "^c_");
    EXPECT_EQ(config.migrate.long_statement, std::chrono::seconds(5));
    EXPECT_EQ(config.migrate.long_lock, std::chrono::milliseconds(200));
    EXPECT_EQ(config.metrics, "127.0.0.1:9187");
    EXPECT_EQ(&config.side(Side::green), &config.green);
}

template <typename Use>
void for_each_key(Use use) {
    for_each_section([&]<typename Owner>(const Section<Owner>& section) {
        for (const auto& key : section.keys) {
            std::visit([&](const auto& field) { use(section, key, as_json(Owner().*field.member)); },
                       key.field);
        }
    });
}

TEST(Config, TheFullTextNamesEveryKnownKey) {
    for_each_key([](const auto& section, const auto& key, const auto&) {
        EXPECT_THAT(full, HasSubstr("\n" + std::string(key.name) + " = ")) << section.title();
    });
}

TEST(Config, AnUnknownKeyFarFromAllIsSentToThePage) {
    EXPECT_EQ(error_in(changed(full, "lanes = 4", "sausages = 4")).hint(), "docs/config.md lists every key");
    EXPECT_THAT(error_in("max_pause = \"5s\"\n" + small_config).what(),
                HasSubstr("pgteal.toml:1: unknown section or key 'max_pause'"));
}

TEST(Config, FillsInDefaults) {
    const auto config = parse_config(small_config, "pgteal.toml");
    EXPECT_EQ(config.max_pause, std::chrono::seconds(5));
    EXPECT_EQ(config.max_lag, Bytes{16 << 20});
    EXPECT_EQ(config.catch_up, std::chrono::hours(24));
    EXPECT_GE(config.jobs, 1);
    EXPECT_FALSE(config.carry_partitions());
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

TEST(Config, TellsWhatIsWrongAndWhere) {
    for (const auto& mistake : toys::mistakes) {
        const auto error = error_in(changed(full, mistake.from, mistake.to));
        EXPECT_THAT(error.what(), HasSubstr("pgteal.toml:")) << mistake.to;
        EXPECT_THAT(error.what(), HasSubstr(mistake.says)) << mistake.to;
        EXPECT_THAT(error.hint(), HasSubstr(mistake.hint)) << mistake.to;
    }
}

TEST(Config, TakesNoTextWithoutAnEnd) {
    for (const std::string key : {"name = \"Odd name", "listen = \"127.0.0.1"}) {
        const auto error = error_in(changed(full, key, key + std::string(200'000, 'x')));
        EXPECT_THAT(error.what(), HasSubstr("a text may have 4096")) << key;
    }
}

TEST(Config, TakesNoFileOfTwoPoolers) {
    const auto error =
        error_in(std::string(full) + "\n[[pooler]]\nname = \"pgb2\"\nadmin = \"host=10.0.0.8 port=6432\"\n"
                                     "config = \"/etc/pgbouncer/../pgbouncer/pgbouncer.ini\"\n");
    EXPECT_THAT(error.what(), testing::HasSubstr("two [[pooler]] sections have the config"));
    EXPECT_THAT(error.hint(), testing::HasSubstr("a file of its own"));
}

TEST(Config, TakesNoPoolerTwice) {
    const auto second = "[[pooler]]\nname = \"pgb1\"\nadmin = \"host=10.0.0.8\"\nconfig = \"/etc/b.ini\"\n";
    EXPECT_STREQ(error_in(small_config + second).what(),
                 "pgteal.toml:15: two [[pooler]] sections have the name 'pgb1'");
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
                HasSubstr("[[database]] has no 'name'"));
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

TEST(Config, KeysAreListedOnceAndADefaultOfNothingIsSaidInWords) {
    std::set<std::string> seen;
    for_each_key([&](const auto& section, const auto& key, const boost::json::value& made) {
        EXPECT_TRUE(seen.insert(section.title() + std::string(key.name)).second) << key.name;
        EXPECT_FALSE(key.meaning.empty()) << key.name;
        if (key.unset.empty()) {
            EXPECT_THAT(boost::json::serialize(made),
                        testing::Not(testing::AnyOf("\"\"", "[]", "{}", "\"0ms\"")))
                << key.name;
        }
    });
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
