#include "health/schema/newer_names.hpp"

#include <algorithm>
#include <iterator>

#include <boost/json.hpp>

#include "health/facts/verdict.hpp"
#include "health/schema/sql.hpp"

namespace pgteal::health {

Task<Builtins> read_builtins(postgres::Server& server, Deadline deadline) {
    std::string text(sql::builtins);
    const auto rows = co_await server.exec("", std::move(text), {}, deadline);
    Builtins builtins;
    for (int i = 0; i < rows.rows(); ++i) {
        builtins.emplace(rows.text(i, 0), rows.text(i, 1));
    }
    co_return builtins;
}

namespace {

/// A function with other arguments is still there.
std::string bare(const std::string& name) { return name.substr(0, name.find('(')); }

Builtins gone_from(const Builtins& older, const Builtins& newer) {
    std::set<std::string> functions;
    for (const auto& [kind, name] : newer) {
        if (kind == "function") {
            functions.insert(bare(name));
        }
    }
    Builtins gone;
    for (const auto& [kind, name] : older) {
        const bool there = kind == "function" ? functions.contains(bare(name)) : newer.contains({kind, name});
        if (!there && (kind == "function" || kind == "setting" || kind == "column")) {
            gone.emplace(kind, bare(name));
        }
    }
    return gone;
}

std::string as_json(const Builtins& builtins) {
    boost::json::array all;
    for (const auto& [kind, name] : builtins) {
        all.push_back(boost::json::array{kind, name});
    }
    return boost::json::serialize(all);
}

Task<std::vector<NewerName>> read_gone_names(postgres::Server& blue, std::string database, Builtins gone,
                                             Deadline deadline) {
    std::vector<NewerName> names;
    if (gone.empty()) {
        co_return names;
    }
    std::string text(sql::gone_names);
    postgres::Params params{as_json(gone)};
    const auto rows = co_await blue.exec(database, std::move(text), std::move(params), deadline);
    for (int i = 0; i < rows.rows(); ++i) {
        names.push_back({database, "gone", std::string(rows.text(i, 0)),
                         std::string(rows.text(i, 1)) + " " + std::string(rows.text(i, 2)), ""});
    }
    co_return names;
}

} // namespace

Task<std::vector<NewerName>> read_newer_names(postgres::Server& blue, std::string database,
                                              const Builtins* older, const Builtins* newer,
                                              Deadline deadline) {
    auto names = co_await read_gone_names(blue, database, gone_from(*older, *newer), deadline);
    Builtins added;
    std::set_difference(newer->begin(), newer->end(), older->begin(), older->end(),
                        std::inserter(added, added.end()));
    std::erase_if(added, [](const auto& one) { return one.first == "setting" || one.first == "column"; });
    if (added.empty()) {
        co_return names;
    }
    std::string text(sql::newer_names);
    postgres::Params params{as_json(added)};
    const auto rows = co_await blue.exec(database, std::move(text), std::move(params), deadline);
    for (int i = 0; i < rows.rows(); ++i) {
        names.push_back({database, std::string(rows.text(i, 0)), std::string(rows.text(i, 1)),
                         std::string(rows.text(i, 2)), std::string(rows.text(i, 3))});
    }
    co_return names;
}

CheckResult check_newer_names(const std::vector<NewerName>& names, int green_major) {
    CheckResult result{"newer-names", {}, "no name of users is a new one of PostgreSQL's"};
    const std::string major = "PostgreSQL " + std::to_string(green_major);
    for (const auto& one : names) {
        if (one.kind == "gone") {
            add(result, Level::warning, "blue", one.database + ": " + one.name,
                one.name + " names " + one.word + ", which " + major +
                    " has no more: after the cutover it fails for clients that call it, and so does what "
                    "calls it for them.",
                "on blue, have it do without");
            continue;
        }
        add(result, Level::warning, "blue", one.database + ": " + one.name,
            one.kind == "function"
                ? one.name + " is called like one that " + major +
                      " has and blue lacks: where clients and functions call it without its schema, they get "
                      "PostgreSQL's after the cutover"
                : one.name + ": " + one.word + " is a word of the grammar of " + major +
                      ", which green reads as its own wherever it is written without quotes",
            one.fix + (one.kind == "function"
                           ? "  and change what uses it; or write it with its schema, or in quotes"
                           : "  and change what uses it; or write it in quotes"));
    }
    return limited(std::move(result));
}

} // namespace pgteal::health
