// Names, versions, checksums, and which files of a folder are migrations.
#include <filesystem>
#include <fstream>

#include <stdlib.h>
#include <sys/stat.h>

#include "migration/files/find.hpp"
#include "tests/migration/refused.hpp"

namespace pgteal::migration {
namespace {

class Folder {
public:
    Folder() {
        std::string name = testing::TempDir() + "pgteal-migrations-XXXXXX";
        path_ = mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    void write(const std::string& name, const std::string& text = "SELECT 1;") const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << text;
    }
    [[nodiscard]] std::filesystem::path path(const std::string& name = {}) const { return path_ / name; }
    std::vector<std::string> scripts() const {
        std::vector<std::string> names;
        for (const auto& file : find_migrations(path_.string())) {
            names.push_back(file.script);
        }
        return names;
    }

private:
    std::filesystem::path path_;
};

TEST(FileName, BothForms) {
    const std::vector<std::array<std::string, 3>> cases{
        {"V1__init.sql", "1", "init"},
        {"V1.10__add_total.sql", "1.10", "add_total"},
        {"V2_3__x__y.sql", "2.3", "x__y"},
        {"V20260101__daily.sql", "20260101", "daily"},
        {"V007__bond.sql", "007", "bond"},
        {"20260131120000_add_total.sql", "20260131120000", "add_total"},
        {"20260131120000__add_total.sql", "20260131120000", "add_total"},
    };
    for (const auto& [script, version, name] : cases) {
        const auto parsed = parse_file_name(script);
        EXPECT_EQ(parsed.version, version) << script;
        EXPECT_EQ(parsed.name, name) << script;
    }
}

TEST(FileName, RefusesTheRestAndSaysWhatToDo) {
    for (const auto* script : {"init.sql",     "V1_init.sql",   "V__init.sql",        "V1__.sql",
                               "V1..2__x.sql", "V1.__x.sql",    "v1__x.sql",          "V1a__x.sql",
                               "V1__x.SQL",    "2026_x.sql",    "20260131120000.sql", "20260131120000x.sql",
                               "U__x.sql",     "R1__views.sql", "B1__base.sql",       "u1__x.sql",
                               "R__.sql",      "r__views.sql",  "V-1__x.sql",         "V1__a\nb.sql",
                               "V1__\xff.sql"}) {
        const auto error = error_of([&] { parse_file_name(script); });
        ASSERT_TRUE(error) << script;
        EXPECT_EQ(error->code(), ErrorCode::migration) << script;
        EXPECT_THAT(error->hint(), testing::HasSubstr("V2__add_total.sql")) << script;
    }
}

TEST(FileName, WhatGoesBackAndWhatComesAgain) {
    EXPECT_TRUE(parse_file_name("R__all_views.sql").repeatable);
    EXPECT_EQ(parse_file_name("R__all_views.sql").name, "all_views");
    EXPECT_EQ(parse_file_name("R__all_views.sql").version, "");
    for (const auto* script : {"U1.2__x.sql", "V1.2__x.down.sql", "U1_2__x.sql"}) {
        EXPECT_TRUE(parse_file_name(script).down) << script;
        EXPECT_EQ(parse_file_name(script).version, "1.2") << script;
    }
    EXPECT_TRUE(parse_file_name("20260131120000_x.down.sql").down);
    for (const auto* script : {"V1__x.up.sql", "20260131120000_x.up.sql", "V1__x.sql"}) {
        EXPECT_FALSE(parse_file_name(script).down) << script;
        EXPECT_EQ(parse_file_name(script).name, "x") << script;
    }
}

TEST(FileName, PlainOnesByTheNumberInFront) {
    const std::vector<std::array<std::string, 3>> cases{
        {"001_init.sql", "001", "init"},
        {"12-add total.sql", "12", "add total"},
        {"1.2_x.sql", "1.2", "x"},
        {"2026-01-31-x.sql", "2026.01.31", "x"},
        {"001-2fa.sql", "001", "2fa"},
        {"001_2_x.sql", "001", "2_x"},
        {"3.sql", "3", "3"},
        {"000001_create.up.sql", "000001", "create"},
        {"init.sql", "init", "init"},
        {"2fa.sql", "2fa", "2fa"},
    };
    for (const auto& [script, version, name] : cases) {
        const auto parsed = parse_file_name(script, Naming::plain);
        EXPECT_EQ(parsed.version, version) << script;
        EXPECT_EQ(parsed.name, name) << script;
        EXPECT_FALSE(parsed.down || parsed.repeatable) << script;
    }
    EXPECT_TRUE(parse_file_name("000001_create.down.sql", Naming::plain).down);
    expect_error(ErrorCode::migration, "no down script", [] { parse_file_name("R__x.down.sql"); });
    expect_error(ErrorCode::migration, "in lower case", [] { parse_file_name("x.SQL", Naming::plain); });
}

TEST(FileName, OneVersionedNameMakesAllVersioned) {
    for (const auto* script : {"V1__a.sql", "V1_a.sql", "v1__a.sql", "R__views.sql", "U3__a.sql",
                               "20260131120000_x.sql", "B1__base.sql"}) {
        EXPECT_EQ(naming_of({"001_x.sql", script}), Naming::versioned) << script;
    }
    EXPECT_EQ(naming_of({"001_x.sql", "users.sql", "views.sql", "20260131_x.sql", "u_1.sql", "rates__2.sql"}),
              Naming::plain);
}

TEST(Version, ComparesPartsAsNumbers) {
    const std::vector<std::string> ascending{"0.9",
                                             "1",
                                             "1.0.1",
                                             "1.9",
                                             "1.10",
                                             "2",
                                             "10",
                                             "20260101120000",
                                             "99999999999999999999999999",
                                             "100000000000000000000000000"};
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t j = 0; j < ascending.size(); ++j) {
            EXPECT_EQ(compare_versions(ascending[i], ascending[j]), i <=> j)
                << ascending[i] << " and " << ascending[j];
        }
    }
    EXPECT_EQ(compare_versions("1", "1.0"), std::strong_ordering::equal);
    EXPECT_EQ(compare_versions("007", "7"), std::strong_ordering::equal);
    EXPECT_EQ(compare_versions("99999999999999999999999999", "init"), std::strong_ordering::less);
    EXPECT_EQ(compare_versions("views", "init"), std::strong_ordering::greater);
    EXPECT_EQ(compare_versions("init", "init"), std::strong_ordering::equal);
}

