#include "cutover/config/config_values.hpp"

#include <map>
#include <regex>

#include <gtest/gtest.h>

namespace pgteal::cutover {
namespace {

using std::chrono::milliseconds;

TEST(Durations, AreAWholeNumberAndAUnit) {
    EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
    EXPECT_EQ(parse_duration("5s"), milliseconds(5000));
    EXPECT_EQ(parse_duration("2min"), milliseconds(120'000));
    EXPECT_EQ(parse_duration("24h"), milliseconds(86'400'000));
    EXPECT_EQ(parse_duration("1d"), milliseconds(86'400'000));
    EXPECT_EQ(parse_duration("5 s"), milliseconds(5000));
    EXPECT_EQ(parse_duration("0s"), milliseconds(0));
}

TEST(Durations, OfAnyOtherFormAreNone) {
    for (const auto* text : {"", "5", "s", "-5s", "-0s", "5 sec", "2m", "5.5s", "5S", "5s ", "5s5", " 5s",
                             "5MB", "five s", "99999999999999999999s", "9223372036854775807s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(Sizes, ArePowersOf1024AsInPostgresqlConf) {
    EXPECT_EQ(parse_size("512B"), Bytes{512});
    EXPECT_EQ(parse_size("512kB"), Bytes{512 * 1024});
    EXPECT_EQ(parse_size("16MB"), Bytes{16 * 1024 * 1024});
    EXPECT_EQ(parse_size("64GB"), Bytes{64LL << 30});
    EXPECT_EQ(parse_size("1TB"), Bytes{1LL << 40});
}

TEST(Sizes, OfAnyOtherFormAreNone) {
    for (const auto* text : {"", "16", "MB", "-16MB", "512KB", "16 mb", "16Mb", "1.5GB", "16MBs", "5s",
                             "9223372036854775807kB"}) {
        EXPECT_FALSE(parse_size(text)) << text;
    }
}

TEST(Units, ArePrintedAsTheyAreParsed) {
    for (const auto* text : {"0ms", "100ms", "1500ms", "5s", "90s", "2min", "1h", "1d", "36h"}) {
        EXPECT_EQ(in_units(*parse_duration(text)), text);
    }
    EXPECT_EQ(in_units(*parse_duration("24h")), "1d");
    for (const auto* text : {"0B", "1023B", "1kB", "16MB", "64GB", "1TB"}) {
        EXPECT_EQ(in_units(*parse_size(text)), text);
    }
    EXPECT_EQ(in_units(*parse_size("1024kB")), "1MB");
}

TEST(Units, APatternTakesWhatIsParsedToAValueBetween) {
    const std::vector<std::pair<std::int64_t, std::int64_t>> bounds{
        {0, 0},           {0, 9},          {1, 10},         {7, 7},        {100, 2'073'600'000},
        {95, 1'234},      {1'000, 59'999}, {1'001, 60'000}, {989, 10'010}, {3'599'999, 3'600'001},
        {250, 86'400'000}};
    int taken = 0;
    for (const auto& [low, high] : bounds) {
        const std::regex pattern(pattern_between(milliseconds(low), milliseconds(high)));
        for (const auto& [unit, factor] : std::map<std::string, std::int64_t>{{"ms", 1},
                                                                              {"s", 1'000},
                                                                              {"min", 60'000},
                                                                              {"h", 3'600'000},
                                                                              {"d", 86'400'000},
                                                                              {"m", 1},
                                                                              {"", 1}}) {
            for (const auto edge :
                 {low / factor, high / factor, std::int64_t{5}, std::int64_t{10}, std::int64_t{99}}) {
                for (auto number = std::max<std::int64_t>(0, edge - 12); number <= edge + 12; ++number) {
                    for (const auto* zeros : {"", "00"}) {
                        const auto text =
                            zeros + std::to_string(number) + (number % 2 == 0 ? "" : " ") + unit;
                        const auto value = parse_duration(text);
                        const bool between =
                            value && milliseconds(low) <= *value && *value <= milliseconds(high);
                        ASSERT_EQ(std::regex_match(text, pattern), between)
                            << text << " " << low << " " << high;
                        taken += between ? 1 : 0;
                    }
                }
            }
        }
    }
    EXPECT_GT(taken, 500);
}

TEST(Nearest, FindsTheWordThatWasMeant) {
    const std::vector<std::string_view> known{"name", "lanes", "migrations", "password_command"};
    EXPECT_EQ(nearest("lane", known), "lanes");
    EXPECT_EQ(nearest("migration", known), "migrations");
    EXPECT_EQ(nearest("nmae", known), "name");
    EXPECT_EQ(nearest("pasword_comand", known), "password_command");
    EXPECT_EQ(nearest("lanes", known), "lanes");
}

TEST(Nearest, GuessesNothingWhenNothingIsNear) {
    EXPECT_EQ(nearest("sausage", {"name", "lanes"}), "");
    EXPECT_EQ(nearest("", {"migrations"}), "");
    EXPECT_EQ(nearest("name", {}), "");
}

} // namespace
} // namespace pgteal::cutover
