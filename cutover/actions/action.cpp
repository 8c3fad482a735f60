#include "cutover/actions/action.hpp"

#include "replication/sequence/sequence_ahead.hpp"
#include "replication/sequence/sequences.hpp"

namespace pgteal::cutover {

Place place_of_pooler(const std::string& name) { return {Place::Kind::pooler, {}, name}; }

namespace {

Place in_database(Side side, const std::string& name) { return {Place::Kind::database, side, name}; }

struct Placer {
    Place operator()(const Sql& a) const {
        return {a.walsender ? Place::Kind::walsender : Place::Kind::database, a.side, a.statement.database};
    }
    Place operator()(const PoolerCommand& a) const { return place_of_pooler(a.pooler); }
    Place operator()(const StageConfig& a) const { return place_of_pooler(a.pooler); }
    Place operator()(const InstallConfig& a) const { return place_of_pooler(a.pooler); }
    Place operator()(const VerifyPooler& a) const { return place_of_pooler(a.pooler); }
    Place operator()(const ProbeEntry& a) const { return place_of_pooler(a.pooler); }
    Place operator()(const RunProgram& a) const { return in_database(a.side, a.database); }
    Place operator()(const CopyLane& a) const { return in_database(a.from, a.lane.database); }
    Place operator()(const ApplyMigrations& a) const { return in_database(Side::green, a.database); }
    Place operator()(const CarrySequences& a) const { return in_database(other(a.from), a.database); }
    Place operator()(const CompareData& a) const { return {Place::Kind::both_sides, {}, a.database}; }
    Place operator()(const RemoveFiles&) const { return {}; }
    Place operator()(const RecordSwitch&) const { return {}; }
};

std::string targets_text(const std::map<std::string, pooler::Target>& targets) {
    std::string text;
    for (const auto& [entry, target] : targets) {
        text += (text.empty() ? "" : ", ") + entry + " -> host=" + target.host + " port=" + target.port +
                " dbname=" + target.database;
    }
    return text;
}

struct Describer {
    std::string operator()(const Sql& a) const { return a.statement.text.display(); }
    std::string operator()(const PoolerCommand& a) const {
        switch (a.kind) {
        case PoolerCommand::Kind::pause:
            return "PAUSE " + a.entry;
        case PoolerCommand::Kind::resume:
            return "RESUME " + a.entry;
        case PoolerCommand::Kind::raise_shield:
            return "PAUSE (all, not waited for)";
        case PoolerCommand::Kind::lower_shield:
            return "RESUME (all)";
        case PoolerCommand::Kind::reload:
            return "RELOAD";
        case PoolerCommand::Kind::settle:
            return "SET server_login_retry as before";
        }
        return {};
    }
    std::string operator()(const StageConfig& a) const {
        return "write beside " + a.path + ": " + targets_text(a.targets);
    }
    std::string operator()(const InstallConfig& a) const {
        return "rename into " + a.path + ": " + targets_text(a.targets);
    }
    std::string operator()(const VerifyPooler& a) const {
        return "SHOW DATABASES must say: " + targets_text(a.targets);
    }
    std::string operator()(const RunProgram& a) const { return postgres::to_string(a.program); }
    std::string operator()(const RemoveFiles& a) const {
        std::string text = "remove";
        for (const auto& path : a.paths) {
            text += " " + path;
        }
        return text;
    }
    std::string operator()(const CopyLane& a) const {
        std::string text = "under snapshot :'snapshot_" + a.lane.object() + "'" +
                           (a.truncate_first ? ", target emptied first" : "") +
                           "; each table noted in pgteal.copied";
        for (const auto& table : a.tables) {
            text += "\nCOPY " + table.qualified() + " TO STDOUT, on the other side COPY " +
                    table.qualified() + " FROM STDIN";
        }
        return text;
    }
    std::string operator()(const ApplyMigrations& a) const {
        if (!a.command.empty()) {
            return "in " + a.folder +
                   ", with PGTEAL_DSN and PG… set: " + postgres::to_string(postgres::Program{a.command, {}});
        }
        std::string text =
            "take over the history of migrations; set sequences " + std::to_string(replication::least_ahead) +
            " values or more beyond blue's, those that no migration uses back at the end; apply from " +
            a.folder + ", each noted in pgteal.migrated:";
        for (const auto& script : a.scripts) {
            text += " " + script;
        }
        return text;
    }
    std::string operator()(const CarrySequences& a) const {
        return "read sequences on both sides, match them by name and by the column that they feed, then " +
               replication::set_sequences(a.database).text.display();
    }
    std::string operator()(const CompareData& a) const {
        return "compare content, serving side " + to_string(a.serving);
    }
    std::string operator()(const RecordSwitch& a) const {
        return "journal: epoch " + std::to_string(a.epoch) + ", " + to_string(a.to) + " serves";
    }
    std::string operator()(const ProbeEntry& a) const {
        return "log in through " + a.entry + " and write; the server must be " + to_string(a.expected);
    }
};

} // namespace

Place place_of(const Action& action) { return std::visit(Placer{}, action.what); }

std::string to_string(const Place& place) {
    switch (place.kind) {
    case Place::Kind::database:
        return place.name.empty() ? to_string(place.side) : to_string(place.side) + "/" + place.name;
    case Place::Kind::walsender:
        return to_string(place.side) + "/" + place.name + " (walsender)";
    case Place::Kind::both_sides:
        return "both/" + place.name;
    case Place::Kind::pooler:
        return place.name;
    case Place::Kind::controller:
        return "controller";
    }
    return {};
}

Description describe(const Action& action) {
    return {to_string(place_of(action)), std::visit(Describer{}, action.what)};
}

std::vector<Description> describe(const std::vector<Action>& actions) {
    std::vector<Description> texts;
    texts.reserve(actions.size());
    for (const auto& action : actions) {
        texts.push_back(describe(action));
    }
    return texts;
}

Queue queue_of(const Action& action) {
    const auto* command = std::get_if<PoolerCommand>(&action.what);
    const bool alone = command != nullptr && command->kind == PoolerCommand::Kind::pause;
    return {place_of(action), alone ? command->entry : std::string()};
}

Action sql(Side side, postgres::Statement statement, int phase) {
    return Action{Sql{side, std::move(statement)}, phase};
}

} // namespace pgteal::cutover