TEST(Checksum, IsFlyways) {
    // zlib.crc32 of the lines without their ends, as a signed number.
    EXPECT_EQ(checksum("CREATE TABLE a(id int);\n"), "1032505041");
    EXPECT_EQ(checksum("CREATE TABLE a(id int);\nSELECT 1;\n"), "797280601");
    EXPECT_EQ(checksum("SELECT 'é';"), "1526126742");
    EXPECT_EQ(checksum(""), "0");
}

TEST(Checksum, IgnoresMarkAndLineEndsOnly) {
    const auto plain = checksum("SELECT 1;\nSELECT 2;\n");
    EXPECT_EQ(checksum("\xEF\xBB\xBFSELECT 1;\r\nSELECT 2;\r\n"), plain);
    EXPECT_EQ(checksum("SELECT 1;\rSELECT 2;"), plain);
    EXPECT_NE(checksum("SELECT 1; \nSELECT 2;\n"), plain);
}

TEST(FindMigrations, InVersionOrder) {
    const Folder folder;
    for (const auto* name :
         {"V1.10__c.sql", "V1.9__b.sql", "20260101120000_e.sql", "V1__a.sql", "V2__d.sql"}) {
        folder.write(name);
    }
    folder.write("README.md");
    folder.write(".#V3__half.sql", "no SQL");
    std::filesystem::create_directory(folder.path("old.sql"));
    EXPECT_THAT(folder.scripts(), testing::ElementsAre("V1__a.sql", "V1.9__b.sql", "V1.10__c.sql",
                                                       "V2__d.sql", "20260101120000_e.sql"));
}

