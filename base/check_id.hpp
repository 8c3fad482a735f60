// The ids of all checks. The list is closed: whatever says another one does not compile.
#pragma once

#include <array>
#include <ostream>
#include <string>
#include <string_view>

namespace pgteal::health {

/// Stable: scripts read them from `check --json`. tests/health/advised_test.cpp says of each which test types
/// what it advises.
inline constexpr auto check_ids = std::to_array<std::string_view>({
    "all-tables-publications",
    "capacity",
    "catalogs",
    "client-logins",
    "client-settings",
    "collation-versions",
    "copyable",
    "databases",
    "different-servers",
    "disk",
    "event-triggers",
    "extension-members",
    "extension-tables",
    "extensions",
    "foreign-keys",
    "foreign-tables",
    "function-names",
    "green-empty",
    "host-lists",
    "jobs",
    "lane-settings",
    "lane-timeouts",
    "lanes",
    "large-objects",
    "leftovers",
    "libraries",
    "locale",
    "long-transactions",
    "materialized-views",
    "migrations",
    "newer-names",
    "newer-values",
    "origins",
    "other-slots",
    "other-subscriptions",
    "own-schema",
    "own-tables",
    "owner-privileges",
    "owners-code",
    "patroni",
    "peers",
    "pg-dump",
    "pool-mode",
    "pooler-entries",
    "pooler-files",
    "pooler-reuseport",
    "pooler-timeouts",
    "poolers",
    "prepared-transactions",
    "privileges",
    "reachable",
    "read-only",
    "readable",
    "reads-tables",
    "recovery",
    "replica-identity",
    "role-names",
    "role-replication",
    "role-settings",
    "row-security",
    "schema-changes",
    "security-labels",
    "senders",
    "sequences",
    "server-values",
    "session-settings",
    "sides",
    "slot-retention",
    "slots",
    "standby-entries",
    "stored-settings",
    "superuser-sessions",
    "synchronous-standbys",
    "system-schemas",
    "tablespaces",
    "tried-logins",
    "trial-restore",
    "triggers",
    "type-oids",
    "unlogged-tables",
    "versions",
    "wal-level",
    "workers",
});

class CheckId {
public:
    consteval CheckId(const char* id) : id_(listed(id)) {}
    constexpr operator std::string_view() const { return id_; }
    operator std::string() const { return std::string(id_); }
    friend constexpr bool operator==(CheckId, CheckId) = default;
    friend std::ostream& operator<<(std::ostream& out, CheckId id) { return out << id.id_; }

private:
    static consteval std::string_view listed(std::string_view id) {
        for (const auto one : check_ids) {
            if (one == id) {
                return one;
            }
        }
        throw "not in check_ids";
    }
    std::string_view id_;
};

} // namespace pgteal::health
