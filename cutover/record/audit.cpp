#include "cutover/record/audit.hpp"

#include <algorithm>
#include <map>

#include "cutover/record/digest.hpp"
#include "cutover/record/step_id.hpp"
#include "postgres/literals.hpp"

namespace pgteal::cutover {

namespace {

namespace json = boost::json;

/// A file may be data rather than DDL: the digest tells the rest.
constexpr std::size_t most_sql = 256UL * 1024;

std::string text_in(const json::object& body, const char* key) {
    const auto* value = body.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::optional<Clock::duration> time_in(const json::object& body, const char* milliseconds) {
    const auto* value = body.if_contains(milliseconds);
    return value != nullptr && value->is_number()
               ? std::optional(from_seconds(value->to_number<double>() / 1000))
               : std::nullopt;
}

std::vector<Description> actions_in(const json::object& body) {
    std::vector<Description> actions;
    if (const auto* list = body.if_contains("actions"); list != nullptr && list->is_array()) {
        for (const auto& one : list->as_array()) {
            if (one.is_object()) {
                actions.push_back({text_in(one.as_object(), "where"), text_in(one.as_object(), "what")});
            }
        }
    }
    return actions;
}

class Reader {
public:
    explicit Reader(const std::vector<Author>& authors) : authors_(authors) {}

    void take(const Event& event) {
        switch (event.kind) {
        case EventKind::run_begun:
            run_id_ = text_in(event.body, "run_id");
            add(event, "run begun");
            break;
        case EventKind::intent:
            begin(event, "step");
            break;
        case EventKind::undoing:
            begin(event, "step undone");
            break;
        case EventKind::done:
        case EventKind::undone:
        case EventKind::failed:
            end(event);
            break;
        case EventKind::begun:
            add(event, "switchover begun").summary =
                text_in(event.body, "from") + " to " + text_in(event.body, "to");
            break;
        case EventKind::switched:
            add(event, "switched").summary = text_in(event.body, "to") + " serves from now on";
            break;
        case EventKind::completed:
            add(event, "switchover completed").time = time_in(event.body, "pause_ms");
            break;
        case EventKind::aborted:
            add(event, "switchover taken back");
            break;
        case EventKind::finishing:
            add(event, "finish begun");
            break;
        case EventKind::removing:
            add(event, "removal begun");
            break;
        case EventKind::finished:
            add(event, "run finished");
            run_id_.clear();
            break;
        case EventKind::removed:
            add(event, "run removed");
            run_id_.clear();
            break;
        case EventKind::approved:
            add(event, "approved").summary = text_in(event.body, "as");
            break;
        case EventKind::voided:
            add(event, "comparison void").summary = text_in(event.body, "doubt");
            break;
        case EventKind::accepted:
            add(event, "compared equal").summary = text_in(event.body, "side") + " as it is now: timeline " +
                                                   text_in(event.body, "timeline") + ", WAL at " +
                                                   text_in(event.body, "flushed");
            break;
        case EventKind::migrated: {
            auto& entry = add(event, "migrated");
            entry.summary = text_in(event.body, "script");
            entry.time = time_in(event.body, "ms");
            const auto side = text_in(event.body, "side");
            entry.actions.push_back({(side.empty() ? "" : side + "/") + text_in(event.body, "database"),
                                     text_in(event.body, "sql")});
            break;
        }
        }
    }
    std::vector<AuditEntry> entries;

private:
    AuditEntry& add(const Event& event, const std::string& what) {
        while (author_ + 1 < authors_.size() && authors_[author_ + 1].first_seq <= event.seq) {
            ++author_;
        }
        AuditEntry entry;
        entry.seq = event.seq;
        entry.at = event.at;
        entry.run_id = run_id_;
        entry.epoch = event.epoch;
        entry.what = what;
        entry.details = event.body;
        if (author_ < authors_.size() && authors_[author_].first_seq <= event.seq) {
            entry.who = authors_[author_].who;
            entry.command = authors_[author_].command;
        }
        entries.push_back(std::move(entry));
        return entries.back();
    }

    void begin(const Event& event, const std::string& what) {
        auto& entry = add(event, what);
        entry.step = event.step;
        entry.outcome = "no record of its end";
        entry.actions = actions_in(event.body);
        entry.details.clear();
        open_[event.step] = entries.size() - 1;
    }

    void end(const Event& event) {
        const auto found = open_.find(event.step);
        auto* entry = found == open_.end() ? &add(event, "step") : &entries[found->second];
        if (found == open_.end()) {
            entry->step = event.step; // there was nothing to do for it
            entry->details.clear();
        } else {
            open_.erase(found);
        }
        entry->ended = event.at;
        entry->outcome = to_string(event.kind);
        entry->time = time_in(event.body, "ms");
        entry->summary =
            event.kind == EventKind::failed ? text_in(event.body, "error") : text_in(event.body, "summary");
    }

    const std::vector<Author>& authors_;
    std::size_t author_ = 0;
    std::string run_id_;
    std::map<std::string, std::size_t> open_; ///< step -> its entry without an end
};

} // namespace

Event migrated_event(const std::string& database, const std::string& side, const migration::File& file,
                     Clock::duration time) {
    std::string sql;
    for (const auto& statement : file.statements) {
        sql += postgres::without_constants(statement.text, postgres::Constants::strings) + ";\n";
        if (sql.size() > most_sql) {
            sql.resize(most_sql);
            while (!sql.empty() && (static_cast<unsigned char>(sql.back()) & 0xC0U) == 0x80U) {
                sql.pop_back();
            }
            if (!sql.empty() && static_cast<unsigned char>(sql.back()) >= 0xC0U) {
                sql.pop_back();
            }
            sql += "… (the file has more)\n";
            break;
        }
    }
    Event event;
    event.step = name_of(StepId::migrate);
    event.kind = EventKind::migrated;
    event.body["database"] = database;
    event.body["side"] = side;
    event.body["script"] = file.script;
    event.body["version"] = file.version;
    event.body["sha256"] = sha256(file.text);
    event.body["ms"] = to_ms(time);
    event.body["sql"] = sql;
    return event;
}

std::vector<AuditEntry> audit_of(const std::vector<Event>& events, const std::vector<Author>& authors) {
    Reader reader(authors);
    for (const auto& event : events) {
        reader.take(event);
    }
    return std::move(reader.entries);
}

} // namespace pgteal::cutover
