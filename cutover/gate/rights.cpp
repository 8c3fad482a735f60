#include "cutover/gate/rights.hpp"

#include <algorithm>

#include "cutover/gate/comments.hpp"
#include "cutover/gate/role_digests.hpp"
#include "postgres/quote.hpp"
#include "replication/clone/privileges.hpp"
#include "replication/clone/roles.hpp"
#include "replication/clone/roles_power.hpp"

namespace pgteal::cutover {

namespace {

using replication::PrivilegeMap;
enum Phase { roles_first, then_grants, roles_last };

std::string text_at(const boost::json::object& object, const std::string& key) {
    const auto* value = object.if_contains(key);
    return value == nullptr ? std::string() : std::string(value->as_string());
}

boost::json::object recorded(const Journal& journal, Side side) {
    return journal.recall(facts::rights, facts::rights.of(side)).value_or(boost::json::object{});
}

boost::json::object recorded_roles(const boost::json::object& rights) {
    const auto* roles = rights.if_contains("roles");
    return roles == nullptr ? boost::json::object{} : roles->as_object();
}

const boost::json::object& recorded_of(const boost::json::object& rights, const std::string& database) {
    static const boost::json::object none{{"privileges", boost::json::array{}},
                                          {"comments", boost::json::object{}}};
    const auto* databases = rights.if_contains("databases");
    const auto* one = databases == nullptr ? nullptr : databases->as_object().if_contains(database);
    return one == nullptr ? none : one->as_object();
}

class Look {
public:
    Look(Context* context, Move move, RightsScope scope, boost::json::object base,
         boost::json::object base_to)
        : context_(context), move_(move), scope_(scope), base_(std::move(base)) {
        plan.to_then = std::move(base_to);
        again_ = move.epoch == 1          ? "pgteal prepare"
                 : move.to == Side::green ? "pgteal cutover"
                                          : "pgteal switch-back";
    }

    Task<void> roles(Deadline deadline) {
        auto& estate = context_->estate;
        const auto from = co_await replication::read_roles(estate.server(move_.from), deadline);
        const auto to = co_await replication::read_roles(estate.server(move_.to), deadline);
        const auto keep = estate.config().side(move_.to).dsn.get("user").value_or("");
        auto changed = changed_roles(context_->journal, move_.from, from);
        const auto held = replication::stronger_roles(from, to, keep, &changed);
        for (const auto& [name, why] : held) {
            plan.left_out.insert("role " + name + " " + why + ": it is left as it is");
            changed.erase(name);
        }
        const auto after = replication::with_changes(from, to, changed, &plan.left_out);
        const auto planned = replication::plan_roles(after, to, keep);
        plan.secrets = planned.secrets;
        for (const auto& statement : planned.statements) {
            add(statement, roles_first);
        }
        replication::Roles made;
        for (const auto& role : from.roles) {
            if (std::find(planned.created.begin(), planned.created.end(), role.name) !=
                planned.created.end()) {
                made.roles.push_back(role);
            }
        }
        for (const auto& statement :
             replication::plan_database_settings(made, estate.config().database_names())) {
            add(statement, roles_first);
        }
        record_made(planned.created);
        plan.roles += planned.differing + static_cast<int>(planned.created.size());
        auto& then = plan.to_then["roles"];
        auto& then_roles = then.is_object() ? then.as_object() : then.emplace_object();
        note_changes(&then_roles, changed, after);
        for (const auto& [name, change] : changed) {
            if (!planned.statements.empty()) {
                plan.coming.insert(name);
            }
        }
        auto now = role_digests(from);
        const auto was = recorded_roles(base_);
        for (const auto& role : to.roles) {
            roles_there_.insert(role.name);
            const bool dropped =
                was.contains(role.name) && !now.contains(role.name) && role.name != keep && !role.superuser;
            if (dropped && role.name != from.bootstrap) {
                co_await drop(role, deadline);
                then_roles.erase(role.name);
            }
        }
        roles_there_.insert(planned.created.begin(), planned.created.end());
        roles_there_.insert(to.bootstrap);
        co_await add_predefined(deadline);
        for (const auto& [name, why] : held) { // carried as soon as it may be
            const auto* known = was.if_contains(name);
            if (known == nullptr) {
                now.erase(name);
            } else {
                now[name] = *known;
            }
        }
        plan.from_now["roles"] = std::move(now);
    }

