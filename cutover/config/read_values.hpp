// A value of pgteal.toml, as the type that its key has. Errors name file and line and what to write instead.
#pragma once

#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "cutover/config/limits.hpp"

namespace pgteal::cutover {

/// Where something stands.
struct Spot {
    std::string_view path;
    std::string_view key;
    const toml::node& node;
    /// Throws Error(config).
    [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const;
};

// Each throws Error(config).
int read(const Spot& spot, const Limits<int>& limits);
Duration read(const Spot& spot, const Limits<Duration>& limits);
Bytes read(const Spot& spot, const Limits<Bytes>& limits);
std::string read(const Spot& spot, const Limits<std::string>& limits);
Texts read(const Spot& spot, const Limits<Texts>& limits);
/// Of an empty text an empty one.
postgres::Dsn read(const Spot& spot, const Limits<postgres::Dsn>& limits);

/// "did you mean 'lanes'?", or "" when none of them is near.
std::string meant(std::string_view word, const std::vector<std::string_view>& known);

} // namespace pgteal::cutover
