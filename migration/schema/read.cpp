#include "migration/schema/read.hpp"

#include <algorithm>
#include <tuple>

#include "base/error.hpp"
#include "migration/schema/sql.hpp"

namespace pgteal::migration::schema {

namespace {

using Address = std::tuple<std::uint32_t, std::uint32_t, int>; ///< catalog, object, column

constexpr std::array<std::string_view, 10> object_queries{
    sql::schemas, sql::types,     sql::tables, sql::columns,   sql::constraints,
    sql::indexes, sql::sequences, sql::views,  sql::functions, sql::triggers,
};

std::string all_queries() {
    std::string text = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '5s';\n";
    for (const auto query : object_queries) {
        text += std::string(query) + ";\n";
    }
    return text + std::string(sql::others) + ";\n" + std::string(sql::privileges) + ";\n" +
           std::string(sql::comments) + ";\nCOMMIT";
}

Address address_of(const postgres::Result& rows, int row) {
    return {rows.get<std::uint32_t>(row, 0), rows.get<std::uint32_t>(row, 1), rows.get<int>(row, 2)};
}

void set(Object* object, const std::string& name, const std::string& value) {
    if (value.empty()) {
        return;
    }
    if (name == "columns") {
        object->columns = value;
    } else if (name == "copy") {
        object->copied = true;
        object->follows = value == "follows";
    } else {
        object->attributes.emplace(name, value);
    }
}

/// The object and the attribute that what was read goes to: a column of a view is none of its own.
std::pair<Object*, std::string> target(const std::map<Address, Object*>& by_address, const Address& address,
                                       const std::string& attribute, const std::string& column) {
    if (const auto found = by_address.find(address); found != by_address.end()) {
        return {found->second, attribute};
    }
    const auto whole = by_address.find({std::get<0>(address), std::get<1>(address), 0});
    if (column.empty() || whole == by_address.end()) {
        return {nullptr, ""};
    }
    const auto& kind = whole->second->kind;
    const bool has_none = kind == "view" || kind == "materialized view" || kind == "type";
    return {has_none ? whole->second : nullptr, attribute + " of column " + column};
}

void add_rows(const postgres::Result& rows, Objects* objects) {
    for (int row = 0; row < rows.rows(); ++row) {
        Object object;
        std::tie(object.catalog, object.oid, object.sub) = address_of(rows, row);
        object.relation = rows.get<std::uint32_t>(row, 3);
        object.kind = rows.text(row, 4);
        object.identity = rows.text(row, 5);
        object.parent = rows.text(row, 6);
        object.name = rows.text(row, 7);
        object.definition = rows.text(row, 8);
        const auto pairs = rows.get<std::vector<std::string>>(row, 9);
        for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
            set(&object, pairs[i], pairs[i + 1]);
        }
        objects->list.push_back(std::move(object));
    }
}

/// Privileges as they are; "standard" when they are those that a new object has, "initial" in front when they
/// are those that the system came with.
void add_privileges(const postgres::Result& rows, const std::map<Address, Object*>& by_address) {
    for (int row = 0; row < rows.rows(); ++row) {
        const auto [object, attribute] =
            target(by_address, address_of(rows, row), "privileges", std::string(rows.text(row, 6)));
        if (object == nullptr || rows.text(row, 4) == rows.text(row, 5)) {
            continue;
        }
        object->attributes[attribute] =
            (rows.get<bool>(row, 3) ? "initial: " : "") + std::string(rows.text(row, 4));
    }
}

void add_comments(const postgres::Result& rows, const std::map<Address, Object*>& by_address) {
    for (int row = 0; row < rows.rows(); ++row) {
        const auto [object, attribute] =
            target(by_address, address_of(rows, row), "comment", std::string(rows.text(row, 4)));
        // That of schema public comes from initdb.
        if (object == nullptr || (object->kind == "schema" && object->identity == "public" &&
                                  rows.text(row, 3) == "standard public schema")) {
            continue;
        }
        object->attributes[attribute] = rows.text(row, 3);
        object->stock = object->kind == "extension" && rows.get<bool>(row, 5);
    }
}

void leave_out(Objects* objects, const std::set<std::string>& ignored) {
    if (ignored.empty()) {
        return;
    }
    std::erase_if(objects->list, [&](const Object& object) { return ignored.contains(object.family()); });
}

void sort(Objects* objects) {
    std::sort(objects->list.begin(), objects->list.end(), [](const Object& a, const Object& b) {
        return std::tie(a.kind, a.identity) < std::tie(b.kind, b.identity);
    });
}

/// Something was dropped or changed between the snapshot and the moment its definition was printed (the
/// functions that print look past the snapshot): undefined objects, or a failed look-up in a cache.
bool changed_meanwhile(const ServerError& error) {
    return error.sqlstate() == "XX000" || error.sqlstate().starts_with("42");
}

Task<std::vector<postgres::Result>> run_queries(postgres::Server& server, std::string database,
                                                Deadline deadline) {
    auto results = co_await server.script(std::move(database), all_queries(), deadline);
    co_return results;
}

} // namespace

Task<Objects> read(postgres::Server& server, std::string database, Deadline deadline,
                   std::set<std::string> ignored) {
    Objects objects;
    {
        auto session = co_await server.session(database, deadline);
        objects.server_version = session->server_version();
    }
    std::vector<postgres::Result> results;
    for (int attempt = 0; results.empty(); ++attempt) {
        try {
            results = co_await run_queries(server, database, deadline);
        } catch (const ServerError& failed) {
            if (failed.sqlstate() == "55P03") { // lock_not_available
                throw Error(
                    ErrorCode::refused, server.name(),
                    "somebody holds an exclusive lock on a table of database " + database + " on " +
                        server.name() + " for longer than 5 s: its definition can't be read",
                    "Find the holder there: SELECT pid, relation::regclass FROM pg_locks WHERE mode = "
                    "'AccessExclusiveLock' AND granted;  Wait for it, then run the command again.");
            }
            if (attempt == 2 || !changed_meanwhile(failed)) {
                throw;
            }
        }
    }
    // BEGIN and SET come first.
    constexpr std::size_t first = 2;
    for (std::size_t i = 0; i <= object_queries.size(); ++i) {
        add_rows(results.at(first + i), &objects);
    }
    std::map<Address, Object*> by_address;
    for (auto& object : objects.list) {
        by_address.emplace(Address{object.catalog, object.oid, object.sub}, &object);
    }
    add_privileges(results.at(first + object_queries.size() + 1), by_address);
    add_comments(results.at(first + object_queries.size() + 2), by_address);
    leave_out(&objects, ignored);
    sort(&objects);
    co_return objects;
}

} // namespace pgteal::migration::schema
