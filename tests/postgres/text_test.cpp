// Names, values, statements and units as text.
#include <gtest/gtest.h>

#include "postgres/error.hpp"
#include "postgres/quote.hpp"
#include "postgres/statement.hpp"
#include "postgres/units.hpp"

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

TEST(Bind, ReplacesLiteralsAndIdentifiers) {
    const Bindings bindings{{"name", {"o'brien", false}}, {"table", {"T\"x", false}}};
    EXPECT_EQ(postgres::bind("SELECT :'name' FROM :\"table\"", bindings),
              "SELECT 'o''brien' FROM \"T\"\"x\"");
}

TEST(Bind, LeavesCastsAndOtherColonsAlone) {
    const Bindings bindings{{"text", {"x", false}}};
    EXPECT_EQ(postgres::bind("SELECT a::\"text\", '1'::text, b[1:2], c : 'text'", bindings),
              "SELECT a::\"text\", '1'::text, b[1:2], c : 'text'");
}

TEST(Bind, DoesNotReadWhatItInserted) {
    const Bindings bindings{{"a", {":'b'", false}}, {"b", {"secret", true}}};
    EXPECT_EQ(postgres::bind("SELECT :'a'", bindings), "SELECT ':''b'''");
}

TEST(Bind, NamesTheMissingValue) {
    try {
        postgres::bind("SELECT :'snapshot'", {});
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
