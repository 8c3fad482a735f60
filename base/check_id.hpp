// The ids of all checks. The list is closed: whatever says another one does not compile.
#pragma once

#include <array>
#include <ostream>
#include <string>
#include <string_view>

namespace pgteal::health {

/// Stable: scripts read them from `check --json`. tests/health/advised_test.cpp says of each which test types
/// what it advises.
struct CheckRow {
    std::string_view id;
    std::string_view asks; ///< what an operator would want to know; docs/checks.md
};

inline constexpr auto check_rows = std::to_array<CheckRow>({
    {"all-tables-publications",
     "Would another's subscriber of all tables get pgteal's own, and stop at them?"},
    {"capacity", "Has green the room that blue uses: connections, prepared transactions, locks, WAL?"},
    {"catalogs",
     "Has either server a kind of object that this pgteal doesn't know, so that nobody carries it?"},
    {"client-logins",
     "Will the other side let in the clients that are connected now: roles, passwords, pg_hba.conf?"},
    {"client-settings",
     "Do the servers' and databases' own settings mean the same to clients on both sides?"},
    {"collation-versions", "Do indexes sort as the system's libraries do now?"},
    {"copyable",
     "Can COPY bring every row: enum hashes, values beyond its limit, types that can't be read back?"},
    {"databases", "Are the run's databases there, and able to take connections?"},
    {"different-servers", "Are blue and green two servers?"},
    {"disk", "Has green's disk room for the copy, and blue's for the WAL that waits for it?"},
    {"event-triggers", "Which event triggers come to green with the schema?"},
    {"extension-members", "Are tables members of an extension, which a dump leaves out?"},
    {"extension-tables", "Have extensions tables of their own with rows of users?"},
    {"extensions", "Can green make the extensions that blue has?"},
    {"foreign-keys", "Do blue's own rows violate foreign keys, so that they can't be made anew?"},
    {"foreign-tables", "Which foreign tables lead to other servers?"},
    {"function-names",
     "Do functions that rows call name things without a schema, which copy and apply don't find?"},
    {"green-empty", "Are green's databases of the run empty, or not there yet?"},
    {"host-lists", "Does an address of green name several hosts, which PgBouncer takes in turns?"},
    {"jobs", "Do job schedulers in the server write past every pooler?"},
    {"lane-settings", "Do settings keep lanes from writing values as they are?"},
    {"lane-timeouts", "Do timeouts of the servers end what lanes and copies need long for?"},
    {"lanes", "In a prepared run: would the gate refuse a lane as it is now?"},
    {"large-objects", "Are there large objects, whose changes nothing replicates?"},
    {"leftovers", "Are there slots, publications or subscriptions of another run of pgteal?"},
    {"libraries", "Can green load the libraries that servers, databases and roles preload?"},
    {"locale", "Has green encoding and locales of the databases?"},
    {"long-transactions", "Does an old transaction keep slots from being made?"},
    {"materialized-views", "Which materialized views are filled again on green?"},
    {"migrations", "Can the pending files be read, and does replication live with what they do?"},
    {"newer-names",
     "Do names mean the same in the newer major: what it brings itself, and what it has no more?"},
    {"newer-values", "Has a newer green values, on the way back, that blue can't read?"},
    {"origins", "Are there replication origins for all lanes?"},
    {"other-slots", "Do others' logical slots need a plan: they don't move with the clients?"},
    {"other-subscriptions", "Do the run's databases subscribe to others, which would feed one side only?"},
    {"own-schema", "Is schema pgteal free, or pgteal's?"},
    {"own-tables", "In a prepared run: does somebody lock pgteal's own tables?"},
    {"owner-privileges", "May owners read and write their own tables, as whom copy and apply act?"},
    {"owners-code", "Would a superuser's session run code of users: triggers, checks, domains, indexes?"},
    {"patroni", "Does Patroni run a side, and would it drop pgteal's slots?"},
    {"peers", "Do the servers reach each other, as replication needs?"},
    {"pg-dump", "Is there a pg_dump here that is new enough?"},
    {"pool-mode", "Are clients pooled by transaction, so that PAUSE drains?"},
    {"pooler-entries", "Does every entry of the run lead to blue, and is each moved?"},
    {"pooler-files", "Can the poolers' files be replaced as they are: rights, links, attributes?"},
    {"pooler-reuseport", "Do several PgBouncers share a port, so that a console answers for one of them?"},
    {"pooler-timeouts", "Would timeouts of the poolers end clients that wait in the pause?"},
    {"poolers", "Do the poolers' consoles answer, in a version that is known to work?"},
    {"prepared-transactions", "Are there prepared transactions, which could be committed past the fence?"},
    {"privileges", "Is pgteal's role a superuser on both sides?"},
    {"reachable", "Does every server and pooler answer?"},
    {"read-only", "Could clients write on the side that is switched to?"},
    {"readable", "Could all catalogs be read?"},
    {"reads-tables", "Do constraints, columns or indexes call functions that read other tables?"},
    {"recovery", "Is a server a standby?"},
    {"replica-identity", "Has every table what UPDATE and DELETE are replicated by?"},
    {"role-names", "Would a role come to more on the other side, because its name is taken there?"},
    {"role-replication", "May roles with REPLICATION write past the fence?"},
    {"role-settings", "Does a role set itself read-write, past the fence?"},
    {"row-security", "Does forced row security keep owners from their rows?"},
    {"schema-changes", "Do clients' writes change the schema, which is frozen?"},
    {"security-labels", "Have roles and databases labels, which nothing carries?"},
    {"senders", "Are there WAL senders for all lanes?"},
    {"sequences", "Can all sequences be read and set?"},
    {"server-values", "Do columns hold numbers that mean something in one server only (oids, regclass)?"},
    {"session-settings", "Do sessions begin with the same settings on both sides?"},
    {"sides", "In a prepared run: has each side all that it had?"},
    {"slot-retention", "Is WAL kept for the lanes' slots, and not without end?"},
    {"slots", "Are there replication slots for all lanes?"},
    {"standby-entries", "Do entries of the poolers lead to standbys of blue, and stay there?"},
    {"stored-settings", "Does green take each setting that blue's roles and databases have stored?"},
    {"superuser-sessions", "Are superusers connected, whom no fence holds?"},
    {"synchronous-standbys", "Could a commit wait for a lane?"},
    {"system-schemas", "Have users put objects into system schemas, which a dump leaves out?"},
    {"tablespaces", "Has green the tablespaces of blue?"},
    {"tried-logins", "Does green let in each login of each pooler, through a PgBouncer?"},
    {"trial-restore", "Does green take blue's roles, schema and privileges, tried and dropped again?"},
    {"triggers", "Do triggers fire for replicated rows too, and do their work twice?"},
    {"type-oids", "Which types do drivers know by numbers that are others on green?"},
    {"unlogged-tables", "Are there unlogged tables, whose rows nothing replicates?"},
    {"versions", "Are both majors ones that pgteal knows, and green's not older?"},
    {"wal-level", "Is wal_level logical on both sides?"},
    {"workers", "Are there workers for all lanes?"},
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
        for (const auto& one : check_rows) {
            if (one.id == id) {
                return one.id;
            }
        }
        throw "not in check_rows";
    }
    std::string_view id_;
};

} // namespace pgteal::health
