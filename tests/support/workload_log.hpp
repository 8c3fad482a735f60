// What the clients attempted and what they were told, as compact text lines. An intent reaches the kernel
// before its statement leaves, so killing the workload loses no attempt; an attempt without outcome counts as
// unknown.
//
//   H 1 RUN STEADY_NS WALL_US                                           at the start of a run
//   I OP CLIENT p|n DSN STEADY_NS WALL_US KIND A B C                    about to be sent
//   O OP STEADY_NS WALL_US OUTCOME LATENCY_US SERVER SQLSTATE R1 R2 [MESSAGE]
//   E CLIENT p|n DSN STEADY_NS WALL_US MESSAGE                          a connection that was lost or refused
//   S STEADY_NS WALL_US                                                 drained: every attempt has its
//   outcome
//
// STEADY_NS counts from the start of the run. DSN is the place of the pooler in the command line, from 0.
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/workload_session.hpp"

namespace pgteal::workload {

// a, b, c and the results r1, r2 of each:
enum class Kind {
    event,    // insert
    counter,  // n = n + 1                       a: counter
    transfer, // two updates and a ledger row    a: from, b: to, c: amount
    family,   // a parent and its children
    item,     // insert, to be deleted later
    remove,   // delete, and leave a tombstone   a: item
    seed,     // insert a row whose key will change
    rekey,    // update its primary key          a: old key; the new one is the operation's id
    plant,    // insert a row with a large value
    touch,    // update it, but not the large value   a: key
    draw,     // nextval, stored                 a: sequence; r1: value, r2: the row's identity value
    ticket,   // nextval, not stored             a: sequence; r1: value
    read,     // the client's own row again      a: key of a toasted row; r1: the operation that wrote it
};
inline constexpr std::array<std::string_view, 13> kind_names{
    "event", "counter", "transfer", "family", "item",   "remove", "seed",
    "rekey", "plant",   "touch",    "draw",   "ticket", "read"};

// missing: the server answered, but the client's own row, written and acknowledged before, wasn't there.
enum class Outcome { ok, failed, unknown, missing };
inline constexpr std::array<std::string_view, 4> outcome_names{"ok", "failed", "unknown", "missing"};

std::string_view name(Kind kind);

struct Op {
    Id id = 0;
    int client = 0;
    bool new_connection = false;
    int dsn = 0;
    Kind kind = Kind::event;
    Id a = 0, b = 0, c = 0;
    std::int64_t sent_us =
        0; // wall clock at the start of the run + steady time since, so a stepped clock does no harm
    std::int64_t done_us = 0;
    std::int64_t latency_us = 0;
    Outcome outcome = Outcome::unknown;
    Id server = 0;
    Id r1 = 0, r2 = 0;
    std::string sqlstate; // "connect" when the connection was refused, empty when there's none
    std::string message;

    bool acknowledged() const { return outcome == Outcome::ok; }
    bool writes() const { return kind != Kind::read; }
};

struct ConnectError {
    bool new_connection = false;
    int dsn = 0;
    std::int64_t at_us = 0;
    std::string message;
};

struct Log {
    std::vector<Op> ops; // ordered by id: each client's own in the order in which it sent them
    std::vector<ConnectError> connect_errors;
    std::int64_t from_us = 0;
    std::int64_t to_us = 0;
    bool drained = false;
};

// Several files, or several runs in one file, are one history, as long as they wrote to the same tables.
Log read_logs(std::span<const std::filesystem::path> files);
Log parse_log(std::string_view text);

class LogWriter {
public:
    // Appends to a file that exists.
    explicit LogWriter(const std::filesystem::path& file);
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    // Ids of one run lie above those of earlier ones; each client has 2^24 of them.
    Id first_id(int client) const { return (run_ << 32) | (Id{client} << 24); }

    void intent(Op& op);  // sets sent_us
    void outcome(Op& op); // sets done_us and latency_us
    void connect_error(int client, bool new_connection, int dsn, std::string_view message);
    void drained();

private:
    std::int64_t steady_ns() const;
    void write(std::string_view line);

    int file_ = -1;
    std::chrono::steady_clock::time_point start_;
    std::int64_t wall_us_ = 0;
    Id run_ = 0;
};

} // namespace pgteal::workload
