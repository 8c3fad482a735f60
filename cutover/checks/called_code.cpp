#include "cutover/checks/called_code.hpp"

#include <algorithm>
#include <set>

#include <boost/json.hpp>

#include "cutover/checks/sql.hpp"
#include "migration/lint/world/function_body.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

using migration::lint::BodyNames;
using migration::lint::Named;

/// A function in SQL or PL/pgSQL, see sql/user_functions.sql.
struct Source {
    std::string schema, name, quoted, signature;
    bool procedure = false, sheltering = false;
    std::string language, source, definition;
    std::vector<std::string> reads;
    std::vector<std::string> takes;  ///< oids of types
    std::optional<BodyNames> body{}; ///< once somebody asked
};
using Sources = std::map<std::string, Source>; ///< by oid

/// A place that comes to a function.
struct Reached {
    CallingPlace place;
    std::string function;
    bool sheltered = false;
};

struct Leads {
    bool builtin = false;
    std::vector<std::string> schemas;
    std::vector<std::string> operands; ///< oids of types that users' operators of this name are for
};

bool any_common(const std::vector<std::string>& one, const std::vector<std::string>& other) {
    return std::ranges::find_first_of(one, other) != one.end();
}

std::string word_of(Named::Kind kind) {
    return kind == Named::Kind::function    ? "function"
           : kind == Named::Kind::type      ? "type"
           : kind == Named::Kind::operation ? "operator"
                                            : "table";
}

Task<std::vector<Reached>> read_places(postgres::Connection* session, Deadline deadline) {
    const auto rows = co_await session->exec(std::string(checks::sql::called_by_rows), {}, deadline);
    std::vector<Reached> found;
    for (int i = 0; i < rows.rows(); ++i) {
        const auto text = [&rows, i](std::string_view column) { return rows.get<std::string>(i, column); };
        found.push_back(
            {{text("kind"), text("name"), text("relation"), text("index"), rows.get<bool>(i, "exclusion"),
              text("instead"), text("lacking"), rows.get<std::vector<std::string>>(i, "asks")},
             text("function"),
             rows.get<bool>(i, "sheltered")});
    }
    co_return found;
}

Task<Sources> read_sources(postgres::Connection* session, Deadline deadline) {
    const auto rows = co_await session->exec(std::string(checks::sql::user_functions), {}, deadline);
    Sources sources;
    for (int i = 0; i < rows.rows(); ++i) {
        const auto text = [&rows, i](std::string_view column) { return rows.get<std::string>(i, column); };
        sources[text("oid")] = {text("schema"),
                                text("name"),
                                text("quoted"),
                                text("signature"),
                                rows.get<bool>(i, "procedure"),
                                rows.get<bool>(i, "sheltering"),
                                text("language"),
                                text("source"),
                                text("definition"),
                                rows.get<std::vector<std::string>>(i, "reads"),
                                rows.get<std::vector<std::string>>(i, "takes")};
    }
    co_return sources;
}

const BodyNames& body_of(Source& source) {
    if (!source.body) {
        source.body = source.source.empty()
                          ? BodyNames{}
                          : migration::lint::names_in_body(source.language, source.definition, source.source);
    }
    return *source.body;
}

/// Adds what the bodies call, by name: of several functions with one name, each.
void follow_calls(Sources& sources, std::vector<Reached>& reached) {
    std::multimap<std::string, std::string> by_name;
    for (const auto& [oid, source] : sources) {
        by_name.emplace(source.name, oid);
    }
    std::set<std::string> seen;
    const auto key = [](const Reached& one) {
        return one.function + " " + one.place.kind + " " + one.place.relation + " " + one.place.name +
               (one.sheltered ? " +" : "");
    };
    for (const auto& one : reached) {
        seen.insert(key(one));
    }
    for (std::size_t i = 0; i < reached.size(); ++i) { // it grows
        const auto at = sources.find(reached[i].function);
        if (at == sources.end()) {
            continue;
        }
        const auto& body = body_of(at->second);
        for (const auto& named : body.names) {
            if (named.kind != Named::Kind::function) {
                continue;
            }
            const auto [first, last] = by_name.equal_range(named.name);
            for (auto callee = first; callee != last; ++callee) {
                Reached next = reached[i];
                next.function = callee->second;
                next.place.lacking.clear(); // said of the function that the place names
                next.sheltered = next.sheltered || at->second.sheltering || body.sets_path;
                const auto& schema = sources.at(callee->second).schema;
                if ((named.schema.empty() || named.schema == schema) && seen.insert(key(next)).second) {
                    reached.push_back(std::move(next));
                }
            }
        }
    }
}

