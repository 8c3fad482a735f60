// What a check has to say.
#pragma once

#include <string>
#include <vector>

#include "base/check_id.hpp"

namespace pgteal::health {

enum class Level { info, warning, error };
std::string to_string(Level level);

/// One finding. `error` refuses prepare and cutover.
struct Finding {
    CheckId check;
    Level level = Level::error;
    std::string side;    ///< "blue", "green", a pooler's name, or ""
    std::string object;  ///< "app: audit.events"
    std::string message; ///< what is wrong, and in a second sentence what it would mean for clients
    std::string fix;     ///< SQL or setting that mends it, "" when there is none
};

/// How one check ended: its findings (none = ok) and, when ok, a few words for the summary ("slots 3 of 20
/// used").
struct CheckResult {
    CheckId check;
    std::vector<Finding> findings;
    std::string summary;
};

} // namespace pgteal::health
