// Collects what one statement does, relation by relation, and what is to be said about it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "migration/lint/rules/rules.hpp"
#include "migration/lint/world/view.hpp"
#include "migration/lint/world/world.hpp"

namespace pgteal::migration::lint {

/// One thing to say.
struct Saying {
    std::string_view rule;
    std::string relation; ///< "schema.table"
    Lock lock = Lock::none;
    bool rewrite = false, scan = false;
    std::size_t at = 0;  ///< byte offset in the statement's text
    std::string fix;     ///< as SQL, or what to do
    std::string more;    ///< said after the rule's own words
    bool certain = true; ///< false: it depends on what only the server knows; said as a warning at most
    /// Nothing is said after all when this holds once every statement has been seen.
    std::function<bool(const World&)> unless_later;
};

class Judge {
public:
    Judge(const View& view, const World& world) : view_(view), world_(world) {}

    [[nodiscard]] const View& view() const { return view_; }
    [[nodiscard]] const World& world() const { return world_; }
    [[nodiscard]] const std::string& text() const { return view_.statement.text; }

    /// The statement locks it; the strongest lock counts.
    void lock(const std::string& relation, Lock lock, bool rewrite = false, bool scan = false);
    /// And all its partitions and children.
    void lock_tree(const std::string& relation, Lock lock, bool rewrite = false, bool scan = false);
    /// Every table that a query reads.
    void lock_sources(const Node& query, Lock lock = Lock::access_share);
    /// The views among what the catalog says depends on something: "view public.v".
    void lock_dependants(const std::vector<std::string>& dependants);
    /// The other ends of its foreign keys, in both directions.
    void lock_referenced(const std::string& relation, Lock lock);
    void lock_referencing(const std::string& relation, Lock lock);

    /// Left out where it is harmless: on new and temporary tables.
    void say(const Saying& saying);
    /// About the statement as a whole.
    void advise(std::string_view rule, std::string fix, std::string more = "");
    /// What a reachable blue would have told.
    void unknown(std::string what) { unknown_.insert(std::move(what)); }
    void not_analysed(std::string why) { not_analysed_.push_back(std::move(why)); }

    /// Partitions and children of all depths, without itself.
    [[nodiscard]] std::vector<std::string> below(const std::string& relation) const;
    /// "1,234,567 rows, 3.4 GB"; "" offline and for views.
    [[nodiscard]] std::string size_of(const std::string& relation) const;
    [[nodiscard]] bool is_small(const std::string& relation) const;
    [[nodiscard]] bool is_temporary(const std::string& relation) const;

    std::vector<Effect> take_effects() { return std::move(effects_); }
    /// One for each finding; empty where it doesn't depend on what comes later.
    using Condition = std::function<bool(const World&)>;
    [[nodiscard]] const std::vector<Condition>& conditions() const { return conditions_; }
    std::vector<Finding> take_findings() { return std::move(findings_); }
    [[nodiscard]] const std::vector<Effect>& effects() const { return effects_; }
    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
    [[nodiscard]] const std::set<std::string>& unknown() const { return unknown_; }
    [[nodiscard]] const std::vector<std::string>& not_analysed() const { return not_analysed_; }

private:
    const View& view_;
    const World& world_;
    std::vector<Effect> effects_;
    std::vector<Finding> findings_;
    std::vector<Condition> conditions_;
    std::set<std::string> unknown_;
    std::vector<std::string> not_analysed_;
};

// One family of statements each; each looks at the statement's kind itself.
void judge_alter_table(Judge& judge);
void judge_indexes(Judge& judge);
void judge_tables(Judge& judge);
void judge_drops(Judge& judge);
void judge_relations(Judge& judge);
void judge_user_types(Judge& judge);
void judge_rows(Judge& judge);
void judge_names(Judge& judge);
/// After all others: looks at what they found.
void judge_session(Judge& judge);

} // namespace pgteal::migration::lint
