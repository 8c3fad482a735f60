#include "migration/schema/compare.hpp"

#include <algorithm>
#include <set>

namespace pgteal::migration::schema {

namespace {

bool one_side_below(const Objects& a, const Objects& b, int version) {
    return (a.server_version < version) != (b.server_version < version);
}

std::string without_word(std::string text, const std::string& word) {
    for (const auto& part : {word + "*,", word + ",", "," + word + "*", "," + word}) {
        for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) {
            text.erase(at, part.size());
        }
    }
    return text;
}

class Comparison {
public:
    Comparison(const Objects& left, const Objects& right, const CompareOptions& options)
        : left_(left), right_(right), options_(options) {}

    std::vector<Difference> run() {
        auto a = left_.list.begin();
        auto b = right_.list.begin();
        while (a != left_.list.end() || b != right_.list.end()) {
            const auto order = b == right_.list.end() ? -1 : a == left_.list.end() ? 1 : order_of(*a, *b);
            if (!options_.sides && order <= 0 && a->kind == "database") {
                b += order == 0 ? 1 : 0;
                ++a;
            } else if (!options_.sides && order > 0 && b->kind == "database") {
                ++b;
            } else if (order < 0) {
                one_sided(Difference::What::missing, &*a++);
            } else if (order > 0) {
                one_sided(Difference::What::extra, &*b++);
            } else {
                both(*a++, *b++);
            }
        }
        fold();
        std::stable_sort(found_.begin(), found_.end(), [](const Difference& x, const Difference& y) {
            return rank_of(x.kind) < rank_of(y.kind);
        });
        return std::move(found_);
    }

private:
    static int order_of(const Object& a, const Object& b) {
        const int kinds = a.kind.compare(b.kind);
        return kinds != 0 ? kinds : a.identity.compare(b.identity);
    }

    void one_sided(Difference::What what, const Object* object) {
        if (object->follows) {
            return; // it comes and goes with its parent's
        }
        Difference one;
        one.what = what;
        one.kind = object->kind;
        one.identity = object->identity;
        one.drift = object->kind != "publication";
        (what == Difference::What::missing ? one.left : one.right) = object;
        found_.push_back(std::move(one));
    }

    void both(const Object& a, const Object& b) {
        Difference one;
        one.kind = a.kind;
        one.identity = a.identity;
        one.left = &a;
        one.right = &b;
        one.drift = false;
        const auto look = [&](const std::string& attribute, const std::string& x, const std::string& y) {
            if (x == y || follows(a, b, attribute)) {
                return;
            }
            Change change{attribute, x, y};
            if (same(a, b, change)) {
                return;
            }
            one.drift = one.drift || is_drift(a, attribute);
            one.changes.push_back(std::move(change));
        };
        look("definition", a.definition, b.definition);
        std::set<std::string> names;
        for (const auto* attributes : {&a.attributes, &b.attributes}) {
            for (const auto& [name, value] : *attributes) {
                names.insert(name);
            }
        }
        for (const auto& name : names) {
            look(name, a.get(name), b.get(name));
        }
        if (one.drift) {
            std::erase_if(one.changes, [](const Change& change) {
                return change.attribute == "order" || change.attribute == "filled";
            });
        }
        if (!one.changes.empty()) {
            found_.push_back(std::move(one));
        }
    }

    /// What a partition's copy of a trigger has from its parent's is no difference of its own.
    static bool follows(const Object& a, const Object& b, const std::string& attribute) {
        if (!a.copied || !b.copied) {
            return false;
        }
        return attribute == "definition" || (attribute == "enabled" && a.follows && b.follows);
    }

    [[nodiscard]] bool is_drift(const Object& object, const std::string& attribute) const {
        if (object.kind == "publication" || attribute == "order" || attribute == "filled") {
            return false;
        }
        if (object.kind == "extension" && attribute == "version") {
            return options_.extension_versions ||
                   left_.server_version / 10000 == right_.server_version / 10000;
        }
        return true;
    }

