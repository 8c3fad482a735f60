#include "health/checks/disk.hpp"

#include <filesystem>
#include <fstream>

#include "facts_fixture.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

constexpr std::int64_t gigabyte = std::int64_t{1} << 30;

class Disk : public testing::Test {
protected:
    Disk() {
        b = DiskFacts{"/srv/blue", Bytes{100 * gigabyte}, std::nullopt,
                      Room{Bytes{500 * gigabyte}, Bytes{500 * gigabyte}}};
        g = DiskFacts{"/srv/green it", Bytes{}, std::nullopt,
                      Room{Bytes{500 * gigabyte}, Bytes{500 * gigabyte}}};
    }
    CheckResult judged(const std::vector<std::string>& accept = {}) {
        return check_disk(b, g, keep_mb, started, accept);
    }

    std::optional<DiskFacts> b, g;
    long keep_mb = 65536;
    bool started = false;
};

TEST_F(Disk, with_room_is_no_finding) {
    expect_ok(judged());
    EXPECT_EQ(judged().summary, "the copy needs 100 GB, green has 500 GB free");
    b->wal_hourly = 10.0 * gigabyte; // the limit holds 6 hours
    expect_ok(judged());
}

TEST_F(Disk, of_green_that_is_too_small_is_refused_before_the_copy) {
    g->room->data = Bytes{90 * gigabyte};
    EXPECT_THAT(only(judged(), Level::error, "green").message,
                HasSubstr("needs about 100 GB on green, whose disk has 90 GB"));
    EXPECT_THAT(only(judged(), Level::error, "green").fix, HasSubstr("df -h '/srv/green it'"));
    only(judged({"capacity"}), Level::warning, "green");
    g->room->data = Bytes{110 * gigabyte};
    only(judged(), Level::warning, "green");
    started = true;
    expect_ok(judged());
}

TEST_F(Disk, that_can_not_be_seen_is_told_in_bytes) {
    g->room.reset();
    EXPECT_THAT(only(judged(), Level::info, "green").message,
                HasSubstr("about 100 GB on green. What its disk has free can't"));
    g->room = b->room;
    b->room.reset();
    b->wal_hourly = 1024.0; // a quiet server
    expect_ok(judged());
    b->wal_hourly = 2.0 * gigabyte;
    EXPECT_THAT(only(judged(), Level::info, "blue").message, HasSubstr("about 2 GB of WAL an hour"));
}

TEST_F(Disk, of_blue_that_the_slots_would_fill) {
    b->wal_hourly = 20.0 * gigabyte;
    b->room->wal = Bytes{40 * gigabyte};
    const auto finding = only(judged(), Level::warning, "blue"); // may keep 64 GB
    EXPECT_THAT(finding.message, HasSubstr("After 120 m 0 s its disk would be full"));
    EXPECT_THAT(finding.fix, HasSubstr("max_slot_wal_keep_size = '20GB'"));
    keep_mb = 20480;
    EXPECT_THAT(only(judged(), Level::warning, "blue").message,
                HasSubstr("After 60 m 0 s the lane would be lost"));
    keep_mb = -1;
    only(judged(), Level::warning, "blue");
    b->room->wal = Bytes{500 * gigabyte};
    expect_ok(judged());
}

TEST(Room, is_only_that_of_the_server_itself) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("pgteal-room-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder / "global");
    std::filesystem::create_directories(folder / "pg_wal");
    const std::uint64_t identifier = 7301234567890123456U;
    std::ofstream(folder / "global/pg_control", std::ios::binary)
        .write(reinterpret_cast<const char*>(&identifier),
               sizeof identifier); // NOLINT: as the server writes it
    EXPECT_TRUE(room_of(folder.string(), "7301234567890123456"));
    EXPECT_FALSE(room_of(folder.string(), "7301234567890123457"));
    EXPECT_FALSE(room_of(folder.string() + "-not", "7301234567890123456"));
    std::filesystem::remove_all(folder);
}

} // namespace
} // namespace pgteal::health