    Task<void> database(std::string name, Deadline deadline) {
        auto& estate = context_->estate;
        const auto& was = recorded_of(base_, name);
        const auto recorded_base = replication::privileges_from_json(was.at("privileges"));
        const auto from =
            co_await replication::read_privileges(estate.server(move_.from), name, {}, deadline);
        auto doubtful = doubtful_of(name);
        const auto base = replication::with_doubt(recorded_base, doubtful, from);
        auto tables = replication::tables_with_column_privileges(base);
        tables.merge(replication::tables_with_column_privileges(from));
        const auto to =
            co_await replication::read_privileges(estate.server(move_.to), name, std::move(tables), deadline);
        const auto version = (co_await estate.server(move_.to).identity(deadline)).version;
        auto base_to = replication::privileges_from_json(recorded_of(plan.to_then, name).at("privileges"));
        auto planned =
            replication::plan_privileges(name, base, from, to, std::move(base_to), roles_there_, version);
        for (std::size_t i = 0; i < planned.statements.size(); ++i) {
            const auto needs = planned.needs.find(i);
            add(planned.statements[i], then_grants, false,
                needs == planned.needs.end() ? std::string() : needs->second);
        }
        for (const auto& [grantor, grant] : planned.refused) {
            refuse(name, grantor, grant);
        }
        for (const auto& [target, touched] : planned.touched) {
            doubtful[target].entries.insert(touched.entries.begin(), touched.entries.end());
            doubtful[target].owner = touched.owner;
            doubtful[target].schema = touched.schema;
        }
        doubtful_[name] = replication::to_json(doubtful);
        plan.privileges += planned.changes;
        plan.of_database = plan.of_database || planned.of_database;
        plan.left_out.insert(planned.left_out.begin(), planned.left_out.end());
        auto now_comments = was.at("comments").as_object();
        auto then_comments = recorded_of(plan.to_then, name).at("comments").as_object();
        if (scope_.comments) {
            const auto here = co_await read_comments(&estate, move_.from, name, deadline);
            const auto there = co_await read_comments(&estate, move_.to, name, deadline);
            comments(name, now_comments, here, there, &then_comments);
            now_comments = comment_digests(here);
        }
        put(&plan.from_now, name, planned.source_base, std::move(now_comments));
        put(&plan.to_then, name, planned.target_base, std::move(then_comments));
    }

    /// What was granted would be missed there.
    void refuse(const std::string& database, const std::string& grantor, const std::string& grant) {
        const auto from = to_string(move_.from);
        const auto to = to_string(move_.to);
        const auto what = "role " + grantor + " granted on " + from + " what it may not grant on " + to +
                          ", where it has no grant option (database " + database + "): " + grant;
        if (scope_.spared) {
            plan.left_out.insert(what);
        } else {
            plan.refused.push_back(
                Refusal{to, what + ". Whoever needs it would lack it there; " + from + " serves as before",
                        "on " + to + ", in database " + database + ": BEGIN READ WRITE; " + grant +
                            "; COMMIT; or take it back on " + from + "; then run " + again_ + " again"});
        }
    }

    /// First of all what is about to be touched is written down: an attempt that breaks off leaves it open
    /// what of it was done.
    void note_doubt() {
        if (plan.privileges == 0) {
            return;
        }
        Sql note;
        note.side = move_.to;
        note.statement = {
            "", "SELECT " + postgres::quote_literal(boost::json::serialize(doubtful_)) + "::json", {}};
        note.remember = facts::rights_in_doubt.of(move_.to);
        plan.actions.insert(plan.actions.begin(), Action{std::move(note), roles_first});
    }

    RightsPlan plan;

private:
    PrivilegeMap doubtful_of(const std::string& database) const {
        const auto doubt =
            context_->journal.recall(facts::rights_in_doubt, facts::rights_in_doubt.of(move_.to));
        const auto* one = doubt ? doubt->if_contains(database) : nullptr;
        return one == nullptr ? PrivilegeMap() : replication::privileges_from_json(*one);
    }

    void add(postgres::Statement statement, Phase phase, bool spared = false, std::string lacking = {}) {
        Sql sql;
        sql.again = again_;
        sql.lacking = std::move(lacking);
        sql.side = move_.to;
        sql.statement = std::move(statement);
        sql.spared = spared || scope_.spared;
        // Somebody may hold the same row of a catalog. Going back doesn't wait for him.
        sql.limit = std::chrono::seconds(scope_.spared ? 1 : 15);
        plan.actions.push_back({std::move(sql), phase});
    }

    void record_made(const std::vector<std::string>& created) {
        if (created.empty()) {
            return;
        }
        std::string names;
        for (const auto& name : created) {
            names += (names.empty() ? "" : ", ") + postgres::quote_literal(name);
        }
        Sql record;
        record.side = move_.to;
        record.statement = {"",
                            "SELECT pg_catalog.json_object_agg(rolname, oid::int8) FROM pg_catalog.pg_roles "
                            "WHERE rolname IN (" +
                                names + ")",
                            {}};
        record.remember = facts::roles_made.of(move_.to);
        record.spared = scope_.spared;
        plan.actions.push_back({std::move(record), roles_first});
    }

