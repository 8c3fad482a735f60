// What [check] accept may name: refusals of a check or the gate that an operator may take upon himself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgteal::cutover {

struct Acceptable {
    std::string_view name;
    std::string_view meaning; ///< what is accepted with it, in a few words
};

/// In the order in which they are listed for people.
const std::vector<Acceptable>& acceptables();
std::vector<std::string_view> acceptable_names();
/// "a, b and c"
std::string acceptable_words();
/// "a (meaning), b (meaning)", for docs/config.md
std::string acceptable_meanings();

} // namespace pgteal::cutover