Task<std::map<Named, Leads>> read_leads(postgres::Connection* session, const std::set<Named>* names,
                                        Deadline deadline) {
    std::map<Named, Leads> leads;
    boost::json::array asked;
    for (const auto& one : *names) {
        asked.push_back(boost::json::array{word_of(one.kind), one.schema, one.name});
    }
    postgres::Params params{boost::json::serialize(asked)};
    const auto rows =
        co_await session->exec(std::string(checks::sql::where_names_lead), std::move(params), deadline);
    auto name = names->begin();
    for (int i = 0; i < rows.rows(); ++i, ++name) {
        leads[*name] = {rows.get<bool>(i, "builtin"), rows.get<std::vector<std::string>>(i, "schemas"),
                        rows.get<std::vector<std::string>>(i, "operands")};
    }
    co_return leads;
}

/// The schemas that have what is named: one each, its own or public where there are several.
std::string path_of(const Source& source, const std::vector<std::vector<std::string>>& found) {
    std::vector<std::string> path;
    if (found.empty()) { // nobody knows what it names
        path.push_back(source.schema);
    }
    for (const auto& schemas : found) {
        const bool own = std::find(schemas.begin(), schemas.end(), source.schema) != schemas.end();
        const auto& one = own ? source.schema : schemas.front(); // public comes first
        if (std::find(path.begin(), path.end(), one) == path.end()) {
            path.push_back(one);
        }
    }
    std::string text;
    for (const auto& one : path) {
        text += (text.empty() ? "" : ", ") + postgres::quote_identifier(one);
    }
    return text;
}

/// What the body's names come to.
void lead(CalledFunction& function, const Source& source, const BodyNames& body,
          const std::map<Named, Leads>& leads) {
    std::vector<std::vector<std::string>> found;
    for (const auto& named : body.names) {
        const auto& where = leads.at(named);
        // PostgreSQL's own of that name would take the values for others: text for citext, say.
        const bool of_users = any_common(where.operands, source.takes);
        if (where.schemas.empty() || (named.schema.empty() && where.builtin && !of_users)) {
            continue;
        }
        if (named.schema.empty()) {
            function.bare.push_back(word_of(named.kind) + " " + named.name);
            found.push_back(where.schemas);
            if (where.schemas.size() > 1) {
                function.several.push_back(named.name);
            }
        }
        if (named.kind == Named::Kind::relation) {
            function.reads.push_back(named.schema.empty() ? named.name : named.schema + "." + named.name);
        }
    }
    function.path = path_of(source, found);
}

} // namespace

Task<CalledCode> read_called_code(postgres::Server* server, std::string database, Deadline deadline) {
    CalledCode code{database, {}, {}};
    auto session = co_await server->session(database, deadline);
    auto reached = co_await read_places(&*session, deadline);
    if (reached.empty()) {
        co_return code;
    }
    std::erase_if(reached, [&code](const Reached& one) {
        if (!one.place.asks.empty()) {
            code.asking.push_back(one.place);
        }
        return !one.place.asks.empty();
    });
    auto sources = co_await read_sources(&*session, deadline);
    follow_calls(sources, reached);
    std::set<Named> names;
    for (const auto& one : reached) {
        if (const auto at = sources.find(one.function); at != sources.end()) {
            const auto& body = body_of(at->second);
            names.insert(body.names.begin(), body.names.end());
        }
    }
    const auto leads = co_await read_leads(&*session, &names, deadline);
    std::map<std::string, CalledFunction> functions;
    for (const auto& one : reached) {
        const auto at = sources.find(one.function);
        if (at == sources.end()) {
            continue;
        }
        const auto& source = at->second;
        const auto& body = *source.body;
        auto [entry, is_new] = functions.try_emplace(one.function);
        auto& function = entry->second;
        if (is_new) {
            function.signature = source.signature;
            function.procedure = source.procedure;
            function.reads = source.reads;
            function.unread = body.why_not;
            lead(function, source, body, leads);
        }
        function.all.push_back(one.place);
        if (!one.sheltered && !source.sheltering && !body.sets_path) {
            function.unsheltered.push_back(one.place);
        }
    }
    for (auto& [oid, function] : functions) {
        code.functions.push_back(std::move(function));
    }
    co_return code;
}

} // namespace pgteal::cutover
