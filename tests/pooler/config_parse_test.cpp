// What PgBouncer makes of its config file. Each expectation was seen in SHOW DATABASES of 1.18 or read in
// cfparser.c and loader.c.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "pooler/file/config_file.hpp"
#include "pooler/file/ini.hpp"

namespace pgteal::pooler {
namespace {

using Options = std::map<std::string, std::string>;

FileEntry only_entry(const std::string& line) {
    const auto entries = parse_entries("[databases]\n" + line);
    EXPECT_EQ(entries.size(), 1U);
    return entries.empty() ? FileEntry{} : entries.front();
}

Options options(const std::string& connect_string) { return only_entry("app = " + connect_string).options; }

std::size_t refused_line(std::string_view text) {
    try {
        parse_entries(text);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::config);
        EXPECT_NE(error.hint(), "");
        const std::string message = error.what();
        const auto at = message.find("line ");
        return at == std::string::npos ? 0 : std::stoul(message.substr(at + 5));
    }
    return 0;
}

TEST(ConfigParse, ReadsEntriesOfTheDatabasesSectionOnly) {
    const auto entries = parse_entries(
        "[pgbouncer]\nlisten_port = 6432\n[databases]\napp = host=a\n[users]\napp = pool_mode=session\n"
        "[databases]\n* = host=b\n");
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].name, "app");
    EXPECT_EQ(entries[0].line, 4U);
    EXPECT_EQ(entries[1].name, "*");
    EXPECT_EQ(entries[1].line, 8U);
}

TEST(ConfigParse, CommentsStartLinesOnly) {
    const auto entries =
        parse_entries("; x\n[databases]\n  # app = host=no\n;app = host=no\napp = host=a;b dbname=#c\n");
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].options, (Options{{"host", "a;b"}, {"dbname", "#c"}}));
}

TEST(ConfigParse, AnEntryMayFollowTheSectionOnItsLine) {
    EXPECT_EQ(parse_entries("[databases] app = host=a").at(0).options, (Options{{"host", "a"}}));
}

TEST(ConfigParse, SpacesWithinPairsAreAllowed) {
    EXPECT_EQ(options("host = a   port  =5432"), (Options{{"host", "a"}, {"port", "5432"}}));
}

TEST(ConfigParse, QuotedValues) {
    EXPECT_EQ(options("dbname='a b' host='it''s' user=o'brien"),
              (Options{{"dbname", "a b"}, {"host", "it's"}, {"user", "o'brien"}}));
}

TEST(ConfigParse, ATabDoesNotSeparatePairs) {
    EXPECT_EQ(options("host=a\tport=1"), (Options{{"host", "a\tport=1"}}));
}

TEST(ConfigParse, OneCharacterBehindAClosingQuoteIsSkipped) {
    EXPECT_EQ(options("host='a'\tport=1"), (Options{{"host", "a"}, {"port", "1"}}));
    EXPECT_EQ(options("host='a'xport=1"), (Options{{"host", "a"}, {"port", "1"}}));
}

TEST(ConfigParse, CarriageReturnsAreSpaceAtTheEnd) {
    EXPECT_EQ(parse_entries("[databases]\r\napp = host=a \r\n\r\nb =\r\n").at(0).options,
              (Options{{"host", "a"}}));
}

TEST(ConfigParse, AnEntryMayBeEmpty) { EXPECT_TRUE(only_entry("app =").options.empty()); }

TEST(ConfigParse, NamesAreBareWordsOrInSingleQuotes) {
    EXPECT_EQ(only_entry("a-b_c.d*=").name, "a-b_c.d*");
    EXPECT_EQ(only_entry("'a b' = host=x").name, "a b");
    EXPECT_EQ(refused_line("[databases]\n\"a b\" = host=x"), 2U);
    EXPECT_EQ(refused_line("[databases]\n'a b = host=x"), 2U);
    EXPECT_EQ(refused_line("[databases]\n'' = host=x"), 2U);
    const std::string longest(63, 'n');
    EXPECT_EQ(only_entry(longest + " = host=x").name, longest);
    const std::string too_long(64, 'n');
    EXPECT_EQ(refused_line("[databases]\n" + too_long + " = host=x"), 2U);
    EXPECT_EQ(refused_line("[databases]\npgbouncer = host=x"), 2U);
}

