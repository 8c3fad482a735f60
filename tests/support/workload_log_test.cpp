#include <unistd.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/workload_gaps.hpp"
#include "tests/support/workload_log.hpp"

namespace pgteal::workload {
namespace {

class LogFile : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove(path); }
    Log read() const { return read_logs(std::vector{path}); }

    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("pgteal-workload-log-" + std::to_string(::getpid()));
};

TEST_F(LogFile, GivesBackWhatWasWritten) {
    {
        LogWriter writer(path);
        Op op;
        op.id = writer.first_id(3);
        op.client = 3;
        op.new_connection = true;
        op.dsn = 1;
        op.kind = Kind::transfer;
        op.a = 4;
        op.b = 5;
        op.c = -6;
        writer.intent(op);
        op.outcome = Outcome::failed;
        op.sqlstate = "25006";
        op.message = "cannot execute UPDATE in a read-only transaction";
        op.r1 = -9;
        writer.outcome(op);
        writer.connect_error(3, false, 1, "gone\n");
        writer.drained();
    }
    const auto log = read();
    ASSERT_EQ(log.ops.size(), 1U);
    const auto& op = log.ops.front();
    EXPECT_TRUE(op.new_connection);
    EXPECT_EQ(std::tuple(op.client, op.dsn, op.kind, op.a, op.b, op.c),
              std::tuple(3, 1, Kind::transfer, 4, 5, -6));
    EXPECT_EQ(std::tuple(op.outcome, op.sqlstate, op.r1), std::tuple(Outcome::failed, "25006", -9));
    EXPECT_EQ(op.message, "cannot execute UPDATE in a read-only transaction");
    EXPECT_GE(op.done_us, op.sent_us);
    ASSERT_EQ(log.connect_errors.size(), 1U);
    EXPECT_EQ(log.connect_errors.front().message, "gone");
    EXPECT_TRUE(log.drained);
}

TEST_F(LogFile, HasEveryIntentOnDiskBeforeItsOutcome) {
    LogWriter writer(path);
    Op op;
    op.id = writer.first_id(0);
    writer.intent(op);
    const auto log = read();
    ASSERT_EQ(log.ops.size(), 1U);
    EXPECT_EQ(log.ops.front().outcome, Outcome::unknown);
    EXPECT_FALSE(log.drained);
}

TEST_F(LogFile, LeavesOutALineThatWasCutShort) {
    {
        LogWriter writer(path);
        Op op;
        op.id = writer.first_id(0);
        writer.intent(op);
    }
    std::ofstream(path, std::ios::app) << "O 12";
    EXPECT_EQ(read().ops.front().outcome, Outcome::unknown);
}

TEST(WorkloadLog, IsRefusedWhenItIsNoLog) {
    EXPECT_THROW(parse_log("nonsense\n"), Failure);
    EXPECT_THROW(parse_log("H 1 1 0 0\nO 5 1 1 ok 1 1 - 0 0\n"), Failure) << "an outcome without intent";
    EXPECT_THROW(parse_log("H 1 1 0 0\nI 5 0 p 0 1 1 event 0 0 0\nI 5 0 p 0 1 1 event 0 0 0\n"), Failure);
    EXPECT_THROW(parse_log("H 1 1 0 0\nI 5 0 p 0 1 1 dance 0 0 0\n"), Failure);
    EXPECT_THROW(read_logs(std::vector<std::filesystem::path>{"/nonexistent/log"}), Failure);
}

// Two clients that keep their connection commit at 10, 20, 90 and 100 ms; a newcomer at 50.
Log paced() {
    std::string text = "H 1 1 0 1000000\n";
    int id = 1;
    for (const auto& [how, ms] : {std::pair('p', 10), {'p', 20}, {'n', 50}, {'p', 90}, {'p', 100}}) {
        const auto ns = std::to_string(ms) + "000000";
        text += "I " + std::to_string(id) + " 0 " + how + " 0 " + std::to_string(ms - 5) +
                "000000 0 event 0 0 0\n";
        text += "O " + std::to_string(id++) + " " + ns + " 0 ok 5000 7 - 0 0\n";
    }
    return parse_log(text + "S 101000000 0\n");
}

const Gap& gap_of(const std::vector<Gap>& all, std::string_view window, bool new_connections) {
    for (const auto& gap : all) {
        if (gap.window == window && gap.new_connections == new_connections) {
            return gap;
        }
    }
    throw std::runtime_error("no such gap");
}

TEST(Gaps, AreTheLongestTimeBetweenCommits) {
    const auto found = gaps(paced(), {{"late", 1'095'000, 1'100'000}, {"inside", 1'040'000, 1'060'000}});
    EXPECT_EQ(gap_of(found, "all", false).longest_us, 70'000);
    EXPECT_EQ(gap_of(found, "all", false).longest_from_us, 1'020'000);
    EXPECT_EQ(gap_of(found, "all", false).commits, 4);
    EXPECT_EQ(gap_of(found, "all", false).max_latency_us, 5000);
    EXPECT_EQ(gap_of(found, "late", false).longest_us, 10'000);
    EXPECT_EQ(gap_of(found, "inside", false).longest_us, 70'000)
        << "a gap counts in full where it touches the window";
    EXPECT_EQ(gap_of(found, "all", true).longest_us, 51'000) << "nobody came after it: until the log's end";
}

TEST(Gaps, CountErrorsAndOperationsThatNeverEnded) {
    auto log = paced();
    log.connect_errors.push_back({false, 0, 1'030'000, "refused"});
    Op stuck;
    stuck.id = 99;
    stuck.sent_us = 1'030'000;
    log.ops.push_back(stuck);
    const auto gap = gap_of(gaps(log, {}), "all", false);
    EXPECT_EQ(gap.errors, 2);
    EXPECT_EQ(gap.max_latency_us, 71'000);
}

TEST(Window, IsANameAndTwoInstants) {
    const auto window = parse_window("cutover:1:10:20");
    ASSERT_TRUE(window);
    EXPECT_EQ(window->name, "cutover:1");
    EXPECT_EQ(window->from_us, 10);
    EXPECT_EQ(window->to_us, 20);
    for (const auto* bad : {"", "a", "a:1", ":1:2", "a:2:1", "a:x:2", "a:1:2y", "a::2"}) {
        EXPECT_FALSE(parse_window(bad)) << bad;
    }
}

} // namespace
} // namespace pgteal::workload
