// What a failure says and its exit code follow from what was touched, and a plan from what is there.
#include <gmock/gmock.h>

#include "tests/scenarios/world.hpp"
#include "tests/support/scenario.hpp"

namespace pgteal::support {

using testing::HasSubstr;
using testing::Not;

// 14 can't publish some of a table's columns, which is seen when the way back is armed: after the copy.
TEST(LateRefusal, is_a_failure_that_left_something_and_a_lost_slot_is_no_plan) {
    Scenario scenario({"--blue", "13", "--green", "14"});
    auto& lab = scenario.lab();
    scenario.query("blue", "app", "CREATE TABLE public.t (id int PRIMARY KEY)");
    const auto migration = lab.dir() + "/migrations/app/V1__more.sql";
    write_file(migration, "ALTER TABLE public.t ADD COLUMN note text;\n");
    const auto prepared = scenario.pgteal({"prepare"});
    EXPECT_EQ(prepared.exit_code, 1) << prepared;
    EXPECT_THAT(prepared.err, Not(HasSubstr("Nothing was changed"))) << prepared;
    EXPECT_THAT(prepared.err, HasSubstr("What was made stays: pgteal prepare goes on")) << prepared;
    const auto early = scenario.pgteal({"cutover"});
    EXPECT_EQ(early.exit_code, 3) << early;
    EXPECT_THAT(early.err, HasSubstr("Nothing was changed")) << early;

    const auto slot = scenario.value("blue", "postgres", "SELECT slot_name FROM pg_replication_slots");
    scenario.query("blue", "postgres",
                   "DO $$ BEGIN FOR i IN 1..1000 LOOP PERFORM pg_terminate_backend(active_pid) FROM "
                   "pg_replication_slots WHERE active_pid IS NOT NULL; BEGIN PERFORM "
                   "pg_drop_replication_slot('" +
                       slot +
                       "'); RETURN; EXCEPTION WHEN object_in_use THEN PERFORM pg_sleep(0.01); END; END LOOP; "
                       "END $$");
    // Away with the reason of the first refusal: the lanes' own would be named before the slot.
    script(lab, "green", "app",
           "BEGIN READ WRITE; SET LOCAL pgteal.ddl = on; ALTER TABLE public.t DROP COLUMN note; COMMIT");
    const auto plan = scenario.pgteal({"plan"});
    EXPECT_EQ(plan.exit_code, 3) << plan;
    EXPECT_THAT(plan.err, HasSubstr("slot " + slot + " on blue is gone")) << plan;
    EXPECT_THAT(plan.err, HasSubstr("pgteal abort, then pgteal prepare")) << plan;
    EXPECT_THAT(plan.err, HasSubstr("Nothing was changed")) << plan;
    const auto document = scenario.pgteal_json({"plan"});
    EXPECT_EQ(document.exit_code, 3) << document;
    EXPECT_EQ(document.error_code(), "refused") << document;
    EXPECT_EQ(scenario.pgteal({"abort"}).exit_code, 0);
    const auto anew = scenario.pgteal({"plan"});
    EXPECT_EQ(anew.exit_code, 0) << anew;
}

} // namespace pgteal::support
