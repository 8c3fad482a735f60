#include "cutover/database_state.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

const Move forth{Side::blue, Side::green, 2};

TEST(DatabaseState, ThatIsAsRecordedOrAlikeOnBothSidesIsFine) {
    const DatabaseState plain{"ALTER DATABASE app OWNER TO a"};
    const DatabaseState migrated{"ALTER DATABASE app OWNER TO a", "ALTER DATABASE app SET jit = off"};
    EXPECT_FALSE(judge_database_state("app", forth, plain, plain, plain));
    EXPECT_FALSE(judge_database_state("app", forth, plain, plain, migrated))
        << "green may differ by a migration";
    EXPECT_FALSE(judge_database_state("app", forth, plain, migrated, migrated)) << "both were changed";
    EXPECT_FALSE(judge_database_state("app", forth, migrated, plain, plain)) << "both were changed back";
}

TEST(DatabaseState, ThatChangedOnTheServingSideAloneIsToldWithTheStatement) {
    const DatabaseState plain{"ALTER DATABASE app OWNER TO a"};
    const DatabaseState more{"ALTER DATABASE app OWNER TO a", "ALTER DATABASE app SET search_path = x"};
    const auto refusal = judge_database_state("app", forth, plain, more, plain);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->side, "green");
    EXPECT_EQ(refusal->hint, "on green: ALTER DATABASE app SET search_path = x");
    const DatabaseState secret{"ALTER DATABASE app OWNER TO a",
                               "ALTER DATABASE \"app\" SET \"app.key\" TO 'hush'"};
    const auto hidden = judge_database_state("app", forth, plain, secret, plain);
    ASSERT_TRUE(hidden);
    EXPECT_EQ((hidden->message + hidden->hint).find("hush"), std::string::npos);
    EXPECT_THAT(hidden->hint, testing::HasSubstr("app.key"));
    const auto less = judge_database_state("app", forth, more, plain, more);
    ASSERT_TRUE(less);
    EXPECT_THAT(less->message, testing::HasSubstr("no longer ALTER DATABASE app SET search_path = x"));
}

} // namespace
} // namespace pgteal::cutover
