#include "catalog/type_fit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgteal::postgres {
namespace {

/// "", "stops", "differs", "both"; with "!" when it is so for every value.
std::string verdict(const std::string& from, const std::string& to, bool utc = true) {
    const auto fit = type_fit(from, to, utc);
    std::string words = fit.stops_when.empty() ? "" : "stops";
    if (!fit.differs_when.empty()) {
        words = words.empty() ? "differs" : "both";
    }
    return words + (fit.always ? "!" : "");
}

TEST(TypeFit, WiderTypesTakeEveryValue) {
    for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
             {"integer", "integer"},
             {"integer", "bigint"},
             {"smallint", "numeric(5,0)"},
             {"bigint", "numeric"},
             {"character varying(20)", "character varying(30)"},
             {"character varying(20)", "text"},
             {"integer", "character varying(11)"},
             {"numeric(10,2)", "numeric(12,4)"},
             {"numeric(9,0)", "integer"},
             {"timestamp(3) without time zone", "timestamp without time zone"},
             {"date", "timestamp without time zone"},
             {"cidr", "inet"},
             {"interval second(0)", "interval"},
             {"interval day", "interval hour to minute"},
             {"jsonb", "json"},
             {"bit varying(5)", "bit varying"},
             {"integer[]", "bigint[]"},
             {"integer[]", "text"},
             {"real", "double precision"}}) {
        EXPECT_EQ(verdict(from, to), "") << from << " to " << to;
    }
}

TEST(TypeFit, NarrowerTypesStopAtAValueThatDoesNotFit) {
    for (const auto& [from, to] :
         std::vector<std::pair<std::string, std::string>>{{"bigint", "integer"},
                                                          {"bigint[]", "integer[]"},
                                                          {"text", "character varying(20)"},
                                                          {"integer", "character varying(10)"},
                                                          {"integer", "numeric(9,0)"},
                                                          {"numeric(12,2)", "numeric(10,2)"},
                                                          {"inet", "cidr"},
                                                          {"bit varying", "bit varying(5)"}}) {
        EXPECT_EQ(verdict(from, to), "stops") << from << " to " << to;
    }
    EXPECT_EQ(verdict("numeric(10,2)", "integer"), "stops!") << "5.00 is the text of no integer";
    EXPECT_EQ(verdict("boolean", "integer"), "stops!");
    EXPECT_EQ(verdict("bit(3)", "bit(4)"), "stops!");
    EXPECT_EQ(verdict("integer[]", "integer"), "stops!");
}

TEST(TypeFit, RoundingIsSilent) {
    EXPECT_EQ(verdict("numeric(10,4)", "numeric(10,2)"), "differs");
    EXPECT_EQ(verdict("numeric", "numeric(10,2)"), "both");
    EXPECT_EQ(verdict("timestamp without time zone", "timestamp(0) without time zone"), "differs");
    EXPECT_EQ(verdict("timestamp without time zone", "date"), "differs");
    for (const std::string coarser :
         {"interval second(0)", "interval(3)", "interval day to minute", "interval year"}) {
        EXPECT_EQ(verdict("interval", coarser), "differs") << coarser;
    }
    EXPECT_EQ(verdict("json", "jsonb"), "differs") << "keys that are repeated, their order, blanks";
    for (const std::string canonical : {"integer", "numeric(5,2)", "uuid", "jsonb", "date", "bytea",
                                        "integer[]", "int4range", "public.own"}) {
        EXPECT_EQ(verdict("text", canonical), "both") << canonical;
        EXPECT_EQ(verdict("character varying(9)", canonical), "both") << canonical;
    }
    EXPECT_EQ(verdict("text", "json"), "stops") << "which keeps the text";
    EXPECT_EQ(verdict("text[]", "uuid[]"), "both");
    EXPECT_EQ(verdict("text", "name"), "differs");
    EXPECT_EQ(verdict("text", "character(5)"), "both") << "blanks at the end";
    EXPECT_EQ(verdict("public.own", "public.other"), "both");
    EXPECT_EQ(verdict("double precision", "real"), "both");
    EXPECT_EQ(verdict("character(5)", "text"), "differs");
    EXPECT_EQ(verdict("boolean", "text"), "differs!");
}

TEST(TypeFit, ZonesMatterUnlessBothAreUtc) {
    const std::string plain = "timestamp without time zone";
    const std::string zoned = "timestamp with time zone";
    EXPECT_EQ(verdict(plain, zoned, true), "");
    EXPECT_EQ(verdict(plain, zoned, false), "differs!");
    EXPECT_EQ(verdict(zoned, plain, false), "differs!");
    for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
             {"tsrange", "tstzrange"},
             {"tsmultirange", "tstzmultirange"},
             {"tstzrange[]", "tsrange[]"},
             {"tstzrange", "text"},
             {zoned + "[]", "text"},
             {"time without time zone", "time with time zone"}}) {
        EXPECT_EQ(verdict(from, to, false), "differs!") << from << " to " << to;
        EXPECT_EQ(verdict(from, to, true), "") << from << " to " << to;
    }
    EXPECT_TRUE(is_utc("Etc/UTC"));
    EXPECT_FALSE(is_utc("Europe/Lisbon"));
}

TEST(TypeFit, BinaryNeedsTheSameType) {
    EXPECT_TRUE(same_binary("character varying(5)", "text"));
    EXPECT_TRUE(same_binary("numeric(10,2)", "numeric(12,4)"));
    EXPECT_TRUE(same_binary("interval", "interval second(0)"));
    EXPECT_FALSE(same_binary("integer", "bigint"));
    EXPECT_FALSE(same_binary("text[]", "character varying[]"));
}

TEST(TypeFit, KnowsWhatCanNotBeCompared) {
    EXPECT_TRUE(lacks_equality("json"));
    EXPECT_TRUE(lacks_equality("point[]"));
    EXPECT_FALSE(lacks_equality("jsonb"));
}

} // namespace
} // namespace pgteal::postgres
