// What a value of the config may be, by its type; in words for people, and a value as JSON. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "cutover/config/config_values.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::cutover {

using Duration = std::chrono::milliseconds;
using Texts = std::vector<std::string>;

struct Word {
    std::string_view word;
    std::string_view meaning = {}; ///< in a few words, where the word doesn't say it
};
using Words = std::vector<Word>;
std::vector<std::string_view> names_of(const Words& words);
/// ": a (what a does), b." when any of them has a meaning, else "".
std::string explained(const Words& words);

/// What no key may exceed.
template <typename Value>
inline constexpr Value most{};
/// PostgreSQL keeps milliseconds in an int.
template <>
inline constexpr Duration most<Duration> = std::chrono::days(24);
template <>
inline constexpr Bytes most<Bytes>{1LL << 40};

/// Of numbers, durations and sizes.
template <typename Value>
struct Limits {
    Value low{};
    Value high = most<Value>;
};

template <>
struct Limits<std::string> {
    Words words = {};              ///< it is one of these; without any, any text
    std::string_view pattern = {}; ///< of the whole text; ECMAScript, which std::regex and JSON schemas share
    std::string_view may = {};     ///< the pattern in words, after "it may"
    std::string_view once = {};    ///< why no two sections may have the same; "": they may
    bool path = false;
    bool regex = false; ///< it is a regular expression itself
};

template <>
struct Limits<Texts> {
    Words words = {};     ///< each is one of these; without any, any text
    bool ordered = false; ///< a program and its arguments
};

template <>
struct Limits<postgres::Dsn> {
    bool dbname = false; ///< it may have one
};

/// "whole number from 1 to 16", "duration from 100ms to 24d"
std::string form(const Limits<int>& limits);
std::string form(const Limits<Duration>& limits);
std::string form(const Limits<Bytes>& limits);
std::string form(const Limits<std::string>& limits);
std::string form(const Limits<Texts>& limits);
std::string form(const Limits<postgres::Dsn>& limits);

/// As a text with its unit, where it has one.
template <typename Value>
boost::json::value as_json(const Value& value) {
    if constexpr (requires { in_units(value); }) {
        return boost::json::value(in_units(value));
    } else {
        return boost::json::value_from(value);
    }
}
/// Where it leads and as whom: no secrets.
boost::json::value as_json(const postgres::Dsn& value);

} // namespace pgteal::cutover
