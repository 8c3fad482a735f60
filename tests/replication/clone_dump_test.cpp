#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replication/clone/clone.hpp"

namespace pgteal::replication {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

const postgres::Dsn blue =
    postgres::Dsn::parse("host=10.0.0.1 port=5501 user=pgteal password=geheim options='-c geqo=off'");

TEST(DumpSchema, KeepsSecretsOutOfArgv) {
    const auto dump = dump_schema(blue, "shop", "/tmp/a.dump", "/opt/bin");
    EXPECT_EQ(dump.argv[0], "/opt/bin/pg_dump");
    EXPECT_THAT(dump.argv, Each(Not(HasSubstr("geheim"))));
    EXPECT_EQ(dump.environment.at("PGPASSWORD"), "geheim");
    EXPECT_THAT(dump.argv, Contains("--schema-only"));
    EXPECT_THAT(dump.argv, Contains("--exclude-schema=pgteal"));
    EXPECT_THAT(dump.argv, Contains("--file=/tmp/a.dump"));
    EXPECT_THAT(dump.argv, Contains(HasSubstr("dbname='shop'")));
}

TEST(RestoreSchema, PassesOurOwnFenceAndFreezeAndKeepsTheOperatorsOptions) {
    const auto restore = restore_schema(blue, "shop", "/tmp/a.dump", Section::post_data, 3, "");
    EXPECT_EQ(restore.argv[0], "pg_restore");
    EXPECT_THAT(restore.argv, Each(Not(HasSubstr("geheim"))));
    EXPECT_THAT(restore.environment.at("PGOPTIONS"),
                testing::AllOf(HasSubstr("-c geqo=off -c default_transaction_read_only=off"),
                               HasSubstr("-c pgteal.ddl=on"), HasSubstr("synchronous_commit=on"),
                               Not(HasSubstr("track_activities"))));
    EXPECT_THAT(restore.argv, Each(Not(HasSubstr("options="))))
        << "libpq reads PGOPTIONS only where the connection string has none";
    EXPECT_THAT(restore_schema(blue, "shop", "f", Section::pre_data, 1, "").environment.at("PGOPTIONS"),
                HasSubstr("track_activities=off"))
        << "user mappings hold passwords";
    EXPECT_THAT(restore.argv, Contains(HasSubstr("application_name='pgteal pg_restore'")));
    EXPECT_THAT(restore.argv, Contains("--section=post-data"));
    EXPECT_THAT(restore.argv, Contains("--jobs=3"));
    EXPECT_THAT(restore.argv, Contains("--exit-on-error"));
    EXPECT_EQ(restore.argv.back(), "/tmp/a.dump");
    EXPECT_THAT(restore_schema(blue, "shop", "f", Section::pre_data, 3, "").argv,
                Not(Contains(HasSubstr("--jobs"))));
}

TEST(RestoreProblem, PassesParametersThatAnOlderServerDoesNotKnow) {
    const std::string unknown =
        "pg_restore: error: could not execute query: ERROR:  unrecognized configuration "
        "parameter \"transaction_timeout\"\nCommand was: SET transaction_timeout = 0;\n";
    const std::string other =
        "pg_restore: error: could not execute query: ERROR:  type \"x\" does not exist\n"
        "Command was: CREATE TABLE a (b x);\n";
    const auto ignored = [](int count) {
        return "pg_restore: warning: errors ignored on restore: " + std::to_string(count) + "\n";
    };
    EXPECT_EQ(restore_problem({0, "", ""}), "");
    EXPECT_EQ(restore_problem({1, "", unknown + ignored(1)}), "");
    EXPECT_EQ(restore_problem({1, "", unknown + unknown + ignored(2)}), "");
    EXPECT_EQ(restore_problem({1, "", unknown + unknown + ignored(1)}), "") << "a parallel worker's";
    EXPECT_EQ(restore_problem({1, "", unknown + other + ignored(2)}), "type \"x\" does not exist");
    EXPECT_NE(restore_problem({1, "", unknown + ignored(2)}), "") << "one was not seen";
    EXPECT_NE(restore_problem({1, "", unknown}), "") << "it did not come to its end";
    EXPECT_NE(restore_problem({137, "", unknown + ignored(1)}), "");
    EXPECT_NE(restore_problem({137, "", ""}), "") << "killed";
    EXPECT_NE(restore_problem({1, "", ""}), "");
    EXPECT_NE(restore_problem({1, "", "pg_restore: error: could not open input file\n"}), "");
    const auto newer = restore_schema(blue, "shop", "f", Section::pre_data, 1, "", Bytes{}, true);
    EXPECT_THAT(newer.argv, Not(Contains("--exit-on-error")));
    EXPECT_EQ(newer.environment.at("LC_ALL"), "C");
}

TEST(ListSchema, WritesTheListThatRestoreReads) {
    const auto programs = list_schema("/tmp/a.dump", "");
    ASSERT_EQ(programs.size(), 2U);
    EXPECT_THAT(programs[0].argv, Contains("--file=/tmp/a.dump.list"));
    EXPECT_EQ(programs[1].argv.back(), "/tmp/a.dump.list");
    EXPECT_THAT(restore_schema(blue, "shop", "/tmp/a.dump", Section::pre_data, 1, "").argv,
                Contains("--use-list=/tmp/a.dump.list"));
}

TEST(ChooseDump, TheTargetsMajorThenTheNewestThatTheTargetUnderstands) {
    EXPECT_EQ(choose_dump({13, 15, 17}, 15, 17), 17);
    EXPECT_EQ(choose_dump({15, 16, 18}, 15, 17), 16);
    EXPECT_EQ(choose_dump({14, 18}, 15, 17), 18) << "better one that is too new than none";
    EXPECT_EQ(choose_dump({13, 14}, 15, 17), 0) << "pg_dump refuses a server newer than itself";
    EXPECT_EQ(choose_dump({15, 17}, 15, 0), 17);
}

} // namespace
} // namespace pgteal::replication
