#include "cutover/record/journal.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "cutover/record/whoami.hpp"

namespace pgteal::cutover {

namespace {

constexpr const char* journal_hint =
    "make room or mend the disk; then pgteal resume, or the same command again "
    "when that says that nothing was interrupted";

constexpr std::array<std::pair<EventKind, std::string_view>, 18> kind_names{{
    {EventKind::run_begun, "run_begun"},
    {EventKind::intent, "intent"},
    {EventKind::done, "done"},
    {EventKind::failed, "failed"},
    {EventKind::undoing, "undoing"},
    {EventKind::undone, "undone"},
    {EventKind::begun, "begun"},
    {EventKind::switched, "switched"},
    {EventKind::completed, "completed"},
    {EventKind::aborted, "aborted"},
    {EventKind::finishing, "finishing"},
    {EventKind::finished, "finished"},
    {EventKind::removing, "removing"},
    {EventKind::removed, "removed"},
    {EventKind::approved, "approved"},
    {EventKind::migrated, "migrated"},
    {EventKind::voided, "voided"},
    {EventKind::accepted, "accepted"},
}};

constexpr const char* tables =
    "CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, "
    "epoch INTEGER NOT NULL, step TEXT NOT NULL,"
    " kind TEXT NOT NULL, body TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS author (first_seq INTEGER PRIMARY KEY, command TEXT "
    "NOT NULL, who TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT NOT NULL)";

/// A prepared statement, finalised when it goes.
class Query {
public:
    Query(sqlite3* db, const char* text, const std::string& path) : db_(db), path_(path) {
        if (sqlite3_prepare_v2(db, text, -1, &handle_, nullptr) != SQLITE_OK) {
            fail();
        }
    }
    ~Query() { sqlite3_finalize(handle_); }
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    void bind(int index, const std::string& value) {
        sqlite3_bind_text64(handle_, index, value.data(), value.size(),
                            reinterpret_cast<sqlite3_destructor_type>(-1),
                            SQLITE_UTF8); // NOLINT: SQLITE_TRANSIENT
    }
    void bind(int index, std::int64_t value) { sqlite3_bind_int64(handle_, index, value); }
    bool row() {
        const int status = sqlite3_step(handle_);
        if (status != SQLITE_ROW && status != SQLITE_DONE) {
            fail();
        }
        return status == SQLITE_ROW;
    }
    [[nodiscard]] std::string text(int column) const {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
        return bytes == nullptr
                   ? std::string()
                   : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column)));
    }
    [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(handle_, column); }

private:
    [[noreturn]] void fail() const {
        throw Error(ErrorCode::file, "controller",
                    "the journal " + path_ + " can't be written or read: " + sqlite3_errmsg(db_),
                    journal_hint);
    }
    sqlite3* db_;
    const std::string& path_;
    sqlite3_stmt* handle_ = nullptr;
};

} // namespace

std::string utc_now() {
    std::timespec now{};
    std::timespec_get(&now, TIME_UTC);
    std::tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    std::array<char, 40> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::string out(text.data(), length);
    const auto micros = std::to_string(now.tv_nsec / 1000);
    return out + "." + std::string(6 - micros.size(), '0') + micros + "Z";
}

std::string to_string(EventKind kind) {
    for (const auto& [value, text] : kind_names) {
        if (value == kind) {
            return std::string(text);
        }
    }
    return "removed";
}

std::optional<EventKind> parse_event_kind(std::string_view text) {
    for (const auto& [value, known] : kind_names) {
        if (known == text) {
            return value;
        }
    }
    return std::nullopt;
}

struct Journal::Impl {
    std::string dir;
    std::string path;
    std::string command;
    bool authored = false; ///< this process has said who it is
    sqlite3* db = nullptr;
    int lock = -1;

    ~Impl() {
        sqlite3_close(db);
        if (lock >= 0) {
            ::close(lock);
        }
    }
    void run(const char* text) const {
        char* message = nullptr;
        if (sqlite3_exec(db, text, nullptr, nullptr, &message) != SQLITE_OK) {
            const std::string reason = message == nullptr ? sqlite3_errmsg(db) : message;
            sqlite3_free(message);
            throw Error(ErrorCode::file, "controller", "the journal " + path + " can't be used: " + reason,
                        journal_hint);
        }
    }
    void open_database(int flags) {
        if (sqlite3_open_v2(path.c_str(), &db, flags, nullptr) != SQLITE_OK) {
            throw Error(ErrorCode::file, "controller",
                        "can't open the journal " + path + ": " + sqlite3_errmsg(db),
                        "check [run] state and its permissions");
        }
        sqlite3_busy_timeout(db, 5000);
    }
    [[nodiscard]] bool has_table(const std::string& name) const {
        Query query(db, "SELECT 1 FROM sqlite_master WHERE name = ?", path);
        query.bind(1, name);
        return query.row();
    }
    /// Within the transaction of this process's first events.
    void sign() const {
        if (authored || command.empty()) {
            return;
        }
        Query insert(db,
                     "INSERT OR REPLACE INTO author (first_seq, command, who) "
                     "SELECT coalesce(max(seq), 0) + 1, ?, ? FROM event",
                     path);
        insert.bind(1, command);
        insert.bind(2, whoami());
        insert.row();
    }
    void take_lock() {
        const auto lock_path = dir + "/lock";
        lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (lock < 0) {
            throw Error(ErrorCode::file, "controller",
                        "can't open " + lock_path + ": " + std::strerror(errno),
                        "check [run] state and its permissions");
        }
        if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
            std::array<char, 512> text{};
            const auto length = ::pread(lock, text.data(), text.size() - 1, 0);
            const std::string holder(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0U);
            throw Error(ErrorCode::busy, "controller",
                        "another pgteal works on this run" + (holder.empty() ? "" : ": " + holder),
                        "wait for it, or end it and run pgteal resume");
        }
        std::array<char, 256> host{};
        ::gethostname(host.data(), host.size() - 1);
        const auto text = "pgteal " + command + ", pid " + std::to_string(::getpid()) + " on " + host.data() +
                          ", since " + utc_now();
        if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, text.data(), text.size(), 0) < 0) {
            throw Error(ErrorCode::file, "controller",
                        "can't write " + lock_path + ": " + std::strerror(errno), "make room on that disk");
        }
    }
};

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Journal Journal::open(const std::string& state_dir, const std::string& run, const std::string& command) {
    auto impl = std::make_unique<Impl>();
    impl->dir = state_dir + "/" + run;
    impl->path = impl->dir + "/journal.db";
    std::error_code error;
    std::filesystem::create_directories(impl->dir, error);
    if (error) {
        throw Error(ErrorCode::file, "controller",
                    "can't make the folder " + impl->dir + ": " + error.message(),
                    "set [run] state to a folder that pgteal may write");
    }
    ::chmod(impl->dir.c_str(), 0700);
    impl->command = command;
    impl->take_lock();
    impl->open_database(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX);
    ::chmod(impl->path.c_str(), 0600);
    impl->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    impl->run(tables);
    return Journal(std::move(impl));
}

