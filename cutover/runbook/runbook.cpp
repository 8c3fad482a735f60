#include "cutover/runbook/runbook.hpp"

#include <algorithm>

#include "cutover/runbook/walks.hpp"

namespace pgteal::cutover {

using namespace std::chrono_literals;

const std::vector<Row>& runbook() {
    static const std::vector<Row> rows{
        {.id = StepId::check,
         .part = Part::prepare,
         .facts = {.title = "Preflight checks",
                   .makes_true = "Everything that would make the run fail later has been looked for; nothing "
                                 "was changed."},
         .asks = true,
         .walk = walk_check},
        {.id = StepId::claim,
         .part = Part::prepare,
         .facts = {.title = "Claim the databases",
                   .makes_true = "Schema pgteal on blue says which run holds the database, and at which "
                                 "epoch."},
         .walk = walk_claim},
        {.id = StepId::freeze_ddl,
         .part = Part::prepare,
         .facts = {.title = "Freeze the schema",
                   .makes_true = "Schema changes on blue by anybody but pgteal are refused, with the reason; "
                                 "temporary tables, REFRESH, privileges and comments go on."},
         .walk = walk_freeze},
        {.id = StepId::roles,
         .part = Part::prepare,
         .facts = {.title = "Copy roles",
                   .makes_true = "Every role of blue exists on green with the same attributes, password, "
                                 "memberships and settings."},
         .walk = walk_roles},
        {.id = StepId::schema,
         .part = Part::prepare,
         .facts = {.title = "Create the databases and their schema",
                   .makes_true = "Green has blue's databases with their settings, and all tables without "
                                 "indexes; it is fenced for clients.",
                   .deadline = 1h},
         .walk = walk_schema},
        {.id = StepId::lanes,
         .part = Part::prepare,
         .facts = {.title = "Publish the tables",
                   .makes_true = "Every table of blue is published by exactly one lane."},
         .walk = walk_lanes},
        {.id = StepId::copy,
         .part = Part::prepare,
         .facts = {.title = "Copy the data",
                   .makes_true =
                       "Green holds every table as of a snapshot of blue; the lane's slot keeps all "
                       "that came later.",
                   .deadline = 24h * 7},
         .walk = walk_copy},
        {.id = StepId::build,
         .part = Part::prepare,
         .facts = {.title = "Build indexes and constraints",
                   .makes_true = "Green has all indexes, constraints, triggers and replica identities.",
                   .deadline = 24h * 7},
         .walk = walk_build},
        {.id = StepId::migrate,
         .part = Part::prepare,
         .facts = {.title = "Apply migrations to green",
                   .makes_true = "Green has the new schema; nobody waited for a lock.",
                   .deadline = 24h * 7},
         .walk = walk_migrate},
        {.id = StepId::subscribe,
         .part = Part::prepare,
         .facts = {.title = "Start the lanes",
                   .makes_true = "Green receives every change that blue commits, from the slot's start on."},
         .walk = walk_subscribe},
        {.id = StepId::catch_up,
         .part = Part::prepare,
         .facts = {.title = "Catch up",
                   .makes_true = "A marker committed on blue arrives on green in every lane, and the lag is "
                                 "below max_lag."}, // as long as the config says
         .walk = walk_catch_up},
        {.id = StepId::analyze,
         .part = Part::prepare,
         .facts = {.title = "Gather statistics",
                   .makes_true =
                       "Green's planner knows the data; materialized views that blue had filled are "
                       "filled.",
                   .deadline = 24h},
         .walk = walk_analyze},
        {.id = StepId::compare,
         .part = Part::prepare,
         .facts = {.title = "Compare the data",
                   .makes_true =
                       "Every table has the same rows on both sides, apart from what is still under "
                       "way.",
                   .deadline = 24h},
         .walk = walk_compare},
        {.id = StepId::privileges,
         .part = Part::prepare,
         .facts = {.title = "Carry privileges",
                   .makes_true =
                       "Roles, privileges and comments that changed on blue since the run began are "
                       "so on green."},
         .walk = walk_privileges},
        {.id = StepId::arm_reverse,
         .part = Part::prepare,
         .facts = {.title = "Arm the way back",
                   .makes_true = "Reverse lanes (green to blue, columns that blue has) exist with slots, "
                                 "disabled; green's schema is frozen too.",
                   .deadline = 15min},
         .walk = walk_arm},

        {.id = StepId::gate,
         .part = Part::before,
         .facts = {.title = "Gate",
                   .makes_true = "Lanes are healthy and near, nothing on the serving side would outlast the "
                                 "pause, poolers and schemas are as recorded.",
                   .writers_after = Writers::from},
         .asks = true,
         .walk = walk_gate},
        {.id = StepId::carry_grants,
         .part = Part::before,
         .facts = {.title = "Carry privileges",
                   .makes_true = "Roles, privileges and comments that changed on `from` since they were last "
                                 "recorded are so on `to`.",
                   .writers_after = Writers::from,
                   .planned_by_look = true},
         .walk = walk_carry_grants},
        {.id = StepId::stage,
         .part = Part::before,
         .facts = {.title = "Lay out what the pause needs",
                   .makes_true =
                       "The rewritten pooler configs lie beside the old ones, flushed; the slots of "
                       "the way back are fresh.",
                   .writers_after = Writers::from,
                   .deadline = 5min},
         .walk = walk_stage},

        {.id = StepId::pause,
         .part = Part::held,
         .facts = {.title = "Hold the clients",
                   .makes_true = "Every pooler holds its clients; no transaction of theirs is open.",
                   .writers_after = Writers::from,
                   .each_place_alone = true},
         .walk = walk_pause},
        {.id = StepId::fence,
         .part = Part::held,
         .facts = {.title = "Fence the old side",
                   .makes_true = "No client can write to the side that served, past any pooler, in any "
                                 "session, old or new.",
                   .writers_after = Writers::none},
         .walk = walk_fence},
        {.id = StepId::marker,
         .part = Part::held,
         .facts = {.title = "Commit a marker in every lane",
                   .makes_true = "A row that comes after every write of the old side is on its way in every "
                                 "lane.",
                   .writers_after = Writers::none},
         .walk = walk_marker},
        {.id = StepId::barrier,
         .part = Part::held,
         .facts = {.title = "Wait for the barrier",
                   .makes_true = "Every commit made before the fence is present on the new side, and flushed "
                                 "there.",
                   .writers_after = Writers::none},
         .walk = walk_barrier},
        // By itself: what it carries is measured by what the barrier waited for.
        {.id = StepId::sequences,
         .part = Part::held,
         .facts = {.title = "Carry the sequences",
                   .makes_true = "No sequence of the new side can return a value that was returned before.",
                   .writers_after = Writers::none},
         .walk = walk_sequences},
        {.id = StepId::retarget, // clients are held, whatever the sequences come to
         .part = Part::held,
         .facts = {.title = "Point the poolers at the new side",
                   .makes_true = "Every pooler's file and memory name the new side; clients are still held.",
                   .writers_after = Writers::none,
                   .each_place_alone = true,
                   .with_previous = true},
         .again = true,
         .walk = walk_retarget},
        {.id = StepId::recheck,
         .part = Part::held,
         .facts = {.title = "Look behind the fence once more",
                   .makes_true = "Past the fence nobody is there on the side that served, not even a "
                                 "superuser.",
                   .writers_after = Writers::none,
                   .with_previous = true},
         .walk = walk_recheck},
        {.id = StepId::switch_over,
         .part = Part::held,
         .facts = {.title = "Switch",
                   .makes_true = "The new side serves: journal and both databases' records say so; its fence "
                                 "is down.",
                   .writers_after = Writers::none,
                   .recovery = Recovery::switch_point},
         .again = true,
         .walk = walk_switch},
        {.id = StepId::resume,
         .part = Part::held,
         .facts = {.title = "Let the clients go on",
                   .makes_true = "Clients write to the new side.",
                   .writers_after = Writers::to,
                   .recovery = Recovery::forward,
                   .each_place_alone = true},
         .again = true,
         .walk = walk_resume},

        // The way back comes first: it waits for nothing that a pooler or a probe does.
        {.id = StepId::turn,
         .part = Part::after,
         .facts = {.title = "Turn the lanes round",
                   .makes_true = "The old side follows the new one from the first write on: going back loses "
                                 "nothing.",
                   .writers_after = Writers::to,
                   .recovery = Recovery::forward,
                   .deadline = 3min},
         .again = true,
         .walk = walk_turn},
        {.id = StepId::confirm,
         .part = Part::after,
         .facts = {.title = "Confirm through every entry",
                   .makes_true =
                       "Through every entry of every pooler a client reached the new side and wrote "
                       "to it.",
                   .writers_after = Writers::to,
                   .recovery = Recovery::forward},
         .walk = walk_confirm},
        {.id = StepId::late_grants,
         .part = Part::after,
         .facts = {.title = "Carry late privileges",
                   .makes_true = "So are those that changed between that and the fence.",
                   .writers_after = Writers::to,
                   .recovery = Recovery::forward},
         .walk = walk_late_grants},

        {.id = StepId::finish,
         .part = Part::finish,
         .facts = {.title = "Retire the standing side",
                   .makes_true = "No lane, slot, freeze or marker is left on either side; the standing side "
                                 "stays read-only for clients.",
                   .writers_after = Writers::to,
                   .recovery = Recovery::forward,
                   .deadline = 10min},
         .walk = walk_finish},
    };
    return rows;
}

namespace {

Step made(const Row& row, Context& context, Move move) {
    Step step;
    static_cast<StepFacts&>(step) = row.facts;
    step.id = name_of(row.id);
    step.in_pause = row.part == Part::held;
    row.walk(step, context, move);
    return step;
}

template <class Wanted>
Steps made_of(Context& context, Move move, Wanted wanted) {
    Steps steps;
    for (const auto& row : runbook()) {
        if (wanted(row)) {
            steps.push_back(made(row, context, move));
        }
    }
    return steps;
}

} // namespace

Step step_of(StepId id, Context& context, Move move) {
    return made(*std::ranges::find(runbook(), id, &Row::id), context, move);
}

Steps steps_of(const std::vector<Part>& parts, Context& context, Move move) {
    return made_of(context, move, [&parts](const Row& row) {
        return !row.asks && std::ranges::find(parts, row.part) != parts.end();
    });
}

Steps steps_again(Context& context, Move move) {
    return made_of(context, move, [](const Row& row) { return row.again; });
}

std::string runbook_markdown() {
    const std::string head = "| step | title | what is true after it | who may write then | a failure is | "
                             "clients |\n|---|---|---|---|---|---|\n";
    std::string text = "# The runbook\n\nMade by `pgteal docs runbook` from the table of steps that the "
                       "program runs; `scripts/check` fails when it is stale.\n";
    const Row* before = nullptr;
    for (const auto& row : runbook()) {
        if (before == nullptr) {
            text += "\n## prepare\n\n" + head;
        } else if (row.part == Part::before && before->part == Part::prepare) {
            text +=
                "\n## cutover and switch-back\n\nOne list for both directions: `from` serves when it begins, "
                "`to` when it ends. Every step is looked at before it is done,\n"
                "its intent is on disk before its first action, and after a crash `pgteal resume` enters the "
                "same list again: before `switch` is on disk it takes the steps back,\n"
                "after it, it goes on to the end.\n\n" +
                head;
        } else if (row.part == Part::finish) {
            text += "\n## finish\n\n" + head;
        }
        before = &row;
        text += "| `" + name_of(row.id) + "` | " + row.facts.title + " | " + row.facts.makes_true + " | " +
                to_string(row.facts.writers_after) + " | " + to_string(row.facts.recovery) + " | " +
                (row.part == Part::held ? "held" : "go on") + " |\n";
    }
    return text;
}

} // namespace pgteal::cutover
