#include "migration/rehearse/report.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "migration/files/text.hpp"

namespace pgteal::migration::rehearse {

namespace {

namespace json = boost::json;

constexpr std::size_t most_shown = 40; ///< statements of one file

json::array texts(const std::vector<std::string>& items) {
    json::array list;
    for (const auto& item : items) {
        list.push_back(json::value(item));
    }
    return list;
}

json::object to_json(const Measured& one) {
    json::object object;
    object["line"] = one.line;
    object["statement"] = one.statement;
    object["ms"] = to_ms(one.time);
    json::array locks;
    for (const auto& lock : one.locks) {
        json::object held;
        held["relation"] = lock.relation;
        held["mode"] = lint::to_string(lock.mode);
        held["ms"] = to_ms(lock.time);
        locks.push_back(std::move(held));
    }
    object["locks"] = std::move(locks);
    json::object before;
    if (one.held_before.mode != lint::Lock::none) {
        before["relation"] = one.held_before.relation;
        before["mode"] = lint::to_string(one.held_before.mode);
    }
    object["held_before"] = before.empty() ? json::value() : json::value(before);
    object["rewrites"] = texts(one.rewrites);
    object["rows"] = one.rows;
    object["wal_bytes"] = one.wal.count;
    object["in_transaction"] = one.in_transaction;
    object["skipped"] = one.skipped;
    return object;
}

/// Bytes that are no continuation of a UTF-8 character.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string ms_text(Clock::duration time) {
    const double ms = to_ms(time);
    return ms < 10 ? fmt::format("{:.1f}", ms) : fmt::format("{:.0f}", ms);
}

/// The strongest, on a table rather than on its index.
const HeldLock* strongest(const Measured& one) {
    const HeldLock* found = nullptr;
    for (const auto& lock : one.locks) {
        if (found == nullptr || lock.mode > found->mode ||
            (lock.mode == found->mode && found->index && !lock.index)) {
            found = &lock;
        }
    }
    return found;
}

std::string lock_text(const Measured& one) {
    const auto* lock = strongest(one);
    if (one.held_before.mode != lint::Lock::none && (lock == nullptr || lock->mode <= one.held_before.mode)) {
        return fmt::format("{} {} still", lint::to_string(one.held_before.mode), one.held_before.relation);
    }
    if (lock == nullptr) {
        return "-";
    }
    const auto tables = std::ranges::count_if(one.locks, [&](const HeldLock& other) {
        return &other != lock && !other.index && other.mode == lock->mode;
    });
    return fmt::format("{} {}{}", lint::to_string(lock->mode), lock->relation,
                       tables == 0 ? "" : fmt::format(" +{}", tables));
}

std::string held_text(const Measured& one) {
    const auto* lock = strongest(one);
    return lock == nullptr ? "" : ms_text(lock->time);
}

std::string rewrite_text(const Measured& one) {
    if (one.rewrites.empty()) {
        return "-";
    }
    return one.rewrites.front() +
           (one.rewrites.size() == 1 ? "" : fmt::format(" +{}", one.rewrites.size() - 1));
}

using Row = std::array<std::string, 8>;
constexpr std::array<bool, 8> right_aligned{false, false, true, false, true, false, true, true};

Row row_of(const std::string& script, const Measured& one) {
    const auto where = script + ":" + std::to_string(one.line);
    if (!one.skipped.empty()) {
        return {where, excerpt(one.statement, 44), "-", "not run", "", "", "", ""};
    }
    return {where,          excerpt(one.statement, 44), ms_text(one.time),        lock_text(one),
            held_text(one), rewrite_text(one),          std::to_string(one.rows), to_string(one.wal)};
}

/// Indexes of the statements that are shown, in the file's order.
std::vector<std::size_t> shown_of(const std::vector<Measured>& all) {
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), 0U);
    if (all.size() > most_shown) {
        const auto matters = [&](std::size_t i) {
            const auto* lock = strongest(all[i]);
            return std::tuple(!all[i].skipped.empty() || !all[i].rewrites.empty(),
                              lock == nullptr ? lint::Lock::none : lock->mode, all[i].time);
        };
        std::ranges::stable_sort(order, [&](auto a, auto b) { return matters(a) > matters(b); });
        order.resize(most_shown);
        std::ranges::sort(order);
    }
    return order;
}

