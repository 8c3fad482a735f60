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

Task<std::vector<NewerName>> read_newer_names(postgres::Server& blue, std::string database,
                                              const Builtins* older, const Builtins* newer,
                                              Deadline deadline) {
    std::vector<NewerName> names;
    Builtins added;
    std::set_difference(newer->begin(), newer->end(), older->begin(), older->end(),
                        std::inserter(added, added.end()));
    if (added.empty()) {
        co_return names;
    }
    boost::json::array asked;
    for (const auto& [kind, name] : added) {
        asked.push_back(boost::json::array{kind, name});
    }
    std::string text(sql::newer_names);
    postgres::Params params{boost::json::serialize(asked)};
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
        add(result, Level::warning, "blue", one.database + ": " + one.name,
            one.kind == "function"
                ? one.name + " is called like one that " + major +
                      " has and blue lacks: where clients and functions call it without its schema, they get "
                      "PostgreSQL's after the cutover"
                : one.name + ": " + one.word + " is a word of the grammar from " + major +
                      " on, which green reads as its own wherever it is written without quotes",
            one.fix + "  and change what uses it; or write it with its schema, or in quotes");
    }
    return limited(std::move(result));
}

} // namespace pgteal::health
