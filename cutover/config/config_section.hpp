// One section of pgteal.toml, read key by key against config_keys().
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "cutover/config/config.hpp"

namespace pgteal::cutover {

/// Every reader throws Error(config) with file, line and what to write instead.
class Section {
public:
    Section(const toml::table& table, std::string name, std::string path);

    [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
    [[nodiscard]] std::string text(std::string_view key, std::string fallback) const;
    [[nodiscard]] std::string required_text(std::string_view key) const;
    /// One of these words.
    [[nodiscard]] std::string word(std::string_view key, std::string fallback,
                                   const std::vector<std::string_view>& allowed) const;
    [[nodiscard]] int number(std::string_view key, int fallback, int low, int high) const;
    [[nodiscard]] std::chrono::milliseconds duration(std::string_view key,
                                                     std::chrono::milliseconds fallback) const;
    [[nodiscard]] Bytes size(std::string_view key, Bytes fallback) const;
    [[nodiscard]] std::vector<std::string> list(std::string_view key) const;
    [[nodiscard]] postgres::Dsn dsn(std::string_view key, bool with_database) const;
    [[noreturn]] void fail(const toml::node& node, const std::string& message, const std::string& hint) const;
    [[nodiscard]] const toml::table& table() const { return table_; }

private:
    void check_keys() const;
    [[nodiscard]] std::string want_text(const toml::node& node, std::string_view key) const;

    const toml::table& table_;
    std::string name_;
    std::string path_;
};

/// [migrate], [lint] and [rehearse].
MigrateConfig read_migrate(const Section& migrate, const Section& lint, const Section& rehearse);

} // namespace pgteal::cutover
