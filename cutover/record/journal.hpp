// The journal: what pgteal meant to do and did, durable before each effect, in SQLite (one file a run name).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <boost/json.hpp>

#include "base/side.hpp"
#include "cutover/record/facts.hpp"

namespace pgteal::cutover {

/// "2026-11-21T12:00:00.000000Z", for people.
std::string utc_now();

enum class EventKind {
    run_begun, ///< body: {"run_id"}
    intent,    ///< body: {"actions":[{"where","what"}]}
    done,      ///< body: {"ms","summary"}
    failed,    ///< body: {"error"}
    undoing,   ///< body: {"actions"}
    undone,
    begun,     ///< a switchover attempt; body: {"from","to"}
    switched,  ///< the switch point; body: {"to","epoch","bindings"}
    completed, ///< the attempt ended on `to`; body: {"pause_ms"}, "unserved" when no client reached it
    aborted,   ///< the attempt ended on `from`
    finishing,
    finished,
    removing,
    removed,  ///< ends of a run: finish, abort
    approved, ///< see approvals.hpp; belongs to no run: it may come before one
    migrated, ///< a file was applied; body: see audit.hpp
    voided,   ///< a side went back in time; body: {"side"} and its record, see side_record.hpp
    accepted, ///< a comparison found both sides equal since; body: the same
};
std::string to_string(EventKind kind);
std::optional<EventKind> parse_event_kind(std::string_view text);

struct Event {
    std::int64_t seq = 0;
    std::string at; ///< UTC, for people; nothing is decided by it
    std::int64_t epoch = 0;
    std::string step;
    EventKind kind = EventKind::intent;
    boost::json::object body;
};

/// A controller that wrote events, from `first_seq` to the next one's.
struct Author {
    std::int64_t first_seq = 0;
    std::string command; ///< "prepare"
    std::string who;     ///< see whoami.hpp
};

/// One controller at a time: open() takes an exclusive lock for as long as the Journal lives.
class Journal {
public:
    /// Creates folder and file when needed (mode 0700/0600). Throws Error(busy) saying who holds it (pid,
    /// host, command, since) and Error(file) when the folder can't be used. `command` is what this process
    /// says of itself.
    static Journal open(const std::string& state_dir, const std::string& run, const std::string& command);
    /// For status and the like: no lock, never writes; nullopt when there is no journal.
    static std::optional<Journal> peek(const std::string& state_dir, const std::string& run);

    /// In memory: for describing the runbook.
    static Journal scratch();

    Journal(Journal&&) noexcept;
    Journal& operator=(Journal&&) noexcept;
    ~Journal();

    [[nodiscard]] std::vector<Event> events() const;
    /// In order; empty for a journal of a version that did not record them.
    [[nodiscard]] std::vector<Author> authors() const;
    /// All or none, on disk when it returns (SQLite WAL mode, synchronous = FULL: one fsync). Throws
    /// Error(file): then nothing was recorded.
    void append(std::vector<Event> events);
    void append(Event event);

    /// See facts.hpp. Nullopt for what was never remembered, or is forgotten.
    template <typename T>
    [[nodiscard]] std::optional<T> recall(const Fact<T>& fact) const {
        return as<T>(read(std::string(fact.key)));
    }
    /// `which`: Fact::of().
    template <typename T>
    [[nodiscard]] std::optional<T> recall(const Fact<T>&, const std::string& which) const {
        return as<T>(read(which));
    }
    template <typename T>
    void remember(const Fact<T>& fact, const std::type_identity_t<T>& value) {
        write(std::string(fact.key), boost::json::value_from(value));
    }
    template <typename T>
    void remember(const Fact<T>&, const std::string& which, const std::type_identity_t<T>& value) {
        write(which, boost::json::value_from(value));
    }
    template <typename T>
    void forget(const Fact<T>& fact) {
        write(std::string(fact.key), nullptr);
    }
    template <typename T>
    void forget(const Fact<T>&, const std::string& which) {
        write(which, nullptr);
    }
    /// Members that a fact gets besides those that it has: what a statement answered.
    void add_to(const std::string& which, const boost::json::object& members);

    /// A folder beside the journal for dumps.
    [[nodiscard]] std::string work_dir() const;
    [[nodiscard]] std::string path() const;

private:
    template <typename T>
    static std::optional<T> as(const boost::json::value& value) {
        return value.is_null() ? std::nullopt : std::optional<T>(boost::json::value_to<T>(value));
    }
    [[nodiscard]] boost::json::value read(const std::string& key) const;
    void write(const std::string& key, const boost::json::value& value);

    struct Impl;
    explicit Journal(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace pgteal::cutover
