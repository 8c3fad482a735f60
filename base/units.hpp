// Units as types: WAL positions and sizes.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace pgteal {

/// A number of bytes.
struct Bytes {
    std::int64_t count = 0;
    auto
    operator<=>(const Bytes&) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 misreads it
};

/// "16 kB", "12.8 GB": for people. Powers of 1024, as PostgreSQL's pg_size_pretty.
std::string to_string(Bytes bytes);

/// A position in the write-ahead log: PostgreSQL's pg_lsn (docs: "pg_lsn Type"), printed as "5/3CD57258".
struct Lsn {
    std::uint64_t value = 0;
    auto operator<=>(const Lsn&) const = default; // NOLINT(modernize-use-nullptr)
    static std::optional<Lsn> parse(std::string_view text);
};

std::string to_string(Lsn lsn);
inline Bytes operator-(Lsn a, Lsn b) { return Bytes{static_cast<std::int64_t>(a.value - b.value)}; }

/// "0.4 s", "61 ms", "6.1 ms", "3 min 20 s"
std::string duration_text(Clock::duration time);

} // namespace pgteal
