#include "cutover/look/green_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;

/// Made by the run, fenced, and used by nobody.
GreenDatabase ours() {
    GreenDatabase database;
    database.name = "app";
    database.exists = true;
    database.oid = database.made = 16400;
    database.fence = {true, 0, "on"};
    database.run_id = "r1";
    database.row = {true, "r1", 1, "blue"};
    database.reached = {"schema", "build"};
    database.blue_serving = "blue";
    return database;
}

void expect_refused(const GreenDatabase& database, const std::string& words) {
    const auto refusal = judge_drop(database, true);
    ASSERT_TRUE(refusal) << words;
    EXPECT_EQ(refusal->side, "green");
    EXPECT_THAT(refusal->message, HasSubstr(words));
    EXPECT_THAT(refusal->hint, HasSubstr("pgteal"));
}

TEST(DropOnGreen, OnlyWhatIsProvablyTheRunsAndUnused) {
    EXPECT_FALSE(judge_drop(ours(), true));
    EXPECT_FALSE(judge_use(ours()));
    auto one = ours();
    one.oid = 16500;
    expect_refused(one, "its oid is 16500, the run's was 16400");
    one = ours();
    one.made = 0;
    expect_refused(one, "the run has made none yet");
    one = ours();
    one.row.run_id = "r2";
    expect_refused(one, "belongs to another run (r2)");
    one = ours();
    one.row = {};
    expect_refused(one, "somebody took it over");
    one = ours();
    one.row.serving = "green";
    expect_refused(one, "green serves app");
    one = ours();
    one.blue_serving = "green";
    expect_refused(one, "green serves app");
    one = ours();
    one.fence.connection_limit = -1;
    expect_refused(one, "fence of database app on green was lifted");
    one = ours();
    one.fence.read_only = false;
    expect_refused(one, "fence of database app on green was lifted");
    one = ours();
    one.in_use = {"2 sessions of role app (10.0.0.7)", "replication slot cdc"};
    expect_refused(one, "in use: 2 sessions of role app (10.0.0.7), replication slot cdc");
}

TEST(DropOnGreen, HalfMadeIsTheRunsToo) {
    auto one = ours();
    one.row = {};
    one.reached = {};
    EXPECT_FALSE(judge_drop(one, true));
    EXPECT_FALSE(judge_use(one));
    one.in_use = {"1 session of role dba (local)"};
    EXPECT_TRUE(judge_use(one)) << "it would be made anew";
    one.reached = {"schema"};
    one.row = {true, "r1", 1, "blue"};
    EXPECT_FALSE(judge_use(one)) << "prepare goes on beside somebody who looks";
}

TEST(DropOnGreen, WhatWasThereIsMadeAnewWhileItIsEmpty) {
    GreenDatabase found;
    found.name = "app";
    found.exists = true;
    found.oid = found.found = 16390;
    found.empty = true;
    EXPECT_FALSE(judge_use(found));
    EXPECT_FALSE(judge_drop(found, true)) << "abort has nothing to do with it";
    found.empty = false;
    EXPECT_TRUE(judge_use(found));
    found.empty = true;
    found.oid = 16391;
    EXPECT_TRUE(judge_use(found)) << "made since";
    EXPECT_TRUE(judge_drop(found, true));
}

} // namespace
} // namespace pgteal::cutover
