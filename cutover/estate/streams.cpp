#include "cutover/estate/streams.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "replication/lane/partitions.hpp"

namespace pgteal::cutover {

namespace {

using StreamLevel = replication::compat::Level;
using replication::compat::Reason;
using replication::compat::Schema;
using replication::compat::TableVerdict;

Task<Schema> schema_of(postgres::Server* server, std::string database, Deadline deadline) {
    auto session = co_await server->session(std::move(database), deadline);
    auto schema = co_await replication::compat::read_schema(*session, deadline);
    co_return schema;
}

void forget(Schema* schema, const std::string& table) {
    schema->tables.erase(table);
    for (auto& [name, publication] : schema->publications) {
        publication.tables.erase(table);
    }
    for (auto& [name, subscription] : schema->subscriptions) {
        subscription.tables.erase(table);
    }
}

StreamVerdict verdict_of(Estate* estate, const std::string& database, Side publisher, const Schema& from,
                         const Schema& to) {
    auto lanes = estate->lanes(publisher, database);
    const auto direction = replication::compat::direction_of(from, to, lanes);
    return {database, publisher, replication::compat::judge(from, to, direction)};
}

Task<StreamVerdicts> read_database(Estate* estate, std::string database, Side publisher, Deadline deadline) {
    std::vector<Task<Schema>> reads;
    reads.push_back(schema_of(&estate->server(publisher), database, deadline));
    reads.push_back(schema_of(&estate->server(other(publisher)), database, deadline));
    auto both = co_await all(std::move(reads));
    const auto born = co_await replication::born_partitions(estate->server(publisher), database, deadline);
    for (const auto& name : born) {
        if (both[0].table(name) == nullptr || both[1].table(name) == nullptr) {
            forget(&both[0], name); // on its way
            forget(&both[1], name);
        }
    }
    StreamVerdicts verdicts;
    verdicts.along = verdict_of(estate, database, publisher, both[0], both[1]);
    verdicts.back = verdict_of(estate, database, other(publisher), both[1], both[0]);
    co_return verdicts;
}

/// What people are told of: not that a column list is at work.
bool worth_saying(const Reason& reason) { return reason.level != StreamLevel::info; }

std::string line_of(const StreamVerdict& verdict, const TableVerdict& table, const Reason& reason) {
    return fmt::format("  {:<9} {}: {}", to_string(reason.level), verdict.database, sentence(table, reason));
}

} // namespace

Task<std::vector<StreamVerdicts>> read_streams(Estate* estate, Side publisher, Deadline deadline) {
    std::vector<Task<StreamVerdicts>> reads;
    for (const auto& database : estate->config().databases) {
        reads.push_back(read_database(estate, database.name, publisher, deadline));
    }
    auto verdicts = co_await all(std::move(reads));
    co_return verdicts;
}

std::optional<BrokenStream> broken(const StreamVerdict& verdict) {
    for (const auto& table : verdict.tables) {
        if (table.level == StreamLevel::error) {
            const auto& reason = table.reasons.front();
            const auto from = to_string(verdict.publisher);
            const auto others =
                std::ranges::count_if(verdict.tables,
                                      [](const auto& one) { return one.level == StreamLevel::error; }) -
                1;
            return BrokenStream{fmt::format("{} > {}, database {}: {}{}", from,
                                            to_string(other(verdict.publisher)), verdict.database,
                                            sentence(table, reason),
                                            others == 0 ? "" : fmt::format(" (and {} more)", others)),
                                reason.remedy};
        }
    }
    return std::nullopt;
}

std::vector<BrokenStream> all_broken(const StreamVerdicts& streams) {
    const auto& verdict = streams.along;
    std::vector<BrokenStream> found;
    for (const auto& table : verdict.tables) {
        for (const auto& reason : table.reasons) {
            if (reason.level == StreamLevel::error) {
                found.push_back({fmt::format("{} > {}, database {}: {}", to_string(verdict.publisher),
                                             to_string(other(verdict.publisher)), verdict.database,
                                             sentence(table, reason)),
                                 reason.remedy});
            }
        }
    }
    return found;
}

BrokenStream in_words(const std::vector<BrokenStream>& several) {
    if (several.size() == 1) {
        return several.front();
    }
    BrokenStream all;
    all.message = fmt::format("{} changes of the schema would stop or break the lanes:", several.size());
    for (const auto& one : several) {
        all.message += "\n              " + one.message;
        all.message += one.remedy.empty() ? "" : "\n                " + one.remedy;
    }
    all.remedy = "mend each of them in the migrations";
    return all;
}

bool SwitchBack::holds() const {
    return std::ranges::none_of(databases, [](const auto& one) { return broken(one).has_value(); });
}

Task<SwitchBack> read_switch_back(Estate* estate, Deadline deadline) {
    auto streams = co_await read_streams(estate, Side::green, deadline);
    SwitchBack back;
    for (auto& one : streams) {
        back.databases.push_back(std::move(one.along));
    }
    co_return back;
}

boost::json::object to_json(const SwitchBack& back) {
    boost::json::array tables;
    for (const auto& database : back.databases) {
        for (const auto& table : database.tables) {
            for (const auto& reason : table.reasons) {
                if (!worth_saying(reason)) {
                    continue;
                }
                boost::json::object one;
                one["database"] = database.database;
                one["table"] = table.table;
                one["level"] = to_string(reason.level);
                one["outcome"] = to_string(reason.outcome);
                one["object"] = reason.object;
                one["when"] = reason.when;
                one["why"] = reason.why;
                one["remedy"] = reason.remedy;
                tables.push_back(std::move(one));
            }
        }
    }
    boost::json::object document;
    document["holds"] = back.holds();
    document["tables"] = std::move(tables);
    return document;
}

std::string to_text(const SwitchBack& back, std::size_t most) {
    std::string text;
    std::size_t said = 0;
    for (const auto& database : back.databases) {
        for (const auto& table : database.tables) {
            if (!worth_saying(table.reasons.front())) {
                continue;
            }
            if (++said <= most) {
                text += line_of(database, table, table.reasons.front()) + "\n";
                if (!table.reasons.front().remedy.empty()) {
                    text += fmt::format("  {:<9} {}\n", "", table.reasons.front().remedy);
                }
            }
        }
    }
    if (said > most) {
        text += fmt::format("  … and {} more: pgteal --json status names all\n", said - most);
    }
    if (text.empty()) {
        return text;
    }
    return std::string(back.holds() ? "After a cutover switch-back would hold, but for this:"
                                    : "After a cutover switch-back would NOT hold:") +
           "\n" + text;
}

std::string prepared_text(const std::vector<StreamVerdicts>& from_blue) {
    std::string text;
    SwitchBack back;
    for (const auto& one : from_blue) {
        back.databases.push_back(one.back);
        for (const auto& table : one.along.tables) {
            for (const auto& reason : table.reasons) {
                text += worth_saying(reason) ? line_of(one.along, table, reason) + "\n" : "";
            }
        }
    }
    if (!text.empty()) {
        text = "Until the cutover, while blue serves:\n" + text;
    }
    return text + to_text(back);
}

std::string warnings_of(const std::vector<StreamVerdict>& verdicts) {
    std::size_t tables = 0;
    for (const auto& verdict : verdicts) {
        tables += static_cast<std::size_t>(std::ranges::count_if(
            verdict.tables, [](const auto& one) { return one.level == StreamLevel::warning; }));
    }
    return tables == 0 ? "" : fmt::format("{} {} with warnings", tables, tables == 1 ? "table" : "tables");
}

} // namespace pgteal::cutover
