// Which lock each subcommand takes: PostgreSQL, tablecmds.c, AlterTableGetLockLevel().
#include <algorithm>
#include <map>
#include <string>

#include "migration/lint/judges/alter.hpp"
#include "migration/lint/world/sql_text.hpp"
#include "migration/lint/world/table_parts.hpp"

namespace pgteal::migration::lint {

namespace {

/// Rewrites whatever the columns hold.
void judge_storage(const Alter& alter) {
    const auto subtype = alter.subtype();
    const auto* table = alter.world().table(alter.table);
    if (table != nullptr && !table->now.persistence.empty() &&
        ((subtype == "AT_SetLogged" && table->now.persistence == "p") ||
         (subtype == "AT_SetUnLogged" && table->now.persistence == "u"))) {
        alter.lock_exclusively();
        return;
    }
    if (subtype == "AT_SetTableSpace" && table != nullptr && table->now.tablespace == alter.name()) {
        alter.judge.lock(alter.table, Lock::access_exclusive); // it is there already
        return;
    }
    if (subtype == "AT_SetTableSpace" && table != nullptr && table->now.kind == "p") {
        alter.judge.lock(alter.table, Lock::access_exclusive); // only for partitions to come
        return;
    }
    if (subtype == "AT_SetUnLogged" && table != nullptr && !table->now.referenced_by.empty()) {
        alter.lock_exclusively();
        auto saying = alter.saying("set-unlogged-referenced");
        saying.more = "Here: " + table->now.referenced_by.front() + ".";
        saying.fix = "Leave it logged.";
        alter.judge.say(saying);
        return;
    }
    if (subtype == "AT_SetAccessMethod" && alter.name() == "heap") {
        // Nearly every table is one; then nothing happens.
        alter.lock_exclusively();
        return;
    }
    alter.judge.lock(alter.table, Lock::access_exclusive, true, true);
    auto saying = alter.saying("rewrite-table", true, true);
    saying.fix = subtype == "AT_SetTableSpace"
                     ? "Move it with pg_repack, or make it there on green before the copy."
                     : "Make the table anew beside it, copy in batches, and swap; or do it on green.";
    alter.judge.say(saying);
}

/// Partitions and children get the lock as well (ATSimpleRecursion and the like), or not.
bool recurses(std::string_view subtype) {
    static const std::map<std::string_view, bool> known{
        {"AT_ColumnDefault", true},    {"AT_SetStatistics", true},     {"AT_SetStorage", true},
        {"AT_SetCompression", true},   {"AT_DropNotNull", true},       {"AT_SetNotNull", true},
        {"AT_DropExpression", true},   {"AT_EnableTrig", true},        {"AT_DisableTrig", true},
        {"AT_EnableAlwaysTrig", true}, {"AT_EnableReplicaTrig", true}, {"AT_EnableTrigAll", true},
        {"AT_DisableTrigAll", true},   {"AT_EnableTrigUser", true},    {"AT_DisableTrigUser", true},
    };
    return known.contains(subtype);
}

/// Those that take less than ACCESS EXCLUSIVE.
Lock lock_of(const Node& command) {
    const auto subtype = command.text("subtype");
    if (subtype.find("Trig") != std::string_view::npos) {
        return Lock::share_row_exclusive;
    }
    static const std::map<std::string_view, Lock> weaker{
        {"AT_SetStatistics", Lock::share_update_exclusive}, {"AT_ClusterOn", Lock::share_update_exclusive},
        {"AT_DropCluster", Lock::share_update_exclusive},   {"AT_SetOptions", Lock::share_update_exclusive},
        {"AT_ResetOptions", Lock::share_update_exclusive},
    };
    if (const auto found = weaker.find(subtype); found != weaker.end()) {
        return found->second;
    }
    if (subtype == "AT_SetRelOptions" || subtype == "AT_ResetRelOptions") {
        // Storage parameters say themselves which lock they need (reloptions.c): only this one wants more.
        return option_on(command["def"].list("items"), "user_catalog_table") ? Lock::access_exclusive
                                                                             : Lock::share_update_exclusive;
    }
    return Lock::access_exclusive;
}

void judge_inherit(const Alter& alter) {
    alter.lock_exclusively();
    alter.judge.lock(alter.world().name_of(alter.command["def"]),
                     alter.subtype() == "AT_AddInherit" ? Lock::share_update_exclusive : Lock::access_share);
}

void judge_drop_not_null(const Alter& alter) {
    alter.lock_exclusively();
    const auto* column = alter.world().column(alter.table, alter.name());
    const bool was_null = column != nullptr && !column->not_null;
    if (!was_null && !alter.world().is_new_column(alter.table, alter.name())) {
        auto saying = alter.saying("drop-not-null");
        saying.fix = "Do it in the contract phase, when all code that runs takes NULL.";
        alter.judge.say(saying);
    }
}

void judge_default_identity(const Alter& alter) { alter.lock(lock_of(alter.command)); }

/// What libpg_query of PostgreSQL 15 reads as ALTER TABLE. A newer one reads more, which nothing here knows:
/// SET EXPRESSION (17) rewrites the table.
bool is_known(std::string_view subtype) {
    constexpr std::string_view known =
        " AddColumn ColumnDefault DropNotNull SetNotNull DropExpression SetStatistics SetOptions "
        "ResetOptions SetStorage SetCompression DropColumn AddConstraint AlterConstraint "
        "ValidateConstraint DropConstraint AlterColumnType AlterColumnGenericOptions ChangeOwner "
        "ClusterOn DropCluster SetLogged SetUnLogged DropOids SetAccessMethod SetTableSpace "
        "SetRelOptions ResetRelOptions EnableTrig EnableAlwaysTrig EnableReplicaTrig DisableTrig "
        "EnableTrigAll DisableTrigAll EnableTrigUser DisableTrigUser EnableRule EnableAlwaysRule "
        "EnableReplicaRule DisableRule AddInherit DropInherit AddOf DropOf ReplicaIdentity "
        "EnableRowSecurity DisableRowSecurity ForceRowSecurity NoForceRowSecurity GenericOptions "
        "AttachPartition DetachPartition DetachPartitionFinalize AddIdentity SetIdentity "
        "DropIdentity ";
    const auto name = subtype.substr(std::min<std::size_t>(subtype.size(), 3)); // AT_
    return known.find(" " + std::string(name) + " ") != std::string_view::npos;
}

using Handler = void (*)(const Alter&);

Handler handler_of(std::string_view subtype) {
    static const std::map<std::string_view, Handler> handlers{
        {"AT_AddColumn", judge_add_column},
        {"AT_DropColumn", judge_drop_column},
        {"AT_SetNotNull", judge_set_not_null},
        {"AT_DropNotNull", judge_drop_not_null},
        {"AT_AlterColumnType", judge_change_type},
        {"AT_AddConstraint", judge_add_constraint},
        {"AT_DropConstraint", judge_drop_constraint},
        {"AT_ValidateConstraint", judge_validate},
        {"AT_AttachPartition", judge_attach},
        {"AT_DetachPartition", judge_detach},
        {"AT_SetLogged", judge_storage},
        {"AT_SetUnLogged", judge_storage},
        {"AT_SetTableSpace", judge_storage},
        {"AT_SetAccessMethod", judge_storage},
        {"AT_AddInherit", judge_inherit},
        {"AT_DropInherit", judge_inherit},
    };
    const auto found = handlers.find(subtype);
    return found != handlers.end() ? found->second : judge_default_identity;
}

/// Locks of an index count as its table's: every query on the table opens its indexes.
void judge_alter_index(Judge& judge, const Node& node, const std::string& name, const Index* index) {
    for (const auto& command : node.list("cmds")) {
        const auto subtype = command.text("subtype");
        if (subtype == "AT_AttachPartition" && index != nullptr) {
            const auto* part = judge.world().index(judge.world().name_of(command["def"]["name"]));
            judge.lock(index->table, Lock::access_share);
            judge.lock(part != nullptr ? part->table : "", Lock::access_exclusive);
        } else if (subtype == "AT_SetTableSpace" && index != nullptr &&
                   index->now.tablespace == command.text("name")) {
            judge.lock(index->table, Lock::access_exclusive);
        } else if (subtype == "AT_SetTableSpace") {
            Saying saying;
            saying.rule = "move-index";
            saying.relation = index != nullptr ? index->table : "";
            saying.lock = Lock::access_exclusive;
            saying.scan = true;
            saying.at = node["relation"].location();
            saying.fix = "REINDEX (TABLESPACE " + ident(command.text("name")) + ") INDEX CONCURRENTLY " +
                         qualified(name) + ";  -- 14 and later, a file of its own";
            judge.lock(saying.relation, Lock::access_exclusive, false, true);
            judge.say(saying);
        }
    }
}

/// ALTER TYPE of a composite type.
void judge_alter_composite(Judge& judge, const Node& node) {
    const auto name = judge.world().name_of(node["relation"]);
    const auto* type = judge.world().type(name);
    if (type == nullptr || type->used_by.empty()) {
        return;
    }
    for (const auto& command : node.list("cmds")) {
        if (command.text("subtype") == "AT_AlterColumnType") {
            judge.advise("composite-in-use", "Make a new type, and columns of it beside the old ones.",
                         "It is used by " + type->used_by.front() + ".");
        }
    }
}

/// The tree knows no place for many subcommands: look for the name it works on.
std::size_t place_of(const Node& command, const std::string& text, std::size_t from) {
    if (command["def"].has("location")) {
        return command["def"].location();
    }
    const auto name = command.text("name");
    const auto found = name.empty() ? std::string::npos : find_word(text, name, from);
    return found == std::string::npos ? from : found;
}

} // namespace

std::string Alter::alter() const { return "ALTER TABLE " + qualified(table) + " "; }

Saying Alter::saying(std::string_view rule, bool rewrite, bool scan) const {
    Saying saying;
    saying.rule = rule;
    saying.relation = table;
    saying.lock = Lock::access_exclusive;
    saying.rewrite = rewrite;
    saying.scan = scan || rewrite;
    saying.at = at;
    return saying;
}

void Alter::lock(Lock lock, bool rewrite, bool scan) const {
    // Objects other than tables that ALTER TABLE's statement serves have no entry of their own.
    const bool tree = recurse && (handler_of(subtype()) != judge_default_identity || recurses(subtype()));
    if (tree) {
        judge.lock_tree(table, lock, rewrite, scan || rewrite);
    } else {
        judge.lock(table, lock, rewrite, scan || rewrite);
    }
}

void judge_alter_table(Judge& judge) {
    const auto& node = judge.view().node;
    if (!node.is("AlterTableStmt")) {
        return;
    }
    const auto kind = node.text("objtype");
    const auto relation = judge.world().name_of(node["relation"]);
    const auto* index = judge.world().index(relation);
    if (kind == "OBJECT_INDEX" || (index != nullptr && judge.world().table(relation) == nullptr)) {
        judge_alter_index(judge, node, relation, index);
        return;
    }
    if (kind == "OBJECT_TYPE") {
        judge_alter_composite(judge, node);
        return;
    }
    if (kind != "OBJECT_TABLE" && kind != "OBJECT_VIEW" && kind != "OBJECT_MATVIEW" &&
        kind != "OBJECT_FOREIGN_TABLE") {
        return; // a sequence, a composite type
    }
    const auto* known = judge.world().table(relation);
    if (node.flag("missing_ok") && known == nullptr && !judge.world().offline()) {
        return;
    }
    std::size_t place = node["relation"].location() + bare_name(relation).size();
    for (const auto& command : node.list("cmds")) {
        place = place_of(command, judge.text(), place);
        if (kind == "OBJECT_VIEW") {
            // Options of a view take no less (reloptions.c: security_barrier and its like).
            judge.lock(relation, Lock::access_exclusive);
            continue;
        }
        const Alter alter{judge, command, relation, node["relation"].flag("inh"), place};
        if (!is_known(command.text("subtype"))) {
            judge.not_analysed("it has a part that is newer than what lint knows");
        }
        handler_of(command.text("subtype"))(alter);
    }
}

} // namespace pgteal::migration::lint
