// A lane: one publication, slot and subscription that carry a set of tables of one database in one direction.
// The functions here either give statements as data or read catalogs; who runs them, and in which order, is
// the runbook's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/tables.hpp"
#include "postgres/server.hpp"
#include "postgres/statement.hpp"

namespace pgteal::replication {

/// `from` publishes, `to` subscribes. Directions are named by their publisher: "blue" or "green".
struct Lane {
    std::string run; ///< run name, part of every object's name
    std::string database;
    int number = 1;        ///< 1..N within the database and direction
    std::string publisher; ///< "blue" | "green"

    [[nodiscard]] std::string name() const; ///< "app.1"
    /// pgteal_<run>_<database>_<n>_<publisher>, made of [a-z0-9_], at most 63 bytes (a hash is added where
    /// letters had to go). Publication, slot and subscription share it: they live in different catalogs.
    [[nodiscard]] std::string object() const;
    [[nodiscard]] std::string marker_table() const; ///< pgteal.marker_<n>, the same table in both directions
};

/// The name of a binding that belongs to one database: "<prefix>_<database>" when the database's name is made
/// of [a-z0-9_], which is all that a binding's name may hold; otherwise what Lane::object() makes of it.
std::string binding_for(std::string_view prefix, const std::string& database);

/// Schema pgteal on one side of one database. Idempotent.
///   pgteal.marker_<n>(kind text primary key, token bigint, at timestamptz): one per lane, with the kinds
///     'barrier', 'lag' and 'canary'. All rows exist on both sides from the start, since an UPDATE of a row
///     that the subscriber lacks is skipped in silence, and an INSERT of one that it has stops apply. Kind
///     'look' and column previous: continuity.hpp; column detail and kinds 'partition …': partitions.hpp.
///   pgteal.run(one boolean primary key default true check(one), run_id text, run_name text, epoch bigint,
///     serving text, controller text, barrier bigint, reverse_start pg_lsn, system_identifier text,
///     switched_at timestamptz): always one row.
///   pgteal.seen: what was last seen of each side, to tell when one goes back in time.
///   pgteal.probe(entry text, token text): PUBLIC may insert, and no more, so that a probe through any pooler
///     user can write and none can be made to wait.
postgres::Statement create_control_schema(const std::string& database, int lanes);
postgres::Statement drop_control_schema(const std::string& database);

// Statements on the publisher.
/// Includes the marker table; column lists only where needed. Column lists need PostgreSQL 15 on the
/// publisher (docs: CREATE PUBLICATION): throws Error(refused) when one is needed and `publisher_version` (as
/// 150020) is older.
postgres::Statement create_publication(const Lane& lane, const std::vector<PublishedTable>& tables,
                                       int publisher_version = 150000);
postgres::Statement drop_publication(const Lane& lane);
/// Through a walsender session: gives bindings snapshot_<object> and consistent_<object> (docs:
/// CREATE_REPLICATION_SLOT … EXPORT_SNAPSHOT).
postgres::Statement create_slot_with_snapshot(const Lane& lane);
/// For the tables that an interrupted copy of the lane left over: the same bindings for a later snapshot. The
/// lane's own slot stays where it is; this one is temporary and ends with its session.
postgres::Statement create_later_snapshot(const Lane& lane);
/// Ordinary session: pg_create_logical_replication_slot, unless it is there. Waits for running write
/// transactions of the database's server.
postgres::Statement create_slot(const Lane& lane);
/// Ends a walsender that still holds the slot (its subscriber may be unreachable) and drops it; nothing when
/// there is none.
postgres::Statement drop_slot(const Lane& lane);
/// Moves an inactive slot forward to :'position' (pg_replication_slot_advance), never backward: nothing older
/// is needed any more.
postgres::Statement advance_slot(const Lane& lane, std::string position_binding);

// Statements on the subscriber.
/// CREATE SUBSCRIPTION … WITH (create_slot = false, slot_name, copy_data = false, enabled = false) with
/// connection :'conninfo_<publisher>'. Tables that pgteal.copied says were copied at a later position than
/// the lane's first ones begin there: in pg_subscription_rel they have state s (synchronized) with that
/// position, as after PostgreSQL's own initial copy, so that apply leaves out what came before (source:
/// worker.c, should_apply_changes_for_rel; docs: "pg_subscription_rel"). Needs superuser.
enum class Listed {
    now,    ///< the tables are those that the publication has when the statement runs
    as_read ///< what binding published_<database> says (partitions.hpp): clients may be adding partitions
};
postgres::Statement create_subscription(const Lane& lane, Listed listed = Listed::now);
postgres::Statement enable_subscription(const Lane& lane);
/// Returns once its worker is gone (up to 10 s; a worker reads its catalog row each second at the latest),
/// since only then may the other direction start. Raises 55006 when the worker stays.
postgres::Statement disable_subscription(const Lane& lane);
/// Detaches from the slot first (SET (slot_name = NONE)), so that it never hangs on an unreachable publisher.
/// Nothing when there is no such subscription.
postgres::Statement drop_subscription(const Lane& lane);
/// One transaction: pg_replication_origin_advance('pg_<subscription oid>', :'<position_binding>') and an
/// update of pgteal.run, whose commit flushes it (the function alone commits without a flush, source:
/// origin.c). Raises 42704 when there is no such subscription; the server raises 55006 while a worker uses
/// the origin.
postgres::Statement advance_origin(const Lane& lane, std::string position_binding);

/// Tables of the lane whose copy is complete on the subscriber, with the position of their snapshot:
/// qualified names, quoted.
struct CopiedAt {
    std::string table;
    Lsn at;
};
Task<std::vector<CopiedAt>> copied_tables(postgres::Server& subscriber, Lane lane, Deadline deadline);
/// Notes that a table is copied. Not flushed by itself: it comes after the copy's own commit in the WAL.
std::string note_copied(const Lane& lane, const Table& table, const std::string& at);
/// No table: all of the lane's.
postgres::Statement forget_copied(const Lane& lane, const std::vector<Table>& tables);

/// What the catalogs of both sides say of a lane.
struct LaneState {
    bool publication = false;
    std::vector<std::string>
        published; ///< schema.name of pg_publication_tables, without the marker table, sorted
    bool slot = false;
    bool slot_active = false;
    std::string slot_status; ///< wal_status: reserved, extended, unreserved, lost
    std::optional<Lsn> confirmed_flush;
    Bytes retained{};                    ///< WAL the slot keeps on the publisher
    std::optional<Bytes> retained_limit; ///< max_slot_wal_keep_size; nullopt = unlimited
    bool subscription = false;
    bool enabled = false;
    bool worker = false;                 ///< an apply worker runs
    std::vector<std::string> subscribed; ///< pg_subscription_rel, like `published`
    std::vector<std::string> not_ready;  ///< srsubstate <> 'r'
    std::int64_t apply_errors = 0;       ///< pg_stat_subscription_stats (15+)
};
Task<LaneState> read_lane(postgres::Server& publisher, postgres::Server& subscriber, Lane lane,
                          Deadline deadline);

/// Names of our slots, publications and subscriptions of this run that exist on `server` in `database` but
/// belong to none of `lanes`.
Task<std::vector<std::string>> stray_objects(postgres::Server& server, std::string database, std::string run,
                                             std::vector<Lane> lanes, Deadline deadline);

} // namespace pgteal::replication
