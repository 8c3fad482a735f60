// Real servers for tests: a lab of scripts/lab that lives as long as the object.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postgres/dsn.hpp"

namespace pgteal::support {

/// Two PostgreSQL servers, "blue" and "green", and PgBouncers "pgb1", "pgb2", … in front of blue. Blocks
/// while scripts/lab works; throws Error(program) with its words when it fails.
class Lab {
public:
    /// `options` as scripts/lab takes them after `up`: {"--databases", "app,second", "--poolers", "2"}. They
    /// come after
    /// --quiet --small --fsync off, and so win.
    explicit Lab(std::vector<std::string> options = {});
    ~Lab();
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;

    /// As superuser pgteal, without dbname: what a config file of pgteal holds. `name` is blue or green.
    [[nodiscard]] postgres::Dsn dsn(const std::string& name) const;
    /// As the role app, which owns the databases. `member` may also be a pooler.
    [[nodiscard]] postgres::Dsn app_dsn(const std::string& member, const std::string& database) const;
    /// A pooler's admin console.
    [[nodiscard]] postgres::Dsn admin_dsn(const std::string& pooler = "pgb1") const;

    [[nodiscard]] std::string dir() const { return dir_; }
    [[nodiscard]] std::string config() const { return value("LAB_CONFIG"); } ///< pgteal.toml
    /// A line of lab.env. Throws std::out_of_range.
    [[nodiscard]] std::string value(const std::string& key) const;
    [[nodiscard]] std::string port(const std::string& member) const;

    // A member is a server or a pooler. Each returns when it is so.
    void stop(const std::string& member) { run({"stop", member}); }
    void start(const std::string& member) { run({"start", member}); }
    void kill9(const std::string& member) { run({"kill9", member}); }
    void freeze(const std::string& member) {
        run({"freeze", member});
    } ///< SIGSTOP: it holds its connections and says nothing
    void thaw(const std::string& member) { run({"thaw", member}); }
    void load(const std::string& start_or_stop) { run({"load", start_or_stop}); }

    /// scripts/lab with other words; returns what it printed.
    std::string run(std::vector<std::string> words);

private:
    std::string dir_;
    std::map<std::string, std::string> env_;
};

/// One lab for all tests of an executable. In one of its files, at namespace scope:
///   const auto* const lab_setup = testing::AddGlobalTestEnvironment(new
///   pgteal::support::SharedLab({"--databases", "a,b"}));
class SharedLab : public testing::Environment {
public:
    explicit SharedLab(std::vector<std::string> options = {}) : options_(std::move(options)) {}
    void SetUp() override;
    void TearDown() override;

private:
    std::vector<std::string> options_;
};

/// The lab that SharedLab made.
Lab& shared_lab();

} // namespace pgteal::support
