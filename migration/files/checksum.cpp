#include "migration/files/checksum.hpp"

#include <algorithm>

#include "migration/files/find.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration {

void LineChecksum::add(std::string_view text) {
    while (!text.empty()) {
        const auto length = std::min(text.find_first_of("\r\n"), text.size());
        crc_.process_bytes(text.data(), length);
        text.remove_prefix(std::min(length + 1, text.size()));
    }
}

std::string LineChecksum::value() const { return std::to_string(static_cast<std::int32_t>(crc_.checksum())); }

std::string checksum(std::string_view text) {
    LineChecksum sum;
    sum.add(without_bom(text));
    return sum.value();
}

} // namespace pgteal::migration
