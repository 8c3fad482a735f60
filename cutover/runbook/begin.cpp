// check, claim, freeze-ddl, roles: what comes before there is a clone.
#include "base/error.hpp"
#include "cutover/checks/checks.hpp"
#include "cutover/fence/run_row.hpp"
#include "cutover/look/green_database.hpp"
#include "cutover/runbook/walks.hpp"
#include "postgres/quote.hpp"
#include "replication/clone/roles.hpp"
#include "replication/clone/roles_power.hpp"
#include "replication/clone/shared_grants.hpp"
#include "replication/lane/control.hpp"

namespace pgteal::cutover {

namespace {

constexpr auto begin_patience = std::chrono::seconds(30);

Task<Observation> look_at_check(Context* context) {
    CheckScope scope;
    scope.run_started = context->progress().active && context->begun(StepId::claim);
    scope.folder = context->journal.work_dir();
    const auto results = co_await run_checks(&context->estate, std::move(scope));
    Observation seen;
    seen.summary = summary_of(results);
    seen.state = State::done;
    for (const auto& result : results) {
        for (const auto& finding : result.findings) {
            if (finding.level == health::Level::error) {
                seen.state = State::conflict;
                seen.refusal = true;
                seen.side = finding.side;
                seen.evidence =
                    std::to_string(errors_in(results)) +
                    (errors_in(results) == 1 ? " check refuses: " : " checks refuse; the first: ") +
                    (finding.object.empty() ? "" : finding.object + ": ") + finding.message;
                seen.hint = "pgteal check shows all of them, with what to do";
                co_return seen;
            }
        }
    }
    co_return seen;
}

Task<Observation> look_at_claim(Context* context) {
    Observation seen;
    const auto run_id = context->progress().run_id;
    std::size_t ours = 0;
    for (const auto& database : context->estate.config().databases) {
        const auto row =
            co_await read_run_row(&context->estate.server(Side::blue), database.name, after(begin_patience));
        const auto schema =
            co_await context->estate.server(Side::blue)
                .exec(database.name,
                      "SELECT to_regnamespace('pgteal') IS NOT NULL AND to_regclass('pgteal.run') IS NULL",
                      {}, after(begin_patience));
        if (schema.get<bool>(0, 0)) {
            seen.state = State::conflict;
            seen.side = "blue";
            seen.evidence = "database " + database.name + " has a schema pgteal that pgteal did not make";
            seen.hint = "rename it, on blue in database " + database.name +
                        ": ALTER SCHEMA pgteal RENAME TO something_else; then pgteal prepare";
            co_return seen;
        }
        if (row.present && row.run_id != run_id) {
            seen.state = State::conflict;
            seen.side = "blue";
            seen.evidence =
                "database " + database.name + " belongs to another run of pgteal (" + row.run_id + ")";
            seen.hint = "end that run with pgteal abort or finish from where its journal is; if it is lost "
                        "for good: DROP SCHEMA pgteal CASCADE on blue";
            co_return seen;
        }
        ours += row.present ? 1U : 0U;
    }
    seen.state = ours == context->estate.config().databases.size() ? State::done : State::absent;
    seen.summary = std::to_string(ours) + (ours == 1 ? " database" : " databases");
    co_return seen;
}

Actions todo_of_claim(Context* context) {
    std::vector<Action> actions;
    for (const auto& database : context->estate.config().databases) {
        actions.push_back(sql(Side::blue, replication::create_control_schema(database.name, database.lanes)));
        actions.push_back(sql(Side::blue, insert_run_row(database.name)));
    }
    return actions;
}

Actions undo_claim(Context* context) {
    std::vector<Action> actions;
    for (const auto& database : context->estate.config().databases) {
        actions.push_back(sql(Side::blue, replication::drop_control_schema(database.name)));
    }
    return actions;
}

Task<Observation> look_at_freeze(Context* context) {
    Observation seen;
    std::size_t frozen = 0;
    for (const auto& database : context->estate.config().databases) {
        frozen += (co_await replication::frozen(context->estate.server(Side::blue), database.name,
                                                after(begin_patience)))
                      ? 1U
                      : 0U;
    }
    seen.state = frozen == context->estate.config().databases.size() ? State::done
                 : frozen == 0                                       ? State::absent
                                                                     : State::partial;
    seen.summary = "schema changes on blue are refused until finish";
    co_return seen;
}

Actions freeze_actions(Context* context, bool freeze) {
    std::vector<Action> actions;
    for (const auto& database : context->estate.config().databases) {
        actions.push_back(
            sql(Side::blue,
                freeze ? replication::freeze_ddl(database.name, context->estate.config().carry_partitions())
                       : replication::unfreeze_ddl(database.name)));
    }
    return actions;
}

struct RolesSeen {
    replication::RolePlan plan;
    std::size_t total = 0;
    std::map<std::string, std::int64_t> on_both; ///< oids on green
};

/// Migrations may have altered green's roles and granted them more.
bool migrated(Context* context) { return context->begun(StepId::migrate) || context->progress().prepared; }

/// Then only what clients need to log in is made good here; what else changed on blue is for `privileges`.
replication::Roles with_logins(const replication::Roles& source, const replication::Roles& target,
                               const std::string& keep) {
    replication::RoleChanges changes;
    for (const auto& role : source.roles) {
        const auto there = std::ranges::find(target.roles, role.name, &replication::Role::name);
        if (there == target.roles.end()) {
            changes[role.name].whole = true;
        } else if (role.login && (!there->login || there->password != role.password)) {
            changes[role.name].parts = {"LOGIN", "PASSWORD"};
        }
    }
    for (const auto& [name, why] : replication::stronger_roles(source, target, keep, &changes)) {
        changes.erase(name); // the gate says it
    }
    return replication::with_changes(source, target, changes);
}

Task<Sight<RolesSeen>> look_at_roles(Context* context) {
    const auto deadline = after(begin_patience);
    const auto source = co_await replication::read_roles(context->estate.server(Side::blue), deadline);
    const auto target = co_await replication::read_roles(context->estate.server(Side::green), deadline);
    const auto keep = context->estate.config().green.dsn.get("user").value_or("");
    Observation seen;
    // abort has to see what it made, whatever became of it.
    const auto stronger = context->progress().removing ? std::map<std::string, std::string>{}
                                                       : replication::stronger_roles(source, target, keep);
    if (!stronger.empty()) {
        const auto& [name, why] = *stronger.begin();
        seen.state = State::conflict;
        seen.refusal = true;
        seen.side = "green";
        seen.evidence = "role " + name + " of blue " + why +
                        " (there: on green; here: on blue). Whoever has it on blue would become more";
        seen.hint = "on green or on blue, give the two roles different names, or the same rights: \\du " +
                    name + " in psql on both sides shows them; then pgteal prepare";
        co_return seen;
    }
    const auto wanted = migrated(context) ? with_logins(source, target, keep) : source;
    RolesSeen roles{replication::plan_roles(wanted, target, keep), source.roles.size(), {}};
    const auto granted =
        co_await replication::read_shared_grants(context->estate.server(Side::blue), deadline);
    const auto there =
        co_await replication::read_shared_grants(context->estate.server(Side::green), deadline);
    for (auto& grant : replication::plan_shared_grants(granted, there)) {
        roles.plan.statements.push_back(std::move(grant));
    }
    const auto oids = co_await context->estate.server(Side::green)
                          .exec("", "SELECT rolname::text, oid::int8 FROM pg_catalog.pg_roles", {}, deadline);
    for (int i = 0; i < oids.rows(); ++i) {
        const auto name = oids.get<std::string>(i, 0);
        if (std::any_of(source.roles.begin(), source.roles.end(),
                        [&name](const auto& one) { return one.name == name; })) {
            roles.on_both[name] = oids.get<std::int64_t>(i, 1);
        }
    }
    seen.state = roles.plan.statements.empty() ? State::done : State::absent;
    seen.summary = std::to_string(roles.total) + " roles";
    co_return Sight<RolesSeen>(std::move(seen), std::move(roles));
}

Actions todo_of_roles(Context* context, const RolesSeen& roles) {
    for (const auto& [name, binding] : roles.plan.secrets) {
        context->executor.set(name, binding.value, true);
    }
    std::vector<Action> actions;
    for (const auto& statement : roles.plan.statements) {
        auto action = sql(Side::green, statement);
        std::get<Sql>(action.what).again = "pgteal prepare";
        actions.push_back(std::move(action));
    }
    if (!roles.plan.created.empty()) {
        std::string names;
        for (const auto& name : roles.plan.created) {
            names += (names.empty() ? "" : ", ") + postgres::quote_literal_in_body(name);
        }
        Sql record;
        record.side = Side::green;
        record.statement = {"",
                            "SELECT pg_catalog.json_object_agg(rolname, oid::int8) FROM pg_catalog.pg_roles "
                            "WHERE rolname IN (" +
                                names + ")",
                            {}};
        record.remember = facts::roles_made.of(Side::green);
        actions.push_back({std::move(record), 0});
    }
    return actions;
}

/// Roles of blue that green did not have when the run began, and that are still the ones that were made then.
Actions undo_roles(Context* context, const RolesSeen& roles) {
    const auto& journal = context->journal;
    const auto before = journal.recall(facts::roles_before);
    if (!before || journal.recall(facts::keep_green).value_or(false)) {
        return {};
    }
    const auto made = journal.recall(facts::roles_made, facts::roles_made.of(Side::green))
                          .value_or(facts::ByName<std::int64_t>{});
    const bool recorded_all = context->progress().step(StepId::roles).done;
    std::vector<std::string> ours;
    for (const auto& [name, oid] : roles.on_both) {
        const auto known = made.find(name);
        // Without its number a crash came between the role and the record of it, or it is somebody else's.
        if (!before->contains(name) && (known == made.end() ? !recorded_all : known->second == oid)) {
            ours.push_back(name);
        }
    }
    return ours.empty() ? std::vector<Action>{}
                        : std::vector<Action>{sql(Side::green, replication::drop_roles(ours))};
}

} // namespace

void walk_check(Step& step, Context& context, Move) {
    step.walk([c = &context] { return look_at_check(c); }, nothing, nothing);
}

void walk_claim(Step& step, Context& context, Move) {
    step.walk([c = &context] { return look_at_claim(c); }, [c = &context] { return todo_of_claim(c); },
              [c = &context] { return undo_claim(c); });
}

void walk_freeze(Step& step, Context& context, Move) {
    step.walk([c = &context] { return look_at_freeze(c); },
              [c = &context] { return freeze_actions(c, true); },
              [c = &context] { return freeze_actions(c, false); });
}

void walk_roles(Step& step, Context& context, Move) {
    step.walk<RolesSeen>({.look = [c = &context] { return look_at_roles(c); },
                          .todo = [c = &context](const RolesSeen& seen) { return todo_of_roles(c, seen); },
                          .back = [c = &context](const RolesSeen& seen) { return undo_roles(c, seen); },
                          .expected = {}});
}

} // namespace pgteal::cutover
