// Why something is not done, and what helps.
#pragma once

#include <string>

namespace pgteal {

struct Refusal {
    std::string side;
    std::string message;
    std::string hint;
};

} // namespace pgteal
