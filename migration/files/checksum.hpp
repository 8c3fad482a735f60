// Flyway's checksum of a text that comes in pieces.
#pragma once

#include <string>
#include <string_view>

#include <boost/crc.hpp>

namespace pgteal::migration {

/// A CRC-32 over everything but line ends, so that a checkout's line ends don't matter.
class LineChecksum {
public:
    void add(std::string_view text);
    [[nodiscard]] std::string value() const; ///< signed and decimal

private:
    boost::crc_32_type crc_;
};

} // namespace pgteal::migration
