// Files of other tools that go up and down: both halves must never run one after the other.
#include "migration/files/halves.hpp"

#include <gmock/gmock.h>

#include "migration/files/find.hpp"
#include "tests/migration/refused.hpp"

namespace pgteal::migration {
namespace {

std::vector<std::string> texts(const std::vector<Statement>& statements) {
    std::vector<std::string> found;
    for (const auto& one : statements) {
        found.push_back(one.text);
    }
    return found;
}

TEST(Halves, OfEachToolAreTakenApart) {
    struct Case {
        const char* tool;
        const char* text;
        int down_line;
    };
    const std::vector<Case> cases{
        {"dbmate", "-- migrate:up\nCREATE TABLE a(id int);\n\n-- migrate:down\nDROP TABLE a;\n", 5},
        {"dbmate", "-- migrate:down\nDROP TABLE a;\n-- migrate:up\nCREATE TABLE a(id int);", 2},
        {"goose",
         "-- +goose Up\n-- +goose StatementBegin\nCREATE TABLE a(id int);\n-- +goose StatementEnd\n"
         "-- +goose Down\nDROP TABLE a;",
         6},
        {"sql-migrate",
         "-- a table\n-- +migrate Up\r\nCREATE TABLE a(id int);\r\n-- +migrate Down\r\nDROP TABLE a;", 5},
        {"micrate", "-- +micrate Up\nCREATE TABLE a(id int);\n-- +micrate Down\nDROP TABLE a;", 4},
        {"node-pg-migrate", "-- Up Migration\nCREATE TABLE a(id int);\n\n-- Down Migration\nDROP TABLE a;",
         5},
        {"Play", "# --- !Ups\nCREATE TABLE a(id int);\n# --- !Downs\nDROP TABLE a;", 4},
        {"Play", "-- !Ups\nCREATE TABLE a(id int);\n-- !Downs\nDROP TABLE a;", 4},
        {"rambler", "-- rambler up\nCREATE TABLE a(id int);\n-- rambler down\nDROP TABLE a;", 4},
        {"shmig",
         "-- Migration: a\n-- ====  UP  ====\nCREATE TABLE a(id int);\n-- ==== DOWN ====\nDROP TABLE a;", 5},
        {"tern", "CREATE TABLE a(id int);\n---- create above / drop below ----\nDROP TABLE a;", 3},
        {"MyBatis Migrations or dbdeploy", "-- // First.\nCREATE TABLE a(id int);\n-- //@UNDO\nDROP TABLE a;",
         4},
        {"MyBatis Migrations or dbdeploy", "CREATE TABLE a(id int);\n--//@UNDO\nDROP TABLE a;", 3},
    };
    for (const auto& [tool, text, down_line] : cases) {
        EXPECT_EQ(halves_of("a.sql", text).tool, tool) << text;
        const auto file = parse_file("V1__x.sql", text);
        EXPECT_THAT(texts(file.statements), testing::ElementsAre("CREATE TABLE a(id int)")) << text;
        ASSERT_TRUE(file.down) << text;
        EXPECT_THAT(texts(file.down->statements), testing::ElementsAre("DROP TABLE a")) << text;
        EXPECT_EQ(file.down->statements[0].line, down_line) << text;
        EXPECT_EQ(file.checksum, checksum(text)) << "of the whole file, as the tool's own";
    }
}

TEST(Halves, WithoutATransactionWhereTheToolSaysSo) {
    const auto alone = [](const std::string& text) {
        const auto file = parse_file("V1__x.sql", text);
        return std::string(file.transactional ? "" : "up ") +
               (file.down && !file.down->transactional ? "down" : "");
    };
    EXPECT_EQ(alone("-- migrate:up transaction:false\nSELECT 1;\n-- migrate:down\nSELECT 2;"), "up ");
    EXPECT_EQ(alone("-- migrate:up\nSELECT 1;\n-- migrate:down transaction:false\nSELECT 2;"), "down");
    EXPECT_EQ(alone("-- +migrate Up notransaction\nSELECT 1;\n-- +migrate Down\nSELECT 2;"), "up ");
    EXPECT_EQ(alone("-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;"),
              "up down");
    EXPECT_EQ(alone("-- pgteal: no-transaction\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;"),
              "up down");
}

TEST(Halves, OfATextThatOnlyMentionsThem) {
    for (const auto* text :
         {"SELECT '\n-- +goose Down\n';\nSELECT 2;", "/*\n-- migrate:down\n*/\nSELECT 1;\nSELECT 2;",
          "SELECT 1; -- +migrate Down\nSELECT 2;", "DO $$\nBEGIN\n-- migrate:down\nNULL;\nEND $$;\nSELECT 2;",
          "-- rollback\nSELECT 1;\nSELECT 2;", "SELECT 1;\nSELECT 2;\n-- rollback\n-- DROP TABLE a;",
          "SELECT 1;\n-- goes down one level\nSELECT 2;"}) {
        const auto file = parse_file("V1__x.sql", text);
        EXPECT_EQ(file.statements.size(), 2U) << text;
        EXPECT_FALSE(file.down) << text;
    }
}

TEST(Halves, OfWhatOnlyTheToolKnowsAreRefused) {
    const std::vector<std::array<std::string, 2>> cases{
        {"--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n--rollback SELECT 2;",
         "V1__x.sql:1: a file of Liquibase's"},
        {"-- +goose ENVSUB ON\n-- +goose Up\nSELECT 1;", "goose would fill in"},
        {"-- +goose Sideways\nSELECT 1;", "'+goose sideways' is not known"},
        {"-- migrate:up later\nSELECT 1;", "'migrate:up later' is not known"},
        {"-- migrate:down\nDROP TABLE a;", "none that goes up (dbmate)"},
        {"SELECT 1;\n-- migrate:up\nSELECT 2;", "V1__x.sql:1: a statement before the first half (dbmate)"},
        {"-- migrate:up\nSELECT 1;\n-- +goose Down\nSELECT 2;", "a comment of goose in a file of dbmate"},
        {"-- UP\nCREATE TABLE a();\n-- DOWN\nDROP TABLE a;", "V1__x.sql:3: comment 'down' seems to begin"},
        {"/* UP */\nCREATE TABLE a();\n/* DOWN */\nDROP TABLE a;",
         "V1__x.sql:3: comment 'down' seems to begin"},
        {"-- apply\nCREATE TABLE a();\n-- unapply\nDROP TABLE a;", "comment 'unapply' seems to begin"},
        {"CREATE TABLE a();\n-- ==== BACKWARD ====\nDROP TABLE a;", "seems to begin"},
        {"CREATE TABLE a();\n-- [rollback]\nDROP TABLE a;", "comment '[rollback]' seems to begin"},
        {"CREATE TABLE a();\n--@revert:\nDROP TABLE a;", "comment '@revert:' seems to begin"},
        {"-- migrate:up\n-- migrate:down\nDROP TABLE a;", "holds no statement"},
    };
    for (const auto& [text, part] : cases) {
        expect_error(ErrorCode::migration, part, [&text = text] { parse_file("V1__x.sql", text); });
    }
}

} // namespace
} // namespace pgteal::migration
