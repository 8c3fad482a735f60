#include "cutover/actions/action.hpp"

#include "replication/sequence/sequence_ahead.hpp"
#include "replication/sequence/sequences.hpp"

namespace pgteal::cutover {

namespace {

std::string place(Side side, const std::string& database) {
    return database.empty() ? to_string(side) : to_string(side) + "/" + database;
}

std::string targets_text(const std::map<std::string, pooler::Target>& targets) {
    std::string text;
    for (const auto& [entry, target] : targets) {
        text += (text.empty() ? "" : ", ") + entry + " -> host=" + target.host + " port=" + target.port +
                " dbname=" + target.database;
    }
    return text;
}

struct Describer {
    Description operator()(const Sql& a) const {
        return {place(a.side, a.statement.database) + (a.walsender ? " (walsender)" : ""),
                a.statement.text.display()};
    }
    Description operator()(const PoolerCommand& a) const {
        switch (a.kind) {
        case PoolerCommand::Kind::pause:
            return {a.pooler, "PAUSE " + a.entry};
        case PoolerCommand::Kind::resume:
            return {a.pooler, "RESUME " + a.entry};
        case PoolerCommand::Kind::raise_shield:
            return {a.pooler, "PAUSE (all, not waited for)"};
        case PoolerCommand::Kind::lower_shield:
            return {a.pooler, "RESUME (all)"};
        case PoolerCommand::Kind::reload:
            return {a.pooler, "RELOAD"};
        case PoolerCommand::Kind::settle:
            return {a.pooler, "SET server_login_retry as before"};
        }
        return {};
    }
    Description operator()(const StageConfig& a) const {
        return {a.pooler, "write beside " + a.path + ": " + targets_text(a.targets)};
    }
    Description operator()(const InstallConfig& a) const {
        return {a.pooler, "rename into " + a.path + ": " + targets_text(a.targets)};
    }
    Description operator()(const VerifyPooler& a) const {
        return {a.pooler, "SHOW DATABASES must say: " + targets_text(a.targets)};
    }
    Description operator()(const RunProgram& a) const {
        return {place(a.side, a.database), postgres::to_string(a.program)};
    }
    Description operator()(const RemoveFiles& a) const {
        std::string text = "remove";
        for (const auto& path : a.paths) {
            text += " " + path;
        }
        return {"controller", text};
    }
    Description operator()(const CopyLane& a) const {
        std::string text = "under snapshot :'snapshot_" + a.lane.object() + "'" +
                           (a.truncate_first ? ", target emptied first" : "") +
                           "; each table noted in pgteal.copied";
        for (const auto& table : a.tables) {
            text += "\nCOPY " + table.qualified() + " TO STDOUT, on the other side COPY " +
                    table.qualified() + " FROM STDIN";
        }
        return {place(a.from, a.lane.database), text};
    }
    Description operator()(const ApplyMigrations& a) const {
        if (!a.command.empty()) {
            return {place(Side::green, a.database),
                    "in " + a.folder + ", with PGTEAL_DSN and PG… set: " +
                        postgres::to_string(postgres::Program{a.command, {}})};
        }
        std::string text =
            "take over the history of migrations; set sequences " + std::to_string(replication::least_ahead) +
            " values or more beyond blue's, those that no migration uses back at the end; apply from " +
            a.folder + ", each noted in pgteal.migrated:";
        for (const auto& script : a.scripts) {
            text += " " + script;
        }
        return {place(Side::green, a.database), text};
    }
    Description operator()(const CarrySequences& a) const {
        return {place(other(a.from), a.database),
                "read sequences on both sides, match them by name and by the column that they feed, then " +
                    replication::set_sequences(a.database).text.display()};
    }
    Description operator()(const CompareData& a) const {
        return {"both/" + a.database, "compare content, serving side " + to_string(a.serving)};
    }
    Description operator()(const RecordSwitch& a) const {
        return {"controller",
                "journal: epoch " + std::to_string(a.epoch) + ", " + to_string(a.to) + " serves"};
    }
    Description operator()(const ProbeEntry& a) const {
        return {a.pooler,
                "log in through " + a.entry + " and write; the server must be " + to_string(a.expected)};
    }
};

} // namespace

Description describe(const Action& action) { return std::visit(Describer{}, action.what); }

std::vector<Description> describe(const std::vector<Action>& actions) {
    std::vector<Description> texts;
    texts.reserve(actions.size());
    for (const auto& action : actions) {
        texts.push_back(describe(action));
    }
    return texts;
}

std::string place_of(const Action& action) { return describe(action).where; }

std::string queue_of(const Action& action) {
    const auto* command = std::get_if<PoolerCommand>(&action.what);
    return command != nullptr && command->kind == PoolerCommand::Kind::pause
               ? command->pooler + " " + command->entry
               : place_of(action);
}

Action sql(Side side, postgres::Statement statement, int phase) {
    return Action{Sql{side, std::move(statement)}, phase};
}

} // namespace pgteal::cutover