TEST(FindMigrations, ReadsAFileWhole) {
    const Folder folder;
    folder.write("V1__a.sql", "\xEF\xBB\xBF-- hello\r\nCREATE TABLE a(id int);\r\n");
    const auto files = find_migrations(folder.path().string());
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].path, folder.path("V1__a.sql").string());
    EXPECT_EQ(files[0].version, "1");
    EXPECT_EQ(files[0].name, "a");
    EXPECT_EQ(files[0].statements.at(0).text, "CREATE TABLE a(id int)");
    EXPECT_EQ(files[0].statements.at(0).line, 2);
    EXPECT_EQ(files[0].checksum, checksum("-- hello\nCREATE TABLE a(id int);\n"));
}

TEST(FindMigrations, AnEmptyFolderHasNone) { EXPECT_TRUE(Folder().scripts().empty()); }

TEST(FindMigrations, RefusesWhatItWouldHaveToLeaveOut) {
    const Folder folder;
    folder.write("V1__a.sql");
    folder.write("fix_things.sql");
    expect_error(ErrorCode::migration, "fix_things.sql", [&] { folder.scripts(); });
}

TEST(FindMigrations, RefusesTheSameVersionTwice) {
    const Folder folder;
    folder.write("V1__a.sql");
    folder.write("V1.0__b.sql");
    expect_error(ErrorCode::migration, "same version", [&] { folder.scripts(); });
    const Folder plain;
    plain.write("001_a.sql");
    plain.write("1_b.sql");
    expect_error(ErrorCode::migration, "001_a.sql and 1_b.sql have the same version",
                 [&] { plain.scripts(); });
}

TEST(FindMigrations, RepeatableOnesComeLastByName) {
    const Folder folder;
    for (const auto* name : {"R__b.sql", "V2__x.sql", "R__a.sql", "V1__z.sql"}) {
        folder.write(name);
    }
    EXPECT_THAT(folder.scripts(), testing::ElementsAre("V1__z.sql", "V2__x.sql", "R__a.sql", "R__b.sql"));
    EXPECT_TRUE(find_migrations(folder.path().string()).back().repeatable);
    folder.write("R__c.sql", "-- pgteal: phase contract\nSELECT 1;");
    expect_error(ErrorCode::migration, "R__c.sql: a repeatable migration", [&] { folder.scripts(); });
}

TEST(FindMigrations, PlainNamesNumbersFirst) {
    const Folder folder;
    for (const auto* name : {"views.sql", "010_c.sql", "2_b.sql", "001_a.sql", "init.sql"}) {
        folder.write(name);
    }
    EXPECT_THAT(folder.scripts(),
                testing::ElementsAre("001_a.sql", "2_b.sql", "010_c.sql", "init.sql", "views.sql"));
}

TEST(FindMigrations, DownScriptsBelongToTheirMigration) {
    const Folder folder;
    folder.write("V1__a.sql");
    folder.write("V2__b.sql");
    folder.write("U2__b.sql", "DROP INDEX CONCURRENTLY i;\n-- done\n");
    folder.write("20260101120000_c.up.sql");
    folder.write("20260101120000_c.down.sql", "-- there is no way back\n");
    const auto files = find_migrations(folder.path().string());
    ASSERT_EQ(files.size(), 3U);
    EXPECT_FALSE(files[0].down);
    ASSERT_TRUE(files[1].down && files[2].down);
    EXPECT_EQ(files[1].down->path, folder.path("U2__b.sql").string());
    EXPECT_EQ(files[1].down->statements.at(0).text, "DROP INDEX CONCURRENTLY i");
    EXPECT_FALSE(files[1].down->transactional);
    EXPECT_TRUE(files[2].down->statements.empty());
    folder.write("U3__x.sql");
    expect_error(ErrorCode::migration, "U3__x.sql takes back version 3, which no file brings",
                 [&] { folder.scripts(); });
}

