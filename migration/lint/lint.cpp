#include "migration/lint/lint.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "migration/files/text.hpp"
#include "migration/lint/judges/judge.hpp"
#include "migration/lint/judges/streams.hpp"
#include "migration/lint/suppress.hpp"
#include "migration/lint/world/view.hpp"
#include "migration/lint/world/world.hpp"

namespace pgteal::migration::lint {

namespace {

class Linter {
public:
    Linter(const Catalog* known, const Options& options)
        : options_(options), world_(known, options.pg_version, options.same_change) {}

    void file(const File& file);
    Report finish();

private:
    struct Pending {
        Finding finding;
        std::function<bool(const World&)> unless;
        std::size_t file = 0, statement = 0;
    };
    struct Seen {
        const File* file = nullptr;
        std::vector<Suppression> suppressions;
    };

    void statement(const File& file, std::size_t number, std::size_t offset);
    void not_analysed(const File& file, const Statement& statement, const std::string& why);
    void keep(Finding finding, std::function<bool(const World&)> unless, std::size_t statement);
    void judge(const View& view, std::size_t number);

    const Options& options_;
    World world_;
    std::vector<Pending> pending_;
    std::vector<Seen> files_;
    std::set<std::string> unknown_;
    Report report_;
};

void Linter::not_analysed(const File& file, const Statement& statement, const std::string& why) {
    report_.not_analysed.push_back({file.path, statement.line, safe_excerpt(statement.text, 120), why});
}

void Linter::keep(Finding finding, std::function<bool(const World&)> unless, std::size_t statement) {
    const auto& ignored = options_.ignored_rules;
    if (std::find(ignored.begin(), ignored.end(), finding.rule) == ignored.end()) {
        pending_.push_back({std::move(finding), std::move(unless), files_.size() - 1, statement});
    }
}

void Linter::judge(const View& view, std::size_t number) {
    Judge judge(view, world_);
    judge_alter_table(judge);
    judge_indexes(judge);
    judge_tables(judge);
    judge_drops(judge);
    judge_relations(judge);
    judge_user_types(judge);
    judge_rows(judge);
    judge_names(judge);
    judge_session(judge);
    unknown_.insert(judge.unknown().begin(), judge.unknown().end());
    for (const auto& why : judge.not_analysed()) {
        not_analysed(view.file, view.statement, why);
    }
    auto conditions = judge.conditions();
    auto findings = judge.take_findings();
    judge_streams(view, world_, findings);
    conditions.resize(findings.size());
    for (std::size_t i = 0; i < findings.size(); ++i) {
        if (findings[i].rule == "lock-timeout") {
            world_.say_timeout();
        }
        keep(std::move(findings[i]), std::move(conditions[i]), number);
    }
    report_.effects.push_back(judge.take_effects());
}

void Linter::statement(const File& file, std::size_t number, std::size_t offset) {
    const auto& statement = file.statements[number];
    if (!statement.analysed) {
        not_analysed(file, statement,
                     "the parser (PostgreSQL 15's grammar) can't read it: newer syntax, or a mistake");
        report_.effects.emplace_back();
        return;
    }
    const auto tree = parse(statement.text);
    if (!tree.root()) {
        not_analysed(file, statement, tree.why_not());
        report_.effects.emplace_back();
        return;
    }
    if (tree.head_only()) {
        not_analysed(file, statement, "it is large: its rows were not read, only the table they go to");
    }
    const View view{file, statement, options_, tree.root(), offset, world_.in_transaction()};
    judge(view, number);
    if (world_.in_transaction()) {
        for (const auto& effect : report_.effects.back()) {
            world_.hold(effect.relation, effect.lock);
        }
    }
    world_.apply(view);
    if (!world_.in_transaction()) {
        world_.commit();
    }
}

void Linter::file(const File& file) {
    const auto offsets = statement_offsets(file);
    files_.push_back({&file, suppressions_of(file, offsets)});
    world_.begin_file(file.transactional);
    for (std::size_t i = 0; i < file.statements.size(); ++i) {
        statement(file, i, offsets[i]);
    }
    if (!file.transactional && world_.in_transaction() && !file.statements.empty()) {
        const auto last = file.statements.size() - 1;
        const View view{file, file.statements[last], options_, {}, offsets[last], true};
        Judge judge(view, world_);
        judge.advise("transaction-left-open", "COMMIT;");
        for (auto& finding : judge.take_findings()) {
            keep(std::move(finding), nullptr, last);
        }
    }
}

Report Linter::finish() {
    for (auto& one : pending_) {
        if (one.unless && one.unless(world_)) {
            continue;
        }
        suppress(files_[one.file].suppressions, one.statement, one.finding);
        report_.findings.push_back(std::move(one.finding));
    }
    for (const auto& seen : files_) {
        for (auto& finding : complaints(*seen.file, seen.suppressions)) {
            const auto& ignored = options_.ignored_rules;
            if (std::find(ignored.begin(), ignored.end(), finding.rule) == ignored.end()) {
                report_.findings.push_back(std::move(finding));
            }
        }
    }
    // Files stay in the order given: versions, not names.
    std::map<std::string, std::size_t> order;
    for (std::size_t i = 0; i < files_.size(); ++i) {
        order.emplace(files_[i].file->path, i);
    }
    std::stable_sort(
        report_.findings.begin(), report_.findings.end(), [&](const Finding& a, const Finding& b) {
            return std::tuple(order[a.file], a.line, a.column) < std::tuple(order[b.file], b.line, b.column);
        });
    report_.unknown.assign(unknown_.begin(), unknown_.end());
    return std::move(report_);
}

} // namespace

Report lint(const std::vector<File>& files, const Catalog* known, const Options& options) {
    Linter linter(known, options);
    for (const auto& file : files) {
        linter.file(file);
    }
    return linter.finish();
}

} // namespace pgteal::migration::lint
