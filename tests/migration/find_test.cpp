// Names, versions, checksums, and which files of a folder are migrations.
#include <filesystem>
#include <fstream>

#include <stdlib.h>
#include <sys/stat.h>

#include "migration/find.hpp"
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
    for (const auto* script : {"init.sql",     "V1_init.sql",        "V__init.sql",
                               "V1__.sql",     "V1..2__x.sql",       "V1.__x.sql",
                               "v1__x.sql",    "V1a__x.sql",         "V1__x.SQL",
                               "2026_x.sql",   "20260131120000.sql", "20260131120000x.sql",
                               "U1__x.sql",    "R__views.sql",       "B1__base.sql",
                               "V1__x.up.sql", "V1__x.down.sql",     "20260131120000_x.down.sql",
                               "V-1__x.sql",   "V1__a\nb.sql",       "V1__\xff.sql"}) {
        const auto error = error_of([&] { parse_file_name(script); });
        ASSERT_TRUE(error) << script;
        EXPECT_EQ(error->code(), ErrorCode::migration) << script;
        EXPECT_THAT(error->hint(), testing::HasSubstr("V2__add_total.sql")) << script;
    }
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