TEST(FindMigrations, PlainPairs) {
    const Folder folder;
    folder.write("000001_a.up.sql");
    folder.write("000001_a.down.sql", "DROP TABLE a;");
    const auto files = find_migrations(folder.path().string());
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].down->script, "000001_a.down.sql");
    folder.write("1_a.down.sql", "DROP TABLE a;");
    expect_error(ErrorCode::migration, "both take back 000001_a.up.sql", [&] { folder.scripts(); });
}

TEST(FindMigrations, ErrorsInDownScriptsHaveTheirPlace) {
    const Folder folder;
    folder.write("V1__a.sql");
    folder.write("U1__a.sql", "SELECT 1;\nSELECT 'open;\n");
    expect_error(ErrorCode::migration, "U1__a.sql:2: unterminated quoted string", [&] { folder.scripts(); });
}

TEST(FindMigrations, OfFlywayAreInSubFoldersToo) {
    const Folder folder;
    for (const auto* name :
         {"V1__a.sql", "2025/V3__c.sql", "2024/old/V2__b.sql", "views/R__v.sql", "2025/U3__c.sql"}) {
        folder.write(name);
    }
    folder.write(".hidden/V9__x.sql");
    EXPECT_THAT(folder.scripts(),
                testing::ElementsAre("V1__a.sql", "2024/old/V2__b.sql", "2025/V3__c.sql", "views/R__v.sql"));
    EXPECT_EQ(find_migrations(folder.path().string()).at(2).down->script, "2025/U3__c.sql");
    folder.write("2026/V2.0__again.sql");
    expect_error(ErrorCode::migration, "have the same version", [&] { folder.scripts(); });
}

TEST(FindMigrations, OfPrismaDieselAndHasuraAreFolders) {
    const Folder prisma;
    prisma.write("migration_lock.toml", "provider = \"postgresql\"");
    prisma.write("20210313140442_init/migration.sql");
    prisma.write("0_baseline/migration.sql");
    EXPECT_THAT(prisma.scripts(),
                testing::ElementsAre("0_baseline/migration.sql", "20210313140442_init/migration.sql"));
    EXPECT_EQ(find_migrations(prisma.path().string()).at(1).version, "20210313140442");
    EXPECT_EQ(find_migrations(prisma.path().string()).at(1).name, "init");
    const Folder diesel;
    diesel.write("2023-01-02-000000_orders/up.sql");
    diesel.write("2023-01-02-000000_orders/down.sql", "SELECT 2;");
    diesel.write("00000000000000_diesel_initial_setup/up.sql");
    const auto found = find_migrations(diesel.path().string());
    EXPECT_THAT(diesel.scripts(), testing::ElementsAre("00000000000000_diesel_initial_setup/up.sql",
                                                       "2023-01-02-000000_orders/up.sql"));
    EXPECT_EQ(found.at(1).down->script, "2023-01-02-000000_orders/down.sql");
    const Folder hasura;
    hasura.write("default/1576833360123_a/up.sql");
    EXPECT_THAT(hasura.scripts(), testing::ElementsAre("default/1576833360123_a/up.sql"));
    hasura.write("other/1576833360124_b/up.sql");
    expect_error(ErrorCode::migration, "at more than one place, such as default", [&] { hasura.scripts(); });
}

TEST(FindMigrations, DownScriptsOfOtherNames) {
    const std::vector<std::array<std::string, 2>> pairs{
        {"0001.a.sql", "0001.a.rollback.sql"},
        {"001.do.a.sql", "001.undo.a.sql"},
        {"001.do.sql", "001.undo.sql"},
        {"init_up.sql", "init_down.sql"},
        {"20150207135259-a-up.sql", "20150207135259-a-down.sql"},
        {"V1__a.sql", "V1__a.undo.sql"}};
    for (const auto& [up, down] : pairs) {
        const Folder folder;
        folder.write(up);
        folder.write(down, "SELECT 2;");
        EXPECT_THAT(folder.scripts(), testing::ElementsAre(up)) << down;
        EXPECT_EQ(find_migrations(folder.path().string()).at(0).down->script, down);
    }
    const Folder scale;
    scale.write("1_scale_up.sql");
    scale.write("2_scale_down.sql");
    EXPECT_THAT(scale.scripts(), testing::ElementsAre("1_scale_up.sql", "2_scale_down.sql"));
}

