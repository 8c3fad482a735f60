#include "cutover/gate/database_state.hpp"

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

const Move forth{Side::blue, Side::green, 2};

/// Of green as recorded, where it matters to the test.
const DatabaseState unchanged{"ALTER DATABASE app OWNER TO a"};

std::optional<Refusal> judged(const DatabaseState& recorded, const DatabaseState& from,
                              const DatabaseState& to) {
    const auto change = judge_database_state("app", forth, recorded, to, from, to);
    return change ? std::optional(change->refusal) : std::nullopt;
}

TEST(DatabaseState, ThatIsAsRecordedOrAlikeOnBothSidesIsFine) {
    const DatabaseState migrated{"ALTER DATABASE app OWNER TO a", "ALTER DATABASE app SET jit TO off"};
    EXPECT_FALSE(judged(unchanged, unchanged, unchanged));
    EXPECT_FALSE(judged(unchanged, unchanged, migrated)) << "green may differ by a migration";
    EXPECT_FALSE(judged(unchanged, migrated, migrated)) << "both were changed";
    EXPECT_FALSE(judged(migrated, unchanged, unchanged)) << "both were changed back";
    EXPECT_FALSE(judge_database_state("app", forth, unchanged, unchanged, migrated, migrated));
}

TEST(DatabaseState, ThatChangedOnTheServingSideAloneIsToldWithTheStatement) {
    const DatabaseState more{"ALTER DATABASE app OWNER TO a", "ALTER DATABASE app SET search_path TO x"};
    const auto refusal = judged(unchanged, more, unchanged);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->side, "green");
    EXPECT_EQ(
        refusal->hint,
        "on green:  SET default_transaction_read_only = off;  ALTER DATABASE app SET search_path TO x;");
    const DatabaseState secret{"ALTER DATABASE app OWNER TO a",
                               "ALTER DATABASE \"app\" SET \"app.key\" TO :'value'#0badc0de"};
    const auto hidden = judged(unchanged, secret, unchanged);
    ASSERT_TRUE(hidden);
    EXPECT_EQ((hidden->message + hidden->hint).find("0badc0de"), std::string::npos);
    EXPECT_THAT(hidden->hint, testing::HasSubstr("app.key"));
    const auto less = judged(more, unchanged, more);
    ASSERT_TRUE(less);
    EXPECT_THAT(less->message, testing::HasSubstr("no longer ALTER DATABASE app SET search_path TO x"));
}

TEST(DatabaseState, CountsNoPrivilegesAndCommentsWhereTheyAreCarried) {
    const DatabaseState state{
        "ALTER DATABASE app OWNER TO a", "COMMENT ON DATABASE \"app\" IS :'comment'#0badc0de",
        "GRANT CONNECT ON DATABASE \"app\" TO \"b\"", "REVOKE ALL ON DATABASE \"app\" FROM PUBLIC, \"a\""};
    EXPECT_EQ(without_rights(state), unchanged);
}

TEST(DatabaseState, ThatChangedOnTheStandingSideAloneIsToldWithTheStatementToo) {
    const std::string slow =
        "ALTER ROLE \"a SET b TO c\" IN DATABASE \"app\" SET \"statement_timeout\" TO '1'";
    const DatabaseState with{*unchanged.begin(), slow};
    const auto made = judge_database_state("app", forth, unchanged, unchanged, unchanged, with);
    ASSERT_TRUE(made);
    EXPECT_FALSE(made->read_only);
    EXPECT_EQ(made->refusal.hint, "on green:  SET default_transaction_read_only = off;  ALTER ROLE \"a SET b "
                                  "TO c\" IN DATABASE \"app\" "
                                  "RESET \"statement_timeout\";");
    const auto taken = judge_database_state("app", forth, with, with, with, unchanged);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->refusal.hint, "on green:  SET default_transaction_read_only = off;  " + slow + ";");
    EXPECT_FALSE(judge_database_state("app", forth, unchanged, with, unchanged, with)) << "as recorded";

    const std::string closed = "ALTER ROLE ALL SET \"default_transaction_read_only\" TO 'on'";
    const DatabaseState shut{*unchanged.begin(), slow, closed};
    const auto refusal = judge_database_state("app", forth, unchanged, shut, unchanged, shut);
    ASSERT_TRUE(refusal) << "recorded or not";
    EXPECT_TRUE(refusal->read_only);
    EXPECT_EQ(refusal->refusal.hint,
              "on green:  SET default_transaction_read_only = off;  ALTER ROLE ALL RESET "
              "\"default_transaction_read_only\";");
}

} // namespace
} // namespace pgteal::cutover