Journal Journal::scratch() {
    auto impl = std::make_unique<Impl>();
    impl->path = ":memory:";
    impl->open_database(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
    impl->run(tables);
    return Journal(std::move(impl));
}

std::optional<Journal> Journal::peek(const std::string& state_dir, const std::string& run) {
    auto impl = std::make_unique<Impl>();
    impl->dir = state_dir + "/" + run;
    impl->path = impl->dir + "/journal.db";
    std::error_code unknown;
    if (!std::filesystem::exists(impl->path, unknown)) {
        if (unknown) {
            throw Error(
                ErrorCode::file, "controller",
                "can't look at the journal " + impl->path + ": " + unknown.message(),
                "check [run] state and its permissions, or run pgteal as the user that began the run");
        }
        return std::nullopt;
    }
    impl->open_database(SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX);
    impl->run("PRAGMA query_only = ON");
    // query_only still lets the last connection fold the write-ahead log of a crashed controller into the
    // file as it closes.
    sqlite3_db_config(impl->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    // Without its last table another process is just making it.
    return impl->has_table("fact") ? std::optional<Journal>(Journal(std::move(impl))) : std::nullopt;
}

std::vector<Event> Journal::events() const {
    std::vector<Event> all;
    Query query(impl_->db, "SELECT seq, at, epoch, step, kind, body FROM event ORDER BY seq", impl_->path);
    while (query.row()) {
        Event event;
        event.seq = query.number(0);
        event.at = query.text(1);
        event.epoch = query.number(2);
        event.step = query.text(3);
        const auto kind = parse_event_kind(query.text(4));
        if (!kind) {
            throw Error(ErrorCode::file, "controller",
                        "the journal " + impl_->path +
                            " holds an event of a kind this pgteal does not know: " + query.text(4),
                        "use the version of pgteal that began the run");
        }
        event.kind = *kind;
        event.body = boost::json::parse(query.text(5)).as_object();
        all.push_back(std::move(event));
    }
    return all;
}

std::vector<Author> Journal::authors() const {
    std::vector<Author> all;
    if (!impl_->has_table("author")) {
        return all;
    }
    Query query(impl_->db, "SELECT first_seq, command, who FROM author ORDER BY first_seq", impl_->path);
    while (query.row()) {
        all.push_back({query.number(0), query.text(1), query.text(2)});
    }
    return all;
}

void Journal::append(std::vector<Event> events) {
    impl_->run("BEGIN IMMEDIATE");
    try {
        impl_->sign();
        for (const auto& event : events) {
            Query insert(impl_->db, "INSERT INTO event (at, epoch, step, kind, body) VALUES (?, ?, ?, ?, ?)",
                         impl_->path);
            insert.bind(1, utc_now());
            insert.bind(2, event.epoch);
            insert.bind(3, event.step);
            insert.bind(4, to_string(event.kind));
            insert.bind(5, boost::json::serialize(event.body));
            insert.row();
        }
        impl_->run("COMMIT");
        impl_->authored = true;
    } catch (...) {
        sqlite3_exec(impl_->db, "ROLLBACK", nullptr, nullptr, nullptr);
        throw;
    }
}

void Journal::append(Event event) {
    std::vector<Event> one;
    one.push_back(std::move(event));
    append(std::move(one));
}

boost::json::value Journal::read(const std::string& key) const {
    Query query(impl_->db, "SELECT value FROM fact WHERE key = ?", impl_->path);
    query.bind(1, key);
    return query.row() ? boost::json::parse(query.text(0)) : boost::json::value();
}

void Journal::write(const std::string& key, const boost::json::value& value) {
    Query query(
        impl_->db,
        "INSERT INTO fact (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        impl_->path);
    query.bind(1, key);
    query.bind(2, boost::json::serialize(value));
    query.row();
}

void Journal::add_to(const std::string& which, const boost::json::object& members) {
    const auto known = read(which);
    auto all = known.is_object() ? known.as_object() : boost::json::object();
    for (const auto& [name, value] : members) {
        all[name] = value;
    }
    write(which, all);
}

std::string Journal::work_dir() const { return impl_->dir; }
std::string Journal::path() const { return impl_->path; }

} // namespace pgteal::cutover
