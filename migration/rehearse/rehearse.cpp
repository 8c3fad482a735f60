#include "migration/rehearse/rehearse.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "migration/rehearse/schema_state.hpp"
#include "migration/rehearse/weak_spots.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration::rehearse {

namespace {

Script up_of(const File& file) {
    return {file.script, file.statements, file.transactional, file.no_transaction_asked};
}

Script down_of(const migration::Down& down) {
    return {down.script, down.statements, down.transactional, false};
}

Clock::duration total(const std::vector<Measured>& all) {
    Clock::duration time{};
    for (const auto& one : all) {
        time += one.time;
    }
    return time;
}

std::string list_of(const std::vector<std::string>& items) {
    constexpr std::size_t shown = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(items.size(), shown); ++i) {
        text += (i == 0 ? "" : ", ") + items[i];
    }
    return items.size() > shown ? text + fmt::format(" and {} more", items.size() - shown) : text;
}

/// The line of the first statement that has the name in it.
int line_of(const File& file, const std::string& name) {
    const auto bare = name.substr(name.rfind('.') + 1);
    const auto found = std::ranges::find_if(file.statements, [&](const Statement& statement) {
        return statement.text.find(bare) != std::string::npos;
    });
    return found == file.statements.end() ? 0 : found->line;
}

class Rehearsal {
public:
    Rehearsal(const postgres::Dsn& scratch, const Limits& limits, Report* report)
        : scratch_(scratch), limits_(limits), report_(*report), meter_(scratch, limits.session),
          look_(scratch, "migrate rehearse", limits.session), known_(read_weak_spots(look_)) {}

    void run(const std::vector<File>& files, const OnFile& on_file) {
        const bool any_down =
            std::ranges::any_of(files, [](const File& file) { return file.down.has_value(); });
        const auto first = report_.go_on_at.value_or(0);
        report_.go_on_at.reset();
        for (std::size_t i = 0; i < files.size(); ++i) {
            tell(on_file, files[i], false);
            const auto next = i < first ? replay(files[i]) : rehearse(files[i], any_down);
            tell(on_file, files[i], true);
            if (next == Next::end) {
                for (auto rest = i + 1; rest < files.size(); ++rest) {
                    report_.not_rehearsed.push_back(files[rest].script);
                }
                break;
            }
            if (next == Next::afresh && i + 1 < files.size()) {
                report_.go_on_at = i + 1;
                return;
            }
        }
        if (!any_down && !files.empty()) {
            add("no-down", Level::info, "", 0,
                "no file has a way back; one beside it, such as U1__name.sql or name.down.sql, would be "
                "rehearsed too",
                "");
        }
        add_weak_spots();
    }

private:
    enum class Next {
        file,   ///< the next one can be rehearsed here
        afresh, ///< but not on this database
        end     ///< no other can be
    };

    static void tell(const OnFile& on_file, const File& file, bool done) {
        if (on_file) {
            on_file(file, done);
        }
    }

    void add(std::string rule, Level level, std::string script, int line, std::string message,
             std::string fix) {
        report_.findings.push_back(
            {std::move(rule), level, std::move(script), line, std::move(message), std::move(fix)});
    }

    SchemaState schema() { return SchemaState::read(scratch_, limits_.session.side); }

    /// It went up before.
    Next replay(const File& file) {
        std::vector<Measured> unused;
        try {
            meter_.run(up_of(file), &unused);
        } catch (const Error& error) {
            report_.failure = error;
            return Next::end;
        }
        note_weak_spots(file);
        return Next::file;
    }

    Next rehearse(const File& file, bool any_down) {
        report_.files.emplace_back();
        auto& result = report_.files.back();
        result.script = file.script;
        std::optional<SchemaState> before;
        if (file.down) {
            before = schema();
        }
        try {
            meter_.run(up_of(file), &result.statements);
        } catch (const Error& error) {
            result.time = total(result.statements);
            report_.failure = error;
            return Next::end;
        }
        result.time = total(result.statements);
        for (auto& finding : judge(result, limits_)) {
            report_.findings.push_back(std::move(finding));
        }
        note_weak_spots(file);
        if (file.down) {
            return there_and_back(file, *before, result);
        }
        result.down = Down::missing;
        if (any_down) {
            add("no-down", Level::warning, file.script, 0, "has no way back, while other files have one", "");
        }
        return Next::file;
    }

