// PostgreSQL's table locks, weakest first (docs: "Explicit Locking", table-level locks).
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string_view>

namespace pgteal::migration::lint {

enum class Lock {
    none,
    access_share,
    row_share,
    row_exclusive,
    share_update_exclusive,
    share,
    share_row_exclusive,
    exclusive,
    access_exclusive
};

inline constexpr std::array<std::string_view, 9> lock_names{
    "none",  "ACCESS SHARE",        "ROW SHARE", "ROW EXCLUSIVE",   "SHARE UPDATE EXCLUSIVE",
    "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"};

inline std::string_view to_string(Lock lock) { return lock_names.at(static_cast<std::size_t>(lock)); }

/// pg_locks.mode, such as AccessExclusiveLock.
inline std::optional<Lock> lock_of_mode(std::string_view mode) {
    constexpr std::array<std::string_view, 9> modes{"",
                                                    "AccessShareLock",
                                                    "RowShareLock",
                                                    "RowExclusiveLock",
                                                    "ShareUpdateExclusiveLock",
                                                    "ShareLock",
                                                    "ShareRowExclusiveLock",
                                                    "ExclusiveLock",
                                                    "AccessExclusiveLock"};
    for (std::size_t i = 1; i < modes.size(); ++i) {
        if (modes.at(i) == mode) {
            return static_cast<Lock>(i);
        }
    }
    return std::nullopt;
}

} // namespace pgteal::migration::lint