    /// A login that was taken away is none on the other side either. Only what the run made is dropped.
    Task<void> drop(replication::Role role, Deadline deadline) {
        const auto made = context_->journal.recall(facts::roles_made, facts::roles_made.of(move_.to));
        bool ours = false;
        if (made && made->contains(role.name)) {
            const postgres::Params name{role.name};
            const auto oid = co_await context_->estate.server(move_.to).exec(
                "", "SELECT oid::int8 FROM pg_catalog.pg_roles WHERE rolname = $1", name, deadline);
            ours = !oid.empty() && made->at(role.name) == oid.get<std::int64_t>(0, 0);
        }
        if (role.login) {
            add({"", "ALTER ROLE " + postgres::quote_identifier(role.name) + " NOLOGIN", {}}, roles_last);
        }
        if (ours) {
            add(replication::drop_roles({role.name}), roles_last);
        }
        if (ours || role.login) {
            ++plan.roles;
        }
    }

    Task<void> add_predefined(Deadline deadline) {
        const auto rows = co_await context_->estate.server(move_.to).exec(
            "", "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname ~ '^pg_'", {}, deadline);
        for (int row = 0; row < rows.rows(); ++row) {
            roles_there_.insert(rows.get<std::string>(row, 0));
        }
    }

    void comments(const std::string& database, const boost::json::object& was, Comments here,
                  const Comments& there, boost::json::object* then) {
        for (const auto& [what, digest] : was) { // a view's column is in the list only as long as it has one
            here.try_emplace(std::string(what));
        }
        for (const auto& [what, text] : here) {
            const auto found = there.find(what);
            const bool known = found != there.end();
            const auto digest = text.empty() ? std::string() : digest_of(text);
            // Whether there is such a column of a view can't be told.
            const bool column = what.starts_with("COLUMN ") && !text.empty();
            if (digest == text_at(was, what) || (!known && !column) || (known && found->second == text)) {
                continue;
            }
            add({database,
                 "COMMENT ON " + what + " IS " +
                     (text.empty() ? postgres::SqlText("NULL") : postgres::hidden_literal("comment", text)),
                 {}},
                then_grants, !known);
            ++plan.comments;
            if (digest.empty()) {
                then->erase(what);
            } else {
                (*then)[what] = digest;
            }
        }
    }

    static void put(boost::json::object* rights, const std::string& database, const PrivilegeMap& privileges,
                    boost::json::object comments) {
        auto& databases = (*rights)["databases"];
        auto& all = databases.is_object() ? databases.as_object() : databases.emplace_object();
        all[database] = boost::json::object{{"privileges", replication::to_json(privileges)},
                                            {"comments", std::move(comments)}};
    }

    Context* context_;
    Move move_;
    RightsScope scope_;
    boost::json::object base_;
    std::set<std::string> roles_there_;
    boost::json::object doubtful_;
    std::string again_;
};

} // namespace

Task<RightsPlan> look_at_rights(Context* context, Move move, RightsScope scope, Deadline deadline) {
    Look look(context, move, scope, recorded(context->journal, move.from),
              recorded(context->journal, move.to));
    co_await look.roles(deadline);
    for (const auto& database : context->estate.config().database_names()) {
        co_await look.database(database, deadline);
    }
    look.note_doubt();
    co_return std::move(look.plan);
}

Task<boost::json::object> read_rights(Context* context, Side side, Deadline deadline) {
    auto& estate = context->estate;
    const auto roles = co_await replication::read_roles(estate.server(side), deadline);
    boost::json::object rights;
    rights["roles"] = role_digests(roles);
    boost::json::object databases;
    for (const auto& name : estate.config().database_names()) {
        const auto privileges =
            co_await replication::read_privileges(estate.server(side), name, {}, deadline);
        const auto comments = co_await read_comments(&estate, side, name, deadline);
        databases[name] = boost::json::object{{"privileges", replication::to_json(privileges)},
                                              {"comments", comment_digests(comments)}};
    }
    rights["databases"] = std::move(databases);
    co_return rights;
}

replication::RoleChanges changed_roles(const Journal& journal, Side side, const replication::Roles& now) {
    const auto rights = recorded(journal, side);
    return rights.contains("roles") ? changes_since(recorded_roles(rights), now) : replication::RoleChanges();
}

void record_rights(Journal& journal, Side side, const boost::json::object& rights) {
    journal.remember(facts::rights, facts::rights.of(side), rights);
}

void record_carried_rights(Context* context) {
    auto& seen = context->executor.results().rights;
    for (const auto& [side, rights] : seen) {
        record_rights(context->journal, side, rights);
        context->journal.forget(facts::rights_in_doubt, facts::rights_in_doubt.of(side));
    }
    seen.clear();
}

} // namespace pgteal::cutover