    Next there_and_back(const File& file, const SchemaState& before, FileReport& result) {
        const auto& down = *file.down;
        const auto above = schema();
        std::vector<Measured> measured;
        try {
            meter_.run(down_of(down), &measured);
        } catch (const Error& error) {
            result.down = Down::failed;
            result.down_time = total(measured);
            add("down-failed", Level::error, down.script, 0, error.what(),
                "mend " + down.script + ": nobody can go back with it");
            return down.transactional ? Next::file : Next::afresh; // the former was rolled back
        }
        result.down_time = total(measured);
        result.differences = before.differences(schema());
        result.down = result.differences.empty() ? Down::ok : Down::differs;
        if (!result.differences.empty()) {
            add("down-differs", Level::error, down.script, 0,
                "leaves a schema that is not the one before " + file.script + ": " +
                    list_of(result.differences),
                "mend " + down.script + " or " + file.script);
        }
        return again(file, above, result);
    }

    Next again(const File& file, const SchemaState& above, FileReport& result) {
        std::vector<Measured> measured;
        try {
            meter_.run(up_of(file), &measured);
        } catch (const Error& error) {
            result.again_time = total(measured);
            result.down = Down::failed;
            add("not-up-again", Level::error, file.script, 0,
                "can't go up again after " + file.down->script + ": " + error.what(),
                "mend " + file.down->script + ", so that it takes back all of it");
            return Next::afresh;
        }
        result.again_time = total(measured);
        const auto other = above.differences(schema());
        if (other.empty()) {
            return Next::file;
        }
        add("not-up-again", Level::error, file.script, 0,
            "leads to another schema the second time, after " + file.down->script + ": " + list_of(other),
            "mend " + file.down->script);
        return Next::afresh;
    }

    void note_weak_spots(const File& file) {
        for (const auto& [name, spot] : read_weak_spots(look_)) {
            if (known_.emplace(name, spot).second) {
                made_by_[name] = {file.script, line_of(file, name)};
            }
        }
    }

    /// A later file may have mended them.
    void add_weak_spots() {
        for (const auto& [name, spot] : read_weak_spots(look_)) {
            const auto made = made_by_.find(name);
            if (made == made_by_.end()) {
                continue;
            }
            const auto& [script, line] = made->second;
            if (spot.rule == "invalid-index") {
                add(spot.rule, Level::error, script, line,
                    "index " + name + " is invalid in the end: writes keep it up, and no query uses it",
                    spot.mend);
            } else {
                add(spot.rule, Level::warning, script, line,
                    "constraint " + name + " is never validated: it holds for new rows only", spot.mend);
            }
        }
    }

    const postgres::Dsn& scratch_;
    const Limits& limits_;
    Report& report_;
    Meter meter_;
    Session look_;
    WeakSpots known_;
    std::map<std::string, std::pair<std::string, int>> made_by_;
};

} // namespace

void rehearse_files(const postgres::Dsn& scratch, const std::vector<File>& files, const Limits& limits,
                    const OnFile& on_file, Report* report) {
    Rehearsal(scratch, limits, report).run(files, on_file);
}

void try_files(const postgres::Dsn& database, const std::vector<File>& files, const Limits& limits,
               const OnFile& on_file, Report* report) {
    std::vector<Script> scripts;
    const auto fits = [](const File& file) {
        return file.transactional && std::ranges::none_of(file.statements, [](const auto& one) {
                   return one.backfill.has_value();
               });
    };
    for (const auto& file : files) {
        if (!report->not_rehearsed.empty() || !fits(file)) {
            report->not_rehearsed.push_back(file.script);
            continue;
        }
        scripts.push_back(up_of(file));
    }
    if (!report->not_rehearsed.empty()) {
        report->findings.push_back(
            {"not-rehearsed", Level::warning, report->not_rehearsed.front(), 0,
             "can't be in a transaction that is rolled back; neither it nor what comes "
             "after it was tried",
             "on green, let the login make databases: ALTER ROLE " +
                 postgres::quote_identifier(database.get("user").value_or("pgteal")) + " CREATEDB;"});
    }
    std::vector<std::vector<Measured>> measured;
    std::size_t begun = 0;
    try {
        Meter meter(database, limits.session);
        meter.try_out(scripts, &measured, [&](std::size_t i) {
            begun = i + 1;
            if (on_file) {
                on_file(files[i], false);
            }
        });
    } catch (const Error& error) {
        report->failure = error;
    }
    for (std::size_t i = 0; i < begun; ++i) {
        FileReport file;
        file.script = scripts[i].name;
        file.statements = std::move(measured[i]);
        file.time = total(file.statements);
        for (auto& finding : judge(file, limits)) {
            report->findings.push_back(std::move(finding));
        }
        report->files.push_back(std::move(file));
    }
}

} // namespace pgteal::migration::rehearse
