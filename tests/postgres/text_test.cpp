// Names, values, statements and units as text.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/units.hpp"
#include "postgres/quote.hpp"
#include "postgres/statement.hpp"

namespace pgteal::postgres {
namespace {

TEST(Quote, DoublesTheQuotesOfAnIdentifier) {
    EXPECT_EQ(quote_identifier("plain"), "\"plain\"");
    EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(quote_identifier("Größe; DROP TABLE x"), "\"Größe; DROP TABLE x\"");
    EXPECT_EQ(quote_identifier("back\\slash'"), "\"back\\slash'\"");
    EXPECT_EQ(quote_qualified("a.b", "c\""), "\"a.b\".\"c\"\"\"");
}

TEST(Quote, WritesLiteralsThatMeanTheSameEverywhere) {
    EXPECT_EQ(quote_literal(""), "''");
    EXPECT_EQ(quote_literal("it's"), "'it''s'");
    EXPECT_EQ(quote_literal("\\"), " E'\\\\'");
    EXPECT_EQ(quote_literal("\\' OR 1=1 --"), " E'\\\\'' OR 1=1 --'");
    EXPECT_EQ(quote_literal("é€😀\n"), "'é€😀\n'");
}

TEST(Quote, RefusesNul) {
    const std::string nul("a\0b", 3);
    EXPECT_THROW(quote_identifier(nul), Error);
    EXPECT_THROW(quote_literal(nul), Error);
    EXPECT_THROW(quote_qualified("s", nul), Error);
}

TEST(SqlText, FillsPlacesByLiteralsAndIdentifiers) {
    const Bindings bindings{{"name", {"o'brien", false}}, {"table", {"T\"x", false}}};
    const auto text = from_template("SELECT :'name' FROM :\"table\"");
    EXPECT_EQ(postgres::bind(text, bindings), "SELECT 'o''brien' FROM \"T\"\"x\"");
    EXPECT_EQ(text.display(), "SELECT :'name' FROM :\"table\"");
    EXPECT_EQ(text.needs(), (std::set<std::string, std::less<>>{"name", "table"}));
    EXPECT_TRUE("SELECT " + late_literal("name") + std::string(" FROM ") + late_identifier("table") == text);
}

TEST(SqlText, TemplatesLeaveCastsAndOtherColonsAlone) {
    EXPECT_EQ(from_template("SELECT a::\"text\", '1'::text, b[1:2], c : 'text'").plain(),
              "SELECT a::\"text\", '1'::text, b[1:2], c : 'text'");
}

TEST(SqlText, NothingIsLookedForInTextThatWasGiven) {
    const std::string column = quote_identifier("c:'conninfo_green'");
    const std::string comment = quote_literal(":\"conninfo_green\"");
    SqlText text = "SELECT " + column;
    text += " -- :'conninfo_green'\n";
    text = text + " WHERE c = " + late_literal("a") + " OR c = " + comment;
    EXPECT_EQ(text.needs(), (std::set<std::string, std::less<>>{"a"}));
    const Bindings bindings{{"a", {":'conninfo_green'", false}}, {"conninfo_green", {"secret", true}}};
    const auto sent = postgres::bind(text, bindings);
    EXPECT_EQ(sent.find("secret"), std::string::npos);
    EXPECT_NE(sent.find(column), std::string::npos);
    EXPECT_NE(sent.find("c = ':''conninfo_green'''"), std::string::npos) << "nor in what was inserted";
}

TEST(SqlText, AValueCantEndADollarQuotedBody) {
    const auto text = from_template("DO $pgteal$ BEGIN PERFORM :'x'; END $pgteal$");
    const std::vector<std::pair<std::string, std::string>> values{
        {"$pgteal$; DROP", " E'\\044pgteal\\044; DROP'"},
        {"it's $1 \\", " E'it''s \\0441 \\\\'"},
        {"plain", "'plain'"}};
    for (const auto& [value, literal] : values) {
        EXPECT_EQ(postgres::bind(text, {{"x", {value, true}}}),
                  "DO $pgteal$ BEGIN PERFORM " + literal + "; END $pgteal$");
        EXPECT_EQ(quote_literal_in_body(value), literal);
    }
}

TEST(SqlText, AHiddenValueIsSentAndNotShown) {
    const auto text = "COMMENT ON ROLE a IS " + hidden_literal("comment", "it's $1");
    EXPECT_EQ(text.display(), "COMMENT ON ROLE a IS :'comment'");
    EXPECT_EQ(text.plain(), "COMMENT ON ROLE a IS  E'it''s \\0441'");
    EXPECT_TRUE(text.needs().empty());
    EXPECT_EQ(text.display([](const std::string& value) { return "#" + std::to_string(value.size()); }),
              "COMMENT ON ROLE a IS :'comment'#7");
    EXPECT_FALSE(text == "COMMENT ON ROLE a IS " + hidden_literal("comment", "else"));
}

TEST(SqlText, ASecretIsNeverAName) {
    EXPECT_THROW(postgres::bind(late_identifier("x"), {{"x", {"secret", true}}}), Error);
}

TEST(SqlText, NamesTheMissingValue) {
    try {
        static_cast<void>(late_literal("snapshot").plain());
        FAIL() << "a missing binding must not be sent";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::internal);
        EXPECT_NE(std::string(error.what()).find("snapshot"), std::string::npos);
    }
}

TEST(Lsn, ReadsAndPrintsAsPostgresDoes) {
    EXPECT_EQ(Lsn::parse("5/3CD57258")->value, 0x53CD57258ULL);
    EXPECT_EQ(to_string(Lsn{0x53CD57258ULL}), "5/3CD57258");
    EXPECT_EQ(to_string(Lsn{0}), "0/0");
    EXPECT_EQ(to_string(*Lsn::parse("ffffffff/ffffffff")), "FFFFFFFF/FFFFFFFF");
    EXPECT_LT(*Lsn::parse("0/FFFFFFFF"), *Lsn::parse("1/0"));
    EXPECT_EQ((*Lsn::parse("1/10") - *Lsn::parse("1/0")).count, 16);
    EXPECT_EQ((*Lsn::parse("1/0") - *Lsn::parse("1/10")).count, -16);
}

TEST(Lsn, RefusesOtherText) {
    for (const char* text :
         {"", "/", "1", "1/", "/1", "1/2/3", "1/123456789", "g/1", "-1/0", " 1/0", "0x1/0"}) {
        EXPECT_FALSE(Lsn::parse(text)) << text;
    }
}

TEST(Bytes, PrintForPeople) {
    EXPECT_EQ(to_string(Bytes{0}), "0 bytes");
    EXPECT_EQ(to_string(Bytes{1023}), "1023 bytes");
    EXPECT_EQ(to_string(Bytes{16384}), "16 kB");
    EXPECT_EQ(to_string(Bytes{13743895347}), "12.8 GB");
    EXPECT_EQ(to_string(Bytes{-2048}), "-2 kB");
    EXPECT_EQ(to_string(Bytes{std::int64_t{5} << 40}), "5 TB");
}

TEST(Errors, HaveAStableName) {
    EXPECT_EQ(name(ErrorCode::connection_lost), "connection_lost");
    EXPECT_EQ(ServerError("blue", "no", "42501").code(), ErrorCode::privilege);
    EXPECT_EQ(ServerError("blue", "no", "42P01").code(), ErrorCode::server);
}

} // namespace
} // namespace pgteal::postgres
