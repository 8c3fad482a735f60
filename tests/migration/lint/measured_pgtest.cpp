// The linter beside PostgreSQL: every case of the suite on two majors.
#include <cstdlib>
#include <fstream>

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "tests/migration/lint/measured.hpp"

namespace pgteal::migration::lint {

namespace test {
namespace {

namespace json = boost::json;

struct Verdict {
    Report report;
    std::vector<std::string> mismatches; ///< of effects
    bool dangerous = false;              ///< it says so
    bool warned = false;                 ///< says anything above info
    bool not_analysed = false;
};

std::string words(const Done& done) {
    return std::string(to_string(done.lock)) + (done.rewrite ? " rewrite" : "") + (done.scan ? " scan" : "") +
           (done.has_rows ? "" : " (no rows)");
}

std::string words(const std::map<std::string, Done>& relations) {
    std::string text;
    for (const auto& [name, done] : relations) {
        text += (text.empty() ? "" : "; ") + name + " " + words(done);
    }
    return text.empty() ? "nothing" : text;
}

/// The suite's tables stand for large ones: of a small one the linter says that it takes a moment.
Catalog enlarged(Catalog catalog) {
    for (auto& [name, table] : catalog.tables) {
        if (table.rows > 0) {
            table.rows *= 1'000'000;
            table.bytes *= 1'000'000;
        }
    }
    return catalog;
}

/// Weaker locks hinder nobody who reads or writes. What a scan reads below SHARE UPDATE EXCLUSIVE, that of
/// UPDATE and its like, is the planner's choice. A rewrite has read everything. Work on a table without rows
/// is none. Which partition a row goes to is in the row.
std::map<std::string, Done> comparable(const std::map<std::string, Done>& relations, const Catalog& catalog) {
    std::map<std::string, Done> result;
    for (auto [name, done] : relations) {
        if (done.lock < Lock::row_share || !catalog.tables.contains(name)) {
            continue;
        }
        const auto& table = catalog.tables.at(name);
        if (done.lock == Lock::row_exclusive && relations.contains(table.parent)) {
            continue;
        }
        const bool empty = (table.kind == "r" || table.kind == "m") && table.rows == 0;
        done.rewrite = done.rewrite && !empty;
        done.scan = !empty && (done.scan || done.rewrite) && done.lock >= Lock::share_update_exclusive;
        done.has_rows = true;
        result[name] = done;
    }
    return result;
}

std::map<std::string, Done> predicted(const Unit& unit, const Report& report) {
    std::map<std::string, Done> result;
    for (const auto number : unit.statements) {
        for (const auto& effect : report.effects.at(number)) {
            const auto before = unit.renamed.find(effect.relation);
            auto& done = result[before == unit.renamed.end() ? effect.relation : before->second];
            done.lock = std::max(done.lock, effect.lock);
            done.rewrite = done.rewrite || effect.rewrite;
            done.scan = done.scan || effect.scan;
        }
    }
    return result;
}

Verdict judge(const Case& one, const Observation& seen, const Catalog& catalog, bool offline) {
    Options options;
    options.pg_version = catalog.version;
    options.offline = offline;
    Verdict verdict;
    verdict.report = lint(one.files, offline ? nullptr : &catalog, options);
    verdict.not_analysed = !verdict.report.not_analysed.empty();
    for (const auto& finding : verdict.report.findings) {
        const bool speaks = finding.level != Level::info && finding.suppressed.empty();
        verdict.warned = verdict.warned || speaks;
        verdict.dangerous =
            verdict.dangerous || (speaks && finding.lock >= Lock::share && (finding.rewrite || finding.scan));
    }
    for (const auto& unit : seen.units) {
        if (!unit.failure.empty() || verdict.not_analysed) {
            continue;
        }
        const auto is = comparable(unit.relations, catalog);
        const auto said = comparable(predicted(unit, verdict.report), catalog);
        if (words(is) != words(said)) {
            std::string text;
            for (const auto number : unit.statements) {
                text += (text.empty() ? "" : ", ") + std::to_string(number + 1);
            }
            verdict.mismatches.push_back("statement " + text + "\n    observed   " + words(is) +
                                         "\n    predicted  " + words(said));
        }
    }
    return verdict;
}

std::string text_of(const Case& one) {
    std::string text;
    for (const auto& file : one.files) {
        text += (text.empty() ? "" : "-- next file\n") + file.text;
    }
    return text;
}

/// Found, missed, false: of those that are dangerous, and of those that are not.
struct Score {
    int found = 0, missed = 0, wrong = 0, right_effects = 0, wrong_effects = 0;
    void add(const Observation& seen, const Verdict& verdict) {
        found += static_cast<int>(seen.dangerous() && verdict.dangerous);
        missed += static_cast<int>(seen.dangerous() && !verdict.dangerous && !verdict.not_analysed);
        wrong += static_cast<int>(!seen.dangerous() && !seen.failed() && verdict.dangerous);
        ++(verdict.mismatches.empty() ? right_effects : wrong_effects);
    }
    void print(const char* who) const {
        std::printf("  %-14s found %d, missed %d, false %d; effects as observed %d, otherwise %d\n", who,
                    found, missed, wrong, right_effects, wrong_effects);
    }
};

json::object to_json(const Verdict& verdict) {
    json::array mismatches;
    for (const auto& one : verdict.mismatches) {
        mismatches.emplace_back(one);
    }
    return {{"dangerous", verdict.dangerous},
            {"warned", verdict.warned},
            {"not_analysed", verdict.not_analysed},
            {"mismatches", std::move(mismatches)}};
}

class Measured : public testing::TestWithParam<std::string> {};

TEST_P(Measured, EffectsAreWhatTheServerDoes) {
    MeasuredServer server(GetParam());
    const int major = server.major();
    json::array results;
    Score with_catalogs, without;
    int cases = 0, dangerous = 0, refused = 0;
    for (const auto& one : read_cases()) {
        if (major < one.from_version || major > one.to_version) {
            continue;
        }
        SCOPED_TRACE(one.area + "/" + one.id + " on " + std::to_string(major) + "\n" + text_of(one));
        Catalog catalog;
        Observation seen;
        try {
            const auto& database = server.database_for(one);
            catalog = enlarged(server.catalog_for(one, database));
            seen = observe(database, one);
            server.done(seen);
        } catch (const std::exception& error) {
            ADD_FAILURE() << "could not be measured: " << error.what();
            continue;
        }
        ++cases;
        dangerous += static_cast<int>(seen.dangerous());
        refused += static_cast<int>(seen.failed());

        json::array observed;
        for (const auto& unit : seen.units) {
            observed.emplace_back(unit.failure.empty() ? words(unit.relations) : "fails: " + unit.failure);
        }
        json::object result{{"id", one.id},          {"area", one.area},     {"major", major},
                            {"sql", text_of(one)},   {"observed", observed}, {"dangerous", seen.dangerous()},
                            {"fails", seen.failed()}};
        const auto known = judge(one, seen, catalog, false);
        const auto guessed = judge(one, seen, catalog, true);
        with_catalogs.add(seen, known);
        without.add(seen, guessed);
        result["catalogs"] = to_json(known);
        result["offline"] = to_json(guessed);
        for (const auto& mismatch : known.mismatches) {
            ADD_FAILURE() << mismatch;
        }
        if (!known.not_analysed) {
            EXPECT_EQ(known.dangerous, seen.dangerous())
                << (seen.dangerous() ? "no finding above info says so" : "a finding says it is dangerous")
                << ": " << json::serialize(observed);
        }
        if (seen.failed()) {
            EXPECT_TRUE(known.warned || known.not_analysed)
                << "it fails, and no finding says anything: " << json::serialize(observed);
        }

        results.push_back(std::move(result));
    }
    std::printf("  PostgreSQL %d: %d cases, %d dangerous, %d refused by the server\n", major, cases,
                dangerous, refused);
    with_catalogs.print("with catalogs");
    without.print("offline");
    if (const char* const out = std::getenv("PGTEAL_MEASURED_OUT")) {
        std::ofstream(std::string(out) + "." + std::to_string(major)) << json::serialize(results) << "\n";
    }
    EXPECT_GE(cases, std::getenv("PGTEAL_MEASURED_DIR") != nullptr ? 1 : 150);
}

INSTANTIATE_TEST_SUITE_P(On, Measured, testing::Values("blue", "green"),
                         [](const auto& which) { return which.param; });

} // namespace
} // namespace test
} // namespace pgteal::migration::lint