TEST(FindMigrations, RefusesMigrationsThatItWouldNotSee) {
    const std::vector<std::array<std::string, 3>> cases{
        {"001_a.sql", "more/002_b.sql", "more/002_b.sql of "},
        {"V1__a.sql", "more/20260101120000_b.sql", "more/20260101120000_b.sql of "},
        {"001_a/migration.sql", "002_b.sql", "lies in a sub-folder"},
        {"deploy/a.sql", "sqitch.plan", "is Sqitch's"},
        {"001_a.sql", "002_b.py", "002_b.py is a migration that is no .sql file (Django"},
        {"001_a.sql", "changelog.xml", "(Liquibase)"},
        {"V1__a.sql", "V2__b.java", "(Flyway in Java)"},
        {"V1__a.sql", "V2__b.json", "(Liquibase, pgroll or another)"},
        {"changelog.json", "README.md", "(Liquibase, pgroll or another)"},
        {"m20220101_000001_a.rs", "lib.rs", "(SeaORM or another)"},
        {"20210101_a.rb", "20210102_b.rb", "(Rails)"},
        {"versions/ab12_x.py", "env.py", "(Django, Alembic or yoyo)"},
        {"1_a.up.pgsql", "1_a.down.pgsql", "(SQL of another ending)"},
    };
    for (const auto& [one, other, part] : cases) {
        const Folder folder;
        folder.write(one);
        folder.write(other);
        expect_error(ErrorCode::migration, part, [&] { folder.scripts(); });
    }
    const Folder drizzle;
    drizzle.write("0000_a.sql");
    drizzle.write("meta/0000_snapshot.json");
    drizzle.write("knexfile.js");
    EXPECT_EQ(drizzle.scripts().size(), 1U);
}

TEST(FindMigrations, TakesUpAndDownInFrontOfTheName) {
    const Folder folder;
    folder.write("up_001_a.sql", "CREATE TABLE a();");
    folder.write("down_001_a.sql", "DROP TABLE a;");
    const auto files = find_migrations(folder.path().string());
    ASSERT_EQ(files.size(), 1U);
    ASSERT_TRUE(files[0].down);
    EXPECT_EQ(files[0].down->script, "down_001_a.sql");
}

TEST(Gaps, AreInTheFirstNumber) {
    const Folder folder;
    for (const auto* name : {"V2__a.sql", "V2.7__b.sql", "V3__c.sql", "V5__d.sql", "V9.1__e.sql", "R__f.sql",
                             "20260101120000_g.sql", "20260103120000_h.sql"}) {
        folder.write(name);
    }
    EXPECT_THAT(
        gaps(find_migrations(folder.path().string())),
        testing::ElementsAre("V3__c.sql is followed by V5__d.sql", "V5__d.sql is followed by V9.1__e.sql"));
}

TEST(FindMigrations, RefusesWhatCantBeRead) {
    expect_error(ErrorCode::file, "/nowhere", [] { find_migrations("/nowhere"); });
    const Folder folder;
    ASSERT_EQ(mkfifo(folder.path("V1__pipe.sql").c_str(), 0600), 0);
    expect_error(ErrorCode::file, "not a regular file", [&] { folder.scripts(); });
}

TEST(FindMigrations, RefusesAHugeFileWithoutReadingIt) {
    const Folder folder;
    folder.write("V1__a.sql");
    std::filesystem::resize_file(folder.path("V1__a.sql"), 50U << 20U);
    expect_error(ErrorCode::file, "50 MB, more than the 16 MB", [&] { folder.scripts(); });
}

} // namespace
} // namespace pgteal::migration
