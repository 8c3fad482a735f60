// A disk that is too small, as root may mount one: named, and gone once room was made as it is said.
#include <filesystem>

#include <sys/mount.h>
#include <unistd.h>

#include "preflight_run.hpp"
#include "tests/support/advice.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A folder of a member of the lab on a disk of its own, as long as this lives. Nothing runs there meanwhile.
class SmallDisk {
public:
    SmallDisk(std::string member, std::string folder)
        : member_(std::move(member)), folder_(std::move(folder)), kept_(folder_ + ".kept") {
        auto& lab = support::shared_lab();
        lab.stop(member_);
        copy(folder_, kept_);
        mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=1g,mode=0700") == 0;
        if (mounted_) {
            copy(kept_, folder_);
        }
        lab.start(member_);
    }
    ~SmallDisk() {
        auto& lab = support::shared_lab();
        lab.stop(member_);
        if (mounted_) {
            copy(folder_, kept_);
            ::umount(folder_.c_str());
            copy(kept_, folder_);
        }
        std::filesystem::remove_all(kept_);
        lab.start(member_);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    [[nodiscard]] bool mounted() const { return mounted_; }
    void leave_free(std::uintmax_t bytes) {
        const auto space = std::filesystem::space(folder_);
        const auto size = space.capacity - space.available + bytes;
        EXPECT_EQ(::mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT,
                          ("mode=0700,size=" + std::to_string(size)).c_str()),
                  0);
    }

private:
    static void copy(const std::string& from, const std::string& to) {
        EXPECT_EQ(support::shell("(mkdir -p '" + to + "' && find '" + to +
                                 "' -mindepth 1 -delete && cp -a '" + from + "/.' '" + to + "/') 2>&1"),
                  "");
    }
    std::string member_, folder_, kept_;
    bool mounted_ = false;
};

constexpr std::uintmax_t megabyte = 1024 * 1024;

Task<void> type_sql(std::string fix) {
    const auto sql = support::sql_of(fix);
    EXPECT_EQ(sql.statements.size(), 2U) << fix;
    for (const auto& statement : sql.statements) {
        co_await run_sql("blue", "postgres", statement);
    }
}

/// A reload takes a moment. "" is that it says nothing.
Task<Results> until_it_says(PreflightInput input, std::string words) {
    Results results;
    for (int i = 0; i < 50; ++i) {
        results = co_await run_preflight(input);
        const auto& found = results.at("disk").findings;
        if (words.empty() ? found.empty()
                          : !found.empty() && found.back().message.find(words) != std::string::npos) {
            break;
        }
        co_await sleep_for(std::chrono::milliseconds(100));
    }
    co_return results;
}

} // namespace

CO_TEST(SmallDisk, of_green_has_room_made_as_it_is_said) {
    if (::geteuid() != 0) {
        GTEST_MESSAGE_("not root: nothing is mounted",
                       ::testing::TestPartResult::kSkip); // GTEST_SKIP returns, as a coroutine can\'t
        co_return;
    }
    std::string create = "CREATE DATABASE disk_copy OWNER app";
    co_await run_sql("blue", "postgres", std::move(create));
    co_await run_sql("blue", "disk_copy",
                     "CREATE TABLE public.t AS SELECT g AS id, repeat('x', 500) AS v FROM generate_series(1, "
                     "50000) g; ALTER TABLE public.t ADD PRIMARY KEY (id)");
    SmallDisk disk("green", support::shared_lab().dir() + "/green");
    if (!disk.mounted()) {
        GTEST_MESSAGE_("nothing can be mounted here",
                       ::testing::TestPartResult::kSkip); // GTEST_SKIP returns, as a coroutine can\'t
        co_return;
    }
    disk.leave_free(20 * megabyte);
    auto input = input_for({"disk_copy"});
    auto results = co_await run_preflight(input);
    EXPECT_EQ(results.at("disk").findings.at(0).level, Level::error)
        << results.at("disk").findings.at(0).message;
    const auto fix = results.at("disk").findings.at(0).fix;
    const auto begin = fix.find("on green's machine:  ");
    const auto end = fix.find("   or accept");
    EXPECT_NE(begin, std::string::npos) << fix;
    EXPECT_THAT(support::shell(fix.substr(begin + 21, end - begin - 21)), HasSubstr("tmpfs"));
    input.accept = {"capacity"};
    results = co_await run_preflight(input);
    EXPECT_EQ(results.at("disk").findings.at(0).level, Level::warning);
    input.accept.clear();
    disk.leave_free(200 * megabyte);
    results = co_await run_preflight(input);
    EXPECT_THAT(lines(results, "disk"), IsEmpty());
}

CO_TEST(SmallDisk, of_blue_is_not_filled_by_slots_and_then_given_room_for_hours) {
    if (::geteuid() != 0) {
        GTEST_MESSAGE_("not root: nothing is mounted",
                       ::testing::TestPartResult::kSkip); // GTEST_SKIP returns, as a coroutine can\'t
        co_return;
    }
    SmallDisk disk("blue", support::shared_lab().dir() + "/blue/pg_wal");
    if (!disk.mounted()) {
        GTEST_MESSAGE_("nothing can be mounted here",
                       ::testing::TestPartResult::kSkip); // GTEST_SKIP returns, as a coroutine can\'t
        co_return;
    }
    co_await run_sql(
        "blue", "postgres",
        "CREATE TABLE public.busy AS SELECT repeat('x', 1000) AS v FROM generate_series(1, 150000)");
    co_await run_sql("blue", "postgres", "DROP TABLE public.busy");
    disk.leave_free(60 * megabyte);
    auto input = input_for({"app"});
    auto results = co_await run_preflight(input);
    EXPECT_THAT(results.at("disk").findings.back().message, HasSubstr("its disk would be full"));
    co_await type_sql(results.at("disk").findings.back().fix);
    results = co_await until_it_says(input, "the lane would be lost");
    const auto fix = results.at("disk").findings.back().fix;
    EXPECT_THAT(results.at("disk").findings.back().message, HasSubstr("the lane would be lost"));
    EXPECT_THAT(fix, HasSubstr("make room until this shows "));
    disk.leave_free(4096 * megabyte);
    co_await type_sql(fix);
    results = co_await until_it_says(input, "");
    EXPECT_THAT(lines(results, "disk"), Not(Contains(HasSubstr(" blue "))));
    co_await run_sql("blue", "postgres", "ALTER SYSTEM RESET max_slot_wal_keep_size");
    co_await run_sql("blue", "postgres", "SELECT pg_reload_conf()");
}

} // namespace pgteal::health