    [[nodiscard]] bool same(const Object& a, const Object& b, const Change& change) const {
        if (change.attribute == "owner") {
            return !options_.owners;
        }
        if (a.kind == "extension" && change.attribute == "comment") {
            return a.stock && b.stock;
        }
        if (split_attribute(change.attribute).first == "privileges" || a.kind == "default privileges") {
            return same_privileges(a, change);
        }
        if (change.attribute == "order") {
            return same_columns(change);
        }
        if (change.attribute == "filled") {
            return !options_.sides;
        }
        return options_.same_sql && is_sql(a, change.attribute) && options_.same_sql(a, b, change);
    }

    /// The order is worth a word only where the columns are the same: else they are differences themselves.
    static bool same_columns(const Change& change) {
        const auto words = [](const std::string& text) {
            std::multiset<std::string> set;
            for (std::size_t from = 0; from <= text.size();) {
                const auto to = std::min(text.find(", ", from), text.size());
                set.insert(text.substr(from, to - from));
                from = to + 2;
            }
            return set;
        };
        return words(change.left) != words(change.right);
    }

    [[nodiscard]] bool same_privileges(const Object& object, Change change) const {
        if (object.kind == "schema" && object.identity == "public" && one_side_below(left_, right_, 150000)) {
            // What initdb granted up to 14 (CREATE to PUBLIC) is what a restore to 15 grants, and what initdb
            // no longer grants.
            const auto& old = left_.server_version < 150000 ? change.left : change.right;
            return old.starts_with("initial: ");
        }
        for (auto* text : {&change.left, &change.right}) {
            if (text->starts_with("initial: ")) {
                text->erase(0, 9);
            }
            if (one_side_below(left_, right_, 170000)) {
                *text = without_word(std::move(*text), "MAINTAIN");
            }
        }
        return change.left == change.right;
    }

    /// What belongs to a table or view that is missing or extra goes with it.
    void fold() {
        std::map<std::pair<Difference::What, std::string>, std::size_t> whole;
        for (std::size_t i = 0; i < found_.size(); ++i) {
            const auto& one = found_[i];
            const auto* object = one.left != nullptr ? one.left : one.right;
            if (one.what != Difference::What::modified && object->parent.empty()) {
                whole.emplace(std::pair{one.what, object->name}, i);
            }
        }
        std::vector<bool> gone(found_.size());
        for (std::size_t i = 0; i < found_.size(); ++i) {
            const auto& one = found_[i];
            if (one.what == Difference::What::modified) {
                continue;
            }
            const auto owner = whole.find({one.what, owner_of(one.left != nullptr ? *one.left : *one.right)});
            if (owner != whole.end() && owner->second != i) {
                ++found_[owner->second].with;
                gone[i] = true;
            }
        }
        std::vector<Difference> kept;
        for (std::size_t i = 0; i < found_.size(); ++i) {
            if (!gone[i]) {
                kept.push_back(std::move(found_[i]));
            }
        }
        found_ = std::move(kept);
    }

    /// The table of a sequence is in "owned by", with the column behind the last dot.
    static std::string owner_of(const Object& object) {
        if (object.kind != "sequence") {
            return object.parent;
        }
        const auto& owned = object.get("owned by");
        const auto quoted = owned.ends_with('"') ? owned.rfind(".\"") : owned.rfind('.');
        return quoted == std::string::npos ? "" : owned.substr(0, quoted);
    }

    const Objects& left_;
    const Objects& right_;
    const CompareOptions& options_;
    std::vector<Difference> found_;
};

} // namespace

std::string to_string(Difference::What what) {
    switch (what) {
    case Difference::What::missing:
        return "missing";
    case Difference::What::extra:
        return "extra";
    case Difference::What::modified:
        return "modified";
    }
    return "modified";
}

bool is_sql(const Object& object, const std::string& attribute) {
    static const std::set<std::string, std::less<>> kinds{
        "view",    "materialized view", "rule",      "index",     "constraint", "domain constraint",
        "trigger", "function",          "procedure", "statistics"};
    if (attribute == "definition") {
        return kinds.contains(object.kind);
    }
    return attribute == "default" || attribute == "generated" || attribute == "using" || attribute == "check";
}

std::vector<Difference> compare(const Objects& left, const Objects& right, const CompareOptions& options) {
    return Comparison(left, right, options).run();
}

} // namespace pgteal::migration::schema
