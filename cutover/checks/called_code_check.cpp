#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "cutover/checks/called_code.hpp"
#include "health/facts/verdict.hpp"
#include "postgres/quote.hpp"

namespace pgteal::cutover {

namespace {

using health::Level;

std::string what(const CallingPlace& place) {
    const auto name = postgres::quote_identifier(place.name);
    if (place.kind == "view") {
        return "materialized view " + place.relation;
    }
    if (place.kind == "partition key") {
        return "the partition key of " + place.relation;
    }
    const std::string kind = place.kind == "check"       ? "constraint " + name
                             : place.kind == "domain"    ? "constraint " + name
                             : place.kind == "generated" ? "generated column " + name
                             : place.kind == "trigger"   ? "trigger " + name
                                                         : place.kind + " " + name;
    return kind + " of " + place.relation;
}

std::string list_of(const std::vector<CallingPlace>& places) {
    std::vector<std::string> words;
    for (const auto& place : places) {
        words.push_back(what(place));
    }
    return health::list_of(words, 3);
}

bool only_views(const std::vector<CallingPlace>& places) {
    return std::all_of(places.begin(), places.end(), [](const auto& place) { return place.kind == "view"; });
}

/// Which step meets it.
std::string stops(const std::vector<CallingPlace>& places) {
    const auto any = [&places](std::initializer_list<const char*> kinds) {
        return std::any_of(places.begin(), places.end(), [&kinds](const auto& place) {
            return std::any_of(kinds.begin(), kinds.end(),
                               [&place](const char* kind) { return place.kind == kind; });
        });
    };
    return any({"check", "domain", "generated", "partition key"}) ? "prepare would stop while it copies"
           : any({"index"})      ? "prepare would stop while it builds indexes"
           : any({"statistics"}) ? "prepare would stop at analyze"
           : any({"trigger"})    ? "the lane would stop at the first such row"
                                 : "the view would stay empty on green, and the cutover be refused";
}

/// A way to be without it during the run.
std::string without(const CallingPlace& place) {
    const auto name = postgres::quote_identifier(place.name);
    if (place.kind == "check" || place.exclusion) {
        return "ALTER TABLE " + place.relation + " DROP CONSTRAINT " + name + ";";
    }
    if (place.kind == "domain") {
        return "ALTER DOMAIN " + place.relation + " DROP CONSTRAINT " + name + ";";
    }
    if (place.kind == "generated") {
        return "ALTER TABLE " + place.relation + " ALTER COLUMN " + name + " DROP EXPRESSION;";
    }
    return place.kind == "index" ? "DROP INDEX " + place.index + ";" : "";
}

void judge_names(health::CheckResult& result, const std::string& database, const CalledFunction& function,
                 Level level) {
    const auto& places = function.unsheltered;
    if (places.empty()) {
        return;
    }
    const std::string object = database + ": " + function.signature;
    const std::string alter = std::string("ALTER ") + (function.procedure ? "PROCEDURE " : "FUNCTION ") +
                              function.signature + " SET search_path = ";
    if (!function.bare.empty()) {
        health::add(result, only_views(places) ? Level::warning : level, "blue", object,
                    "function " + function.signature + " names " + health::list_of(function.bare) +
                        " without a schema, and " + list_of(places) +
                        (places.size() == 1 ? " comes" : " come") +
                        " to it. Copy, indexes and apply run with an empty search_path, where such names are "
                        "not found, or an operator of PostgreSQL's for other types is: " +
                        stops(places) + ".",
                    alter + function.path + ", pg_temp;" +
                        (function.several.empty()
                             ? ""
                             : "  (other schemas have " + health::list_of(function.several) +
                                   " too: for clients as well it is then always the first of these)"));
    }
    if (!function.unread.empty()) {
        health::add(
            result, Level::info, "blue", object,
            "what function " + function.signature + " names could not be read (" + function.unread +
                "), and " + list_of(places) + (places.size() == 1 ? " comes" : " come") +
                " to it. Copy, indexes and apply run with an empty search_path: a name without a "
                "schema would not be found.",
            alter + function.path +
                ", pg_temp;  with every schema that it needs, in the order in which it finds them now");
    }
}

void judge_reads(health::CheckResult& result, const std::string& database, const CalledFunction& function,
                 Level level) {
    if (function.reads.empty()) {
        return;
    }
    for (const auto& place : function.all) {
        const auto drop = without(place);
        if (drop.empty()) { // a trigger or view reads what it likes
            continue;
        }
        const auto fix =
            place.instead.empty()
                ? drop + "  and make it again after finish"
                : place.instead + "  " + drop +
                      "  (a trigger does the same for clients, and doesn't fire in copy and apply)";
        health::add(result, level, "blue", database + ": " + place.relation,
                    what(place) + " calls function " + function.signature + ", which reads " +
                        health::list_of(function.reads) +
                        ". Rows of several tables are copied and applied in an order of their own: what it "
                        "looks for may not be there yet, or be "
                        "newer, so that prepare or a lane stops, or its answer is another one.",
                    "on blue, database " + database + ":  " + fix);
    }
}

/// Who acts in copy and apply, where he may not execute what his rows call.
void judge_owners(health::CheckResult& result, const std::string& database, const CalledFunction& function) {
    for (const auto& place : function.all) {
        if (!place.lacking.empty()) {
            health::add(result, Level::error, "blue", database + ": " + place.relation,
                        "owner " + place.lacking + " of " + place.relation + " may not execute function " +
                            function.signature + ", which " + what(place) +
                            " calls: rows are written with the owner's rights, so the lane would stop with "
                            "\"permission denied\".",
                        "on blue, database " + database + ":  GRANT EXECUTE ON FUNCTION " +
                            function.signature + " TO " + postgres::quote_identifier(place.lacking) + ";");
        }
    }
}

/// What passes for a client need not pass later, for another role, in another time zone.
void judge_asking(health::CheckResult& result, const std::string& database, const CallingPlace& place,
                  Level level) {
    static const std::set<std::string_view> changing{"now",
                                                     "statement_timestamp",
                                                     "clock_timestamp",
                                                     "transaction_timestamp",
                                                     "timeofday",
                                                     "current_setting",
                                                     "random",
                                                     "CURRENT_TIMESTAMP, CURRENT_USER or their like"};
    const bool changes = std::any_of(place.asks.begin(), place.asks.end(),
                                     [](const auto& name) { return changing.contains(name); });
    health::add(result, changes ? level : Level::warning, "blue", database + ": " + place.relation,
                what(place) + " asks " + health::list_of(place.asks) +
                    ", whose answer depends on the session or the clock. Copy and apply come later, as the "
                    "table's owner, with the settings of their own sessions (time zone, date style): a row "
                    "that passed for a client may be refused there, so that prepare or a lane stops.",
                "on blue, database " + database + ":  " + without(place) +
                    "  -- and make it again after finish");
}

} // namespace

std::vector<health::CheckResult> judge_called_code(const std::vector<CalledCode>& databases,
                                                   const std::vector<std::string>& accept) {
    health::CheckResult names{"function-names", {}, "functions that rows call find what they name"};
    health::CheckResult reads{"reads-tables", {}, "no constraint reads another table"};
    health::CheckResult owners{"owner-privileges", {}, ""};
    const auto level = [&accept](const health::CheckResult& result) {
        return health::accepted(accept, result.check) ? Level::warning : Level::error;
    };
    for (const auto& database : databases) {
        for (const auto& function : database.functions) {
            judge_names(names, database.database, function, level(names));
            judge_reads(reads, database.database, function, level(reads));
            judge_owners(owners, database.database, function);
        }
        for (const auto& place : database.asking) {
            judge_asking(reads, database.database, place, level(reads));
        }
    }
    std::vector<health::CheckResult> results;
    for (auto* one : {&names, &reads, &owners}) {
        std::stable_sort(one->findings.begin(), one->findings.end(),
                         [](const auto& a, const auto& b) { return a.level > b.level; });
        results.push_back(health::limited(std::move(*one)));
    }
    return results;
}

Task<std::vector<health::CheckResult>> check_called_code(Estate* estate, Deadline deadline) {
    std::vector<CalledCode> databases;
    std::string problem;
    try {
        for (const auto& name : estate->config().database_names()) {
            auto code = co_await read_called_code(&estate->server(Side::blue), name, deadline);
            databases.push_back(std::move(code));
        }
    } catch (const Error& error) {
        if (error.code() == ErrorCode::internal) {
            throw;
        }
        problem = error.what();
    }
    auto results = judge_called_code(databases, estate->config().accept);
    if (!problem.empty()) {
        health::add(results.front(), Level::error, "blue", "",
                    "it could not be read on blue what functions of users name: " + problem,
                    "mend that, then run pgteal check again");
    }
    co_return results;
}

} // namespace pgteal::cutover
