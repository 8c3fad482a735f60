// SHA-256, for what people put their names to.
#pragma once

#include <string>
#include <string_view>

namespace pgteal::cutover {

/// 64 hexadecimal digits (FIPS 180-4).
std::string sha256(std::string_view bytes);

} // namespace pgteal::cutover
