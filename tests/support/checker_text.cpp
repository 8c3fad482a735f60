#include <algorithm>
#include <cstdio>

#include "tests/support/checker.hpp"

namespace pgteal::workload {

namespace {

// Left-aligned words, right-aligned numbers, two blanks between columns.
class Columns {
public:
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

    std::string text() const {
        std::vector<std::size_t> widths;
        for (const auto& cells : rows_) {
            widths.resize(std::max(widths.size(), cells.size()));
            for (std::size_t i = 0; i < cells.size(); ++i) {
                widths[i] = std::max(widths[i], cells[i].size());
            }
        }
        std::string out;
        for (const auto& cells : rows_) {
            std::string line;
            for (std::size_t i = 0; i < cells.size(); ++i) {
                const std::string pad(widths[i] - cells[i].size(), ' ');
                line += "  " + (i == 0 ? cells[i] + pad : pad + cells[i]);
            }
            out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
        }
        return out;
    }

private:
    std::vector<std::vector<std::string>> rows_;
};

std::string number(Id value) { return std::to_string(value); }

std::string milliseconds(std::int64_t us) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f ms", static_cast<double>(us) / 1000);
    return text.data();
}

std::string or_dash(const std::optional<Id>& value) { return value ? number(*value) : "-"; }

void tally_row(Columns& columns, const std::string& name, const Tally& tally) {
    columns.row({name, number(tally.acknowledged), number(tally.failed), number(tally.unknown),
                 number(tally.missing)});
}

} // namespace

std::string to_text(const Summary& summary) {
    Columns columns;
    columns.row({"operations", "acknowledged", "failed", "unknown", "missing"});
    for (const auto& [kind, tally] : summary.kinds) {
        tally_row(columns, kind, tally);
    }
    for (const auto& [dsn, tally] : summary.dsns) {
        tally_row(columns, "through dsn " + std::to_string(dsn), tally);
    }
    tally_row(columns, "all", summary.all);
    std::string out = columns.text();
    for (const auto& [sqlstate, error] : summary.errors) {
        out += "  error " + sqlstate + ", " + number(error.count) + " times: " + error.example + '\n';
    }
    if (!summary.drained) {
        out += "  the workload did not end in order: what was under way counts as unknown\n";
    }
    return out;
}

std::string to_text(const std::vector<Gap>& gaps) {
    Columns columns;
    columns.row({"window", "clients", "longest gap", "slowest", "99 %", "commits", "errors"});
    for (const auto& gap : gaps) {
        columns.row({gap.window, gap.new_connections ? "new" : "persistent", milliseconds(gap.longest_us),
                     milliseconds(gap.max_latency_us), milliseconds(gap.p99_latency_us), number(gap.commits),
                     number(gap.errors)});
    }
    return columns.text();
}

std::string to_text(const CheckReport& report) {
    std::string out = to_text(report.summary) + '\n';
    Columns phase_list;
    phase_list.row({"phase", "acknowledged", "for"});
    for (const auto& phase : report.phases) {
        phase_list.row({std::string(name(phase.side)), number(phase.acknowledged),
                        milliseconds(phase.last_us - phase.first_us)});
    }
    Columns table_list;
    table_list.row({"table", "blue", "green", "equal"});
    for (const auto& table : report.tables) {
        table_list.row({table.name, or_dash(table.blue_rows), or_dash(table.green_rows),
                        table.equal ? (*table.equal ? "yes" : "NO") : "-"});
    }
    out += phase_list.text() + '\n' + table_list.text() + '\n' + to_text(report.gaps) + '\n';
    for (std::size_t i = 0; i < verdict_names.size(); ++i) {
        const auto& bin = report.findings.bins[i];
        out += "  " + std::string(verdict_names[i]) + ": " + number(bin.count) + '\n';
        for (const auto& finding : bin.examples) {
            out += "    " + finding.side + ", " + finding.table + " " + finding.key + ": " + finding.detail +
                   '\n';
        }
    }
    for (const auto& problem : report.problems) {
        out += "  not held: " + problem + '\n';
    }
    return out + (report.ok() ? "\nNothing lost, nothing duplicated; " +
                                    std::string(name(report.rules.serving)) + " serves.\n"
                              : "\nThe check FAILED.\n");
}

} // namespace pgteal::workload
