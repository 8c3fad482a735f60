// The servers that the tests of this room share: 15 and 17, or the majors that PGTEAL_LINT_MAJORS names
// ("13,18").
#include <cstdlib>

#include "tests/support/lab.hpp"

namespace pgteal::migration::lint {
namespace {

std::vector<std::string> options() {
    std::vector<std::string> words{"--no-poolers-start", "--scale", "0"};
    if (const char* const majors = std::getenv("PGTEAL_LINT_MAJORS")) {
        const std::string both = majors;
        const auto comma = both.find(',');
        words.insert(words.end(), {"--blue", both.substr(0, comma), "--green", both.substr(comma + 1)});
    }
    return words;
}

const auto* const lab_setup = testing::AddGlobalTestEnvironment(new support::SharedLab(options()));

} // namespace
} // namespace pgteal::migration::lint
