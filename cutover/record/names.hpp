// People's names, as approvals bear them.
#pragma once

#include <string>

namespace pgteal::cutover {

/// The name without surrounding and repeated spaces. Throws Error(usage) for an empty one, a long one, and
/// one that a terminal would not print as it is.
std::string clean_name(const std::string& name);
/// Equal for clean names that differ in case only.
std::string folded(const std::string& name);

} // namespace pgteal::cutover
