// Facts of two healthy servers, for tests to spoil one thing at a time.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/finding.hpp"
#include "health/facts/facts.hpp"

namespace pgteal::health::testing_support {

inline ServerFacts healthy(const std::string& side, int version) {
    ServerFacts facts;
    facts.side = side;
    facts.address = side == "blue" ? "10.0.0.5:5432" : "10.0.0.9:5432";
    facts.identity = {side == "blue" ? "7001" : "7002", version, false, true, "pgteal"};
    facts.settings = {{"wal_level", "logical"},           {"max_replication_slots", "20"},
                      {"max_wal_senders", "20"},          {"max_logical_replication_workers", "20"},
                      {"max_worker_processes", "40"},     {"max_slot_wal_keep_size", "65536"},
                      {"max_prepared_transactions", "0"}, {"synchronous_standby_names", ""},
                      {"shared_preload_libraries", ""}};
    facts.databases = {{"postgres", "UTF8", "C.UTF-8", "C.UTF-8", "c", "", true, "pg_default"}};
    if (side == "blue") {
        facts.databases.push_back({"app", "UTF8", "C.UTF-8", "C.UTF-8", "c", "", true, "pg_default"});
    }
    facts.tablespaces = {{"pg_default", ""}, {"pg_global", ""}};
    facts.extensions = {{"plpgsql", {"1.0", {"1.0"}}}};
    return facts;
}

inline ServerFacts blue() { return healthy("blue", 150020); }
inline ServerFacts green() { return healthy("green", 170010); }

inline IdentityRow table(const std::string& name) {
    IdentityRow row;
    row.name = name;
    row.identity = "d";
    row.index_name = name.substr(name.find('.') + 1) + "_identity";
    return row;
}

inline std::vector<DatabaseFacts> app_with(IdentityRow row) {
    DatabaseFacts facts;
    facts.name = "app";
    facts.identities = {std::move(row)};
    return {facts};
}

inline std::vector<DatabaseFacts> app() {
    DatabaseFacts facts;
    facts.name = "app";
    facts.extensions = {{"plpgsql", "1.0", false}};
    return {facts};
}

/// Exactly one finding, of this level on this side; returned for a closer look.
inline Finding only(const CheckResult& result, Level level, const std::string& side) {
    EXPECT_EQ(result.findings.size(), 1U) << result.check;
    if (result.findings.empty()) {
        return {result.check, level, side, "", "", ""};
    }
    const auto& finding = result.findings.front();
    EXPECT_EQ(finding.check, result.check);
    EXPECT_EQ(finding.level, level) << finding.message;
    EXPECT_EQ(finding.side, side) << finding.message;
    EXPECT_NE(finding.message.find(". "), std::string::npos)
        << "says what is wrong, then what it means: " << finding.message;
    return finding;
}

inline void expect_ok(const CheckResult& result) {
    EXPECT_TRUE(result.findings.empty())
        << result.check << ": " << (result.findings.empty() ? "" : result.findings.front().message);
    EXPECT_FALSE(result.summary.empty()) << result.check;
}

} // namespace pgteal::health::testing_support
