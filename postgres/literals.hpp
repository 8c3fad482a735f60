// SQL as people may see and keep it: what it does to what, without what it holds.
#pragma once

#include <string>
#include <string_view>

namespace pgteal::postgres {

/// Which constants are left out.
enum class Constants {
    strings, ///< and dollar-quoted bodies; numbers stay
    all,
};

/// `sql` with '…' for each constant and without comments: passwords, tokens and rows' values stand in these
/// and nowhere else. A text that was cut off within one ends there.
std::string without_constants(std::string_view sql, Constants which);

} // namespace pgteal::postgres
