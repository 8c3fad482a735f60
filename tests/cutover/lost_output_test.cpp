#include "cutover/cli/lost_output.hpp"

#include <csignal>

#include <gtest/gtest.h>
#include <unistd.h>

namespace pgteal::cutover {
namespace {

TEST(LostOutput, what_was_written_is_there) {
    auto* file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    std::fputs("all of it\n", file);
    EXPECT_EQ(lost_output(file), std::nullopt);
    std::fclose(file);
}

TEST(LostOutput, a_full_disk_is_told) {
    auto* full = std::fopen("/dev/full", "w");
    ASSERT_NE(full, nullptr);
    EXPECT_EQ(lost_output(full), std::nullopt) << "nothing was written yet";
    std::fputs("lost\n", full);
    EXPECT_NE(lost_output(full), std::nullopt);
    std::fclose(full);
}

TEST(LostOutput, a_flush_that_failed_long_ago_is_told_at_the_end) {
    auto* full = std::fopen("/dev/full", "w");
    ASSERT_NE(full, nullptr);
    std::fputs("lost\n", full);
    EXPECT_NE(std::fflush(full), 0);
    EXPECT_NE(lost_output(full), std::nullopt);
    std::fclose(full);
}

TEST(LostOutput, a_reader_that_has_enough_is_no_loss) {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    auto* out = ::fdopen(ends[1], "w");
    ::close(ends[0]);
    std::fputs("nobody reads this\n", out);
    EXPECT_NE(std::fflush(out), 0);
    EXPECT_EQ(lost_output(out), std::nullopt);
    std::fclose(out);
}

} // namespace
} // namespace pgteal::cutover
