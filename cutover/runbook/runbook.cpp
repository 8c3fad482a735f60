#include "cutover/runbook/runbook.hpp"

namespace pgteal::cutover {

Steps prepare_steps(Context& context) {
    Steps steps;
    for (const auto& build : {check_step, claim_step, freeze_step, roles_step, schema_step, lanes_step,
                              copy_step, build_step, migrate_step, subscribe_step, catch_up_step,
                              analyze_step, compare_step, privileges_step, arm_step}) {
        steps.push_back(build(context));
    }
    return steps;
}

Switchover switchover_steps(Context& context, Move move) {
    Switchover all;
    for (const auto& build : {gate_step, carry_privileges_step, stage_step}) {
        all.before.push_back(build(context, move));
    }
    for (const auto& build : {pause_step, fence_step, marker_step, barrier_step, sequences_step,
                              retarget_step, still_step, switch_step, resume_step}) {
        all.pause.push_back(build(context, move));
    }
    // The way back comes first: it waits for nothing that a pooler or a probe does.
    for (const auto& build : {turn_step, confirm_step, late_privileges_step}) {
        all.after.push_back(build(context, move));
    }
    return all;
}

Steps roll_forward_steps(Context& context, Move move) {
    Steps steps;
    for (const auto& build : {retarget_step, switch_step, resume_step, turn_step}) {
        steps.push_back(build(context, move));
    }
    return steps;
}

Steps finish_steps(Context& context, Side standing) {
    Steps steps;
    steps.push_back(finish_step(context, standing));
    return steps;
}

namespace {

void describe_steps(std::string& text, const Steps& steps) {
    for (const auto& step : steps) {
        text += "| `" + step.id + "` | " + step.title + " | " + step.makes_true + " | " +
                to_string(step.writers_after) + " | " + to_string(step.recovery) + " | " +
                (step.in_pause ? "held" : "go on") + " |\n";
    }
}

} // namespace

std::string runbook_markdown(Context& context) {
    const std::string head = "| step | title | what is true after it | who may write then | a failure is | "
                             "clients |\n|---|---|---|---|---|---|\n";
    const Move move{};
    const auto moved = switchover_steps(context, move);
    std::string text = "# The runbook\n\nMade by `pgteal docs runbook` from the list of steps that the "
                       "program runs; `scripts/check` fails when it is stale.\n\n"
                       "## prepare\n\n" +
                       head;
    describe_steps(text, prepare_steps(context));
    text += "\n## cutover and switch-back\n\nOne list for both directions: `from` serves when it begins, "
            "`to` when it ends. Every step is looked at before it is done,\n"
            "its intent is on disk before its first action, and after a crash `pgteal resume` enters the "
            "same list again: before `switch` is on disk it takes the steps back,\n"
            "after it, it goes on to the end.\n\n" +
            head;
    describe_steps(text, moved.before);
    describe_steps(text, moved.pause);
    describe_steps(text, moved.after);
    text += "\n## finish\n\n" + head;
    describe_steps(text, finish_steps(context, move.from));
    return text;
}

} // namespace pgteal::cutover
