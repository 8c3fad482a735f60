#include "health/serve/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgteal::health {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::size_t times(const std::string& text, const std::string& word) {
    std::size_t count = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        ++count;
    }
    return count;
}

TEST(Metrics, each_number_has_its_name_and_labels) {
    Metrics metrics("app-15-to-17", "0.1.0");
    metrics.lane("app", "app.1", "blue", std::chrono::milliseconds(250), Bytes{2048}, true, false,
                 Bytes{1024});
    metrics.serving("green", 2);
    metrics.switchover("blue", "done", std::chrono::milliseconds(15));
    metrics.switchover("blue", "done", std::chrono::milliseconds(20));
    metrics.pooler("pgb1", true, false);
    metrics.pooler_entry("pgb1", "app", "green");
    metrics.copied(5000, 3);
    const auto text = metrics.text();
    const std::string lane = "{run=\"app-15-to-17\",database=\"app\",direction=\"blue\",lane=\"app.1\"} ";
    EXPECT_THAT(text, HasSubstr("pgteal_lane_lag_seconds" + lane + "0.25"));
    EXPECT_THAT(text, HasSubstr("pgteal_lane_lag_bytes" + lane + "2048"));
    EXPECT_THAT(text, HasSubstr("pgteal_lane_enabled" + lane + "1\n"));
    EXPECT_THAT(text, HasSubstr("pgteal_lane_streaming" + lane + "0\n"));
    EXPECT_THAT(text, HasSubstr("pgteal_slot_retained_bytes" + lane + "1024"));
    EXPECT_THAT(text, HasSubstr("pgteal_serving{run=\"app-15-to-17\",side=\"blue\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("pgteal_serving{run=\"app-15-to-17\",side=\"green\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("pgteal_epoch{run=\"app-15-to-17\"} 2\n"));
    EXPECT_THAT(
        text,
        HasSubstr("pgteal_switchovers_total{run=\"app-15-to-17\",direction=\"blue\",outcome=\"done\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("pgteal_pause_seconds{run=\"app-15-to-17\",direction=\"blue\"} 0.02"));
    EXPECT_THAT(text, HasSubstr("pgteal_pooler_up{run=\"app-15-to-17\",pooler=\"pgb1\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("pgteal_pooler_paused{run=\"app-15-to-17\",pooler=\"pgb1\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("entry=\"app\",pooler=\"pgb1\",side=\"green\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("entry=\"app\",pooler=\"pgb1\",side=\"blue\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("pgteal_copy_bytes_total{run=\"app-15-to-17\"} 5000"));
    EXPECT_THAT(text, HasSubstr("pgteal_copy_tables_done{run=\"app-15-to-17\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("pgteal_build_info{run=\"app-15-to-17\",version=\"0.1.0\"} 1\n"));
}

TEST(Metrics, only_the_latest_step_is_told) {
    Metrics metrics("r");
    metrics.step("gate");
    metrics.step("pause");
    const auto text = metrics.text();
    EXPECT_THAT(text, HasSubstr("pgteal_step{run=\"r\",step=\"pause\"} 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("step=\"gate\"")));
}

TEST(Metrics, a_lane_told_twice_is_one_line) {
    Metrics metrics("r");
    metrics.lane("app", "app.1", "blue", std::chrono::seconds(1), Bytes{1}, true, true, Bytes{1});
    metrics.lane("app", "app.1", "blue", std::chrono::seconds(2), Bytes{1}, true, true, Bytes{1});
    EXPECT_EQ(times(metrics.text(), "pgteal_lane_lag_seconds{"), 1U);
    EXPECT_THAT(metrics.text(), HasSubstr("lane=\"app.1\"} 2\n"));
}

TEST(Metrics, lanes_that_could_not_be_read_are_not_told) {
    Metrics metrics("run");
    metrics.lane("app", "app.1", "blue", std::chrono::seconds(0), Bytes{1}, true, true, Bytes{3});
    metrics.lane("app", "app.1", "blue", std::chrono::seconds(0), Bytes{2}, true, true, Bytes{3});
    metrics.server("green", true);
    metrics.forget_lanes();
    metrics.server("green", false);
    auto text = metrics.text();
    EXPECT_EQ(times(text, "lane=\"app.1\""), 0U);
    EXPECT_THAT(text, HasSubstr("pgteal_server_up{run=\"run\",side=\"green\"} 0\n"));
    metrics.lane("app", "app.1", "blue", std::chrono::seconds(0), Bytes{4}, true, true, Bytes{3});
    text = metrics.text();
    EXPECT_THAT(text, HasSubstr("lane=\"app.1\"} 4\n"));
}

TEST(Metrics, odd_names_are_escaped) {
    Metrics metrics("r");
    metrics.pooler("a\"b\\c\nd", true, false);
    EXPECT_THAT(metrics.text(), HasSubstr(R"(pooler="a\"b\\c\nd"} 1)"));
}

} // namespace
} // namespace pgteal::health