std::string line_of(const Row& row, const std::array<std::size_t, 8>& widths) {
    std::string line = "  ";
    for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string pad(widths.at(i) - std::min(widths.at(i), width(row.at(i))), ' ');
        line += right_aligned.at(i) ? pad + row.at(i) : row.at(i) + pad;
        line += "   ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::string duration(Clock::duration time) {
    return time < std::chrono::seconds(1) ? fmt::format("{} ms", ms_text(time))
                                          : fmt::format("{:.1f} s", to_seconds(time));
}

std::string way_back(const FileReport& file) {
    switch (file.down) {
    case Down::ok:
        return fmt::format("down {}, the schema as before; up again {}", duration(file.down_time),
                           duration(file.again_time));
    case Down::missing:
        return "no way back";
    case Down::differs:
        return fmt::format("down {}, but the schema is another one", duration(file.down_time));
    case Down::failed:
        return "the way back fails";
    case Down::not_run:
        break;
    }
    return "the way back was not run";
}

} // namespace

json::object to_json(const Report& report) {
    json::object object;
    object["name"] = report.database;
    object["scratch"] = report.scratch;
    json::array files;
    for (const auto& file : report.files) {
        json::object one;
        one["script"] = file.script;
        one["ms"] = to_ms(file.time);
        json::array statements;
        for (const auto& statement : file.statements) {
            statements.push_back(to_json(statement));
        }
        one["statements"] = std::move(statements);
        one["down"] = to_string(file.down);
        one["down_ms"] = to_ms(file.down_time);
        one["again_ms"] = to_ms(file.again_time);
        one["differences"] = texts(file.differences);
        files.push_back(std::move(one));
    }
    object["files"] = std::move(files);
    object["not_rehearsed"] = texts(report.not_rehearsed);
    return object;
}

json::array findings_json(const Report& report) {
    json::array list;
    for (const auto& finding : report.findings) {
        json::object one;
        one["database"] = report.database;
        one["rule"] = finding.rule;
        one["level"] = to_string(finding.level);
        one["file"] = finding.script;
        one["line"] = finding.line;
        one["message"] = finding.message;
        one["fix"] = finding.fix;
        list.push_back(std::move(one));
    }
    return list;
}

std::vector<std::string> table_of(const Report& report) {
    std::vector<std::pair<Row, std::string>> rows; // or a line of its own
    rows.push_back(
        {{"where", "statement", "ms", "strongest lock", "held ms", "rewrites", "rows", "WAL"}, ""});
    for (const auto& file : report.files) {
        const auto shown = shown_of(file.statements);
        for (const auto i : shown) {
            rows.push_back({row_of(file.script, file.statements[i]), ""});
        }
        std::int64_t wal = 0;
        for (const auto& one : file.statements) {
            wal += one.wal.count;
        }
        const auto hidden = file.statements.size() - shown.size();
        rows.push_back({{},
                        fmt::format("  {}: {} {}{}, {}, WAL {}; {}", file.script, file.statements.size(),
                                    file.statements.size() == 1 ? "statement" : "statements",
                                    hidden == 0 ? "" : fmt::format(" ({} not shown)", hidden),
                                    duration(file.time), to_string(Bytes{wal}), way_back(file))});
    }
    std::array<std::size_t, 8> widths{};
    for (const auto& [row, text] : rows) {
        for (std::size_t i = 0; i < row.size() && text.empty(); ++i) {
            widths.at(i) = std::max(widths.at(i), width(row.at(i)));
        }
    }
    std::vector<std::string> lines;
    lines.reserve(rows.size());
    for (const auto& [row, text] : rows) {
        lines.push_back(text.empty() ? line_of(row, widths) : text);
    }
    return lines;
}

std::vector<std::string> findings_text(const Report& report) {
    std::vector<const Finding*> order;
    for (const auto& finding : report.findings) {
        order.push_back(&finding);
    }
    std::ranges::stable_sort(order, [](const auto* a, const auto* b) { return a->level > b->level; });
    std::vector<std::string> lines;
    for (const auto* finding : order) {
        std::string where = finding->script;
        where += finding->line > 0 ? ":" + std::to_string(finding->line) : "";
        lines.push_back(fmt::format("  {:<9} {}{}", to_string(finding->level),
                                    where.empty() ? "" : where + ": ", finding->message));
        if (!finding->fix.empty()) {
            lines.push_back("            " + finding->fix);
        }
    }
    return lines;
}

} // namespace pgteal::migration::rehearse