TEST(ConfigParse, RefusesWhatStopsPgBouncer) {
    EXPECT_EQ(refused_line("app = host=a"), 1U);
    EXPECT_EQ(refused_line("[databases\napp = host=a"), 1U);
    EXPECT_EQ(refused_line("[databases]\n\napp host=a"), 3U);
    EXPECT_EQ(refused_line("[databases]\napp = host="), 2U);
    EXPECT_EQ(refused_line("[databases]\napp = host=''"), 2U);
    EXPECT_EQ(refused_line("[databases]\napp = host='a"), 2U);
    EXPECT_EQ(refused_line("[databases]\napp = host"), 2U);
    EXPECT_EQ(refused_line("[databases]\napp = =a"), 2U);
    EXPECT_EQ(refused_line("[databases]\napp = host=a \tport=1"), 2U);
    EXPECT_EQ(refused_line("[databases]\napp = port=zero"), 2U);
    EXPECT_EQ(refused_line("[databases]\napp = host=a\n%includes\n"), 3U);
    EXPECT_EQ(refused_line("\xEF\xBB\xBF[databases]\napp = host=a"), 1U);
    EXPECT_EQ(refused_line(std::string_view("[databases]\napp = host=a\n\0b = host=c", 35)), 3U);
}

TEST(ConfigParse, ErrorsHoldNoValue) {
    try {
        parse_entries("[databases]\napp = host=a password='secret");
        FAIL() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
    }
}

TEST(ConfigParse, Includes) {
    EXPECT_EQ(includes("%include /etc/a.ini \n[databases]\n  %include\tb c.ini\r\n; %include d\n"),
              (std::vector<std::string>{"/etc/a.ini", "b c.ini"}));
    EXPECT_TRUE(includes("").empty());
}

TEST(ConfigTargets, DefaultsAreFilledIn) {
    const auto targets = targets_in(
        "[databases]\nplain =\nsocket = host=/run/pg port=05433\n* = host=b\nlist=host=a,b,c dbname=x\n");
    EXPECT_EQ(targets.at("plain"), (Target{"", "5432", "plain"}));
    EXPECT_EQ(targets.at("socket"), (Target{"/run/pg", "5433", "socket"}));
    EXPECT_EQ(targets.at("*"), (Target{"b", "5432", ""}));
    EXPECT_EQ(targets.at("list"), (Target{"a,b,c", "5432", "x"}));
}

TEST(ConfigTargets, TheLastEntryOfANameAndTheLastPairOfAKeyCount) {
    const auto targets = targets_in("[databases]\ndup = host=1.1.1.1\ndup = host=2.2.2.2 port=9 port=10\n");
    EXPECT_EQ(targets.at("dup"), (Target{"2.2.2.2", "10", "dup"}));
}

TEST(ConfigTargets, SameExceptTargets) {
    const std::string blue = "[databases]\napp = host=a user=u\n[pgbouncer]\npool_mode = session\n";
    EXPECT_TRUE(same_except_targets(
        blue, "[databases]\napp = user=u host=b port=6 dbname=c\n[pgbouncer]\npool_mode = session\n"));
    EXPECT_FALSE(
        same_except_targets(blue, "[databases]\napp = host=a user=v\n[pgbouncer]\npool_mode = session\n"));
    EXPECT_FALSE(same_except_targets(
        blue, "[databases]\napp = host=a user=u\n[pgbouncer]\npool_mode = transaction\n"));
    EXPECT_FALSE(same_except_targets(
        blue, "[databases]\napp = host=a user=u\nb =\n[pgbouncer]\npool_mode = session\n"));
}

} // namespace
} // namespace pgteal::pooler
