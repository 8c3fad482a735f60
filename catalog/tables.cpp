#include "catalog/tables.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>

#include "catalog/sql.hpp"
#include "postgres/quote.hpp"

namespace pgteal::replication {

namespace {

using Names = std::vector<std::string>;

std::vector<Column> columns_of(const postgres::Result& result, int row) {
    const auto names = result.get<Names>(row, "column_names");
    const auto types = result.get<Names>(row, "column_types");
    const auto generated = result.get<Names>(row, "column_generated");
    const auto in_key = result.get<Names>(row, "column_in_key");
    const auto spaces = result.get<Names>(row, "column_equality_schema");
    const auto operators = result.get<Names>(row, "column_equality");
    std::vector<Column> columns;
    columns.reserve(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        // An operator's name is not quoted: its characters are no letters.
        columns.push_back({names[i], types[i], generated[i] == "true", in_key[i] == "true",
                           spaces[i].empty() ? "="
                                             : "OPERATOR(" + postgres::quote_identifier(spaces[i]) + "." +
                                                   operators[i] + ")"});
    }
    return columns;
}

Table table_of(const postgres::Result& result, int row) {
    Table table;
    table.schema = result.get<std::string>(row, "schema");
    table.name = result.get<std::string>(row, "name");
    table.columns = columns_of(result, row);
    table.pages = result.get<std::int64_t>(row, "pages");
    table.toast = Bytes{result.get<std::int64_t>(row, "toast_bytes")};
    table.rows = result.get<double>(row, "rows");
    table.has_identity = result.get<bool>(row, "has_identity");
    table.identity_full = result.get<bool>(row, "identity_full");
    table.extension_config = result.get<bool>(row, "extension_config");
    table.relatives = result.get<Names>(row, "relatives");
    return table;
}

auto name_order(const Table& table) { return std::tie(table.schema, table.name); }

bool by_name(const Table& a, const Table& b) { return name_order(a) < name_order(b); }

bool by_size(const Table& a, const Table& b) {
    const auto left = a.size_with_toast();
    const auto right = b.size_with_toast();
    return left != right ? left > right : by_name(a, b);
}

/// Tables that share relatives, directly or through others, in the order of their first table.
std::vector<std::vector<Table>> clans_of(std::vector<Table> tables) {
    std::map<std::string, std::string> parent;
    const auto root = [&parent](std::string one) {
        while (parent.try_emplace(one, one).first->second != one) {
            one = parent[one];
        }
        return one;
    };
    for (const Table& table : tables) {
        for (const auto& relative : table.relatives) {
            parent[root(relative)] = root(table.relatives.front());
        }
    }
    std::vector<std::vector<Table>> clans;
    std::map<std::string, std::size_t> place;
    for (Table& table : tables) {
        const auto key = table.relatives.empty() ? table.display() : root(table.relatives.front());
        const auto [found, fresh] = place.try_emplace(key, clans.size());
        if (fresh) {
            clans.emplace_back();
        }
        clans[found->second].push_back(std::move(table));
    }
    return clans;
}

PublishedTable publish(const Table& serving, const Table& standing) {
    PublishedTable result{serving, {}, true, {}};
    for (const Column& column : serving.columns) {
        const bool carried =
            !column.generated && std::ranges::any_of(standing.columns, [&](const Column& other) {
                return other.name == column.name && !other.generated;
            });
        if (carried) {
            result.columns.push_back(column.name);
        } else {
            result.all_columns = result.all_columns && column.generated;
            if (column.in_key) {
                result.missing_key.push_back(column.name);
            }
        }
    }
    return result;
}

} // namespace

std::string Table::qualified() const { return postgres::quote_qualified(schema, name); }
std::string Table::display() const { return schema + '.' + name; }

Task<std::vector<Table>> read_tables(postgres::Connection& connection, Deadline deadline) {
    const auto result = co_await connection.exec(std::string(sql::tables), deadline);
    std::vector<Table> tables;
    tables.reserve(static_cast<std::size_t>(result.rows()));
    for (int row = 0; row < result.rows(); ++row) {
        tables.push_back(table_of(result, row));
    }
    co_return tables;
}

std::vector<std::vector<Table>> distribute(std::vector<Table> tables, int lanes) {
    // Even an empty table costs a lane something, so that a thousand of them don't end up in one.
    constexpr std::int64_t cost_of_a_table = 64 * 1024;
    std::vector<std::vector<Table>> groups(static_cast<std::size_t>(std::max(lanes, 1)));
    std::vector<std::int64_t> load(groups.size(), 0);
    std::ranges::sort(tables, by_size);
    auto clans = clans_of(std::move(tables));
    const auto cost = [](const std::vector<Table>& clan) {
        std::int64_t sum = 0;
        for (const Table& table : clan) {
            sum += table.size_with_toast().count + cost_of_a_table;
        }
        return sum;
    };
    std::ranges::stable_sort(clans, [&cost](const auto& a, const auto& b) { return cost(a) > cost(b); });
    for (auto& clan : clans) {
        const auto lightest = static_cast<std::size_t>(std::ranges::min_element(load) - load.begin());
        load[lightest] += cost(clan);
        std::ranges::move(clan, std::back_inserter(groups[lightest]));
    }
    for (auto& group : groups) {
        std::ranges::sort(group, by_name);
    }
    return groups;
}

std::vector<PublishedTable> published(const std::vector<Table>& serving, const std::vector<Table>& standing) {
    std::map<std::pair<std::string, std::string>, const Table*> others;
    for (const Table& table : standing) {
        others.emplace(std::pair(table.schema, table.name), &table);
    }
    std::vector<PublishedTable> result;
    for (const Table& table : serving) {
        const auto other = others.find({table.schema, table.name});
        if (other != others.end()) {
            result.push_back(publish(table, *other->second));
        }
    }
    return result;
}

std::vector<PublishedTable> with_column_lists(std::vector<PublishedTable> tables, int publisher_version) {
    for (auto& table : tables) {
        table.all_columns = table.all_columns && (publisher_version < 150000 || table.table.identity_full ||
                                                  table.columns.empty());
    }
    return tables;
}

std::set<std::string> copied_as_one(const std::vector<Table>& tables, const std::map<std::string, Lsn>& at) {
    std::set<std::string> kept;
    for (const auto& clan : clans_of(tables)) {
        const auto first = at.find(clan.front().qualified());
        const bool whole = first != at.end() && std::ranges::all_of(clan, [&](const Table& table) {
                               const auto found = at.find(table.qualified());
                               return found != at.end() && found->second == first->second;
                           });
        for (const Table& table : clan) {
            if (whole) {
                kept.insert(table.qualified());
            }
        }
    }
    return kept;
}

} // namespace pgteal::replication
