#include "cutover/config/config_values.hpp"

#include <gtest/gtest.h>

namespace pgteal::cutover {
namespace {

using std::chrono::milliseconds;

TEST(Durations, AreAWholeNumberAndAUnit) {
    EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
    EXPECT_EQ(parse_duration("5s"), milliseconds(5000));
    EXPECT_EQ(parse_duration("2min"), milliseconds(120'000));
    EXPECT_EQ(parse_duration("2m"), milliseconds(120'000));
    EXPECT_EQ(parse_duration("24h"), milliseconds(86'400'000));
    EXPECT_EQ(parse_duration("1d"), milliseconds(86'400'000));
    EXPECT_EQ(parse_duration("5 s"), milliseconds(5000));
    EXPECT_EQ(parse_duration("0s"), milliseconds(0));
}

TEST(Durations, OfAnyOtherFormAreNone) {
    for (const auto* text : {"", "5", "s", "-5s", "5 sec", "5.5s", "5S", "5s ", "5s5", " 5s", "5MB", "five s",
                             "99999999999999999999s", "9223372036854775807s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(Sizes, ArePowersOf1024AsInPostgresqlConf) {
    EXPECT_EQ(parse_size("512B"), Bytes{512});
    EXPECT_EQ(parse_size("512kB"), Bytes{512 * 1024});
    EXPECT_EQ(parse_size("512KB"), Bytes{512 * 1024});
    EXPECT_EQ(parse_size("16MB"), Bytes{16 * 1024 * 1024});
    EXPECT_EQ(parse_size("64GB"), Bytes{64LL << 30});
    EXPECT_EQ(parse_size("1TB"), Bytes{1LL << 40});
}

TEST(Sizes, OfAnyOtherFormAreNone) {
    for (const auto* text :
         {"", "16", "MB", "-16MB", "16 mb", "16Mb", "1.5GB", "16MBs", "5s", "9223372036854775807kB"}) {
        EXPECT_FALSE(parse_size(text)) << text;
    }
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
