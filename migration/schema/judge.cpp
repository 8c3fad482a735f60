#include "migration/schema/judge.hpp"

#include <algorithm>
#include <set>

#include "migration/schema/reconcile.hpp"

namespace pgteal::migration::schema {

namespace {

using Key = std::pair<std::string, std::string>; ///< kind, identity

const Object* find(const Objects* objects, const Key& key) {
    if (objects == nullptr) {
        return nullptr;
    }
    const auto at = std::lower_bound(
        objects->list.begin(), objects->list.end(), key, [](const Object& object, const Key& k) {
            return std::tie(object.kind, object.identity) < std::tie(k.first, k.second);
        });
    return at != objects->list.end() && at->kind == key.first && at->identity == key.second ? &*at : nullptr;
}

std::string in_words(const Difference& difference, const std::string& left, const std::string& right) {
    switch (difference.what) {
    case Difference::What::missing:
        return "missing on " + right;
    case Difference::What::extra:
        return "only on " + right + ", not " + (left == "blue" ? "on blue" : "in the migrations");
    case Difference::What::modified:
        break;
    }
    std::string text = "differs";
    for (const auto& change : difference.changes) {
        text += (&change == &difference.changes.front() ? ": " : ", ") + change.attribute;
    }
    return text;
}

class Judge {
public:
    Judge(const Sides& sides, Found found, Report* report)
        : sides_(sides), found_(std::move(found)), report_(*report) {}

    void run() {
        for (const auto& one : found_.green) {
            add(one, "the migrations", "green", *sides_.green_expected);
        }
        for (const auto& one : found_.blue) {
            add(one, "the migrations", "blue", *sides_.blue_expected);
        }
        for (const auto& one : found_.sides) {
            between(one);
        }
        std::stable_sort(report_.drift.begin(), report_.drift.end(), [](const Finding& a, const Finding& b) {
            return rank_of(a.kind) < rank_of(b.kind);
        });
    }

private:
    static Key key(const Difference& one) { return {one.kind, one.identity}; }

    static const Objects* there(const std::optional<Objects>& objects) {
        return objects ? &*objects : nullptr;
    }

    static std::optional<std::string> described(const Objects* objects, const Difference& one) {
        const auto* object = find(objects, key(one));
        if (object == nullptr) {
            return std::nullopt;
        }
        auto text = describe(*object);
        // What the description doesn't show is what differs.
        for (const auto& change : one.changes) {
            const auto& value = object->get(change.attribute);
            if (change.attribute != "definition" &&
                (value.empty() || text.find(value) == std::string::npos)) {
                text += "; " + change.attribute + ": " + (value.empty() ? "none" : value);
            }
        }
        return text;
    }

    Finding finding(const Difference& one, const std::string& left, const std::string& right,
                    const Objects& wanted) const {
        Finding result;
        result.kind = one.kind;
        result.object = one.identity;
        result.what = in_words(one, left, right);
        result.with = one.with;
        for (const auto& change : one.changes) {
            result.changed.push_back(change.attribute);
        }
        result.blue = described(&sides_.blue, one);
        result.green = described(there(sides_.green), one);
        result.expected =
            described(there(right == "blue" ? sides_.blue_expected : sides_.green_expected), one);
        const auto* changed = right == "blue" ? &sides_.blue : there(sides_.green);
        result.sql = changed == nullptr ? "" : reconcile(one, wanted, *changed);
        result.side = right;
        return result;
    }

    void add(const Difference& one, const std::string& left, const std::string& right,
             const Objects& wanted) {
        auto result = finding(one, left, right, wanted);
        if (!one.drift) {
            report_.notes.push_back(std::move(result));
            return;
        }
        // A side that differs from the migrations in the same way as the other one is named once.
        const auto same = std::find_if(report_.drift.begin(), report_.drift.end(), [&](const Finding& other) {
            return other.kind == result.kind && other.object == result.object;
        });
        if (same == report_.drift.end()) {
            judged_.insert(key(one));
            report_.drift.push_back(std::move(result));
            return;
        }
        if (same->what == in_words(one, left, same->side)) {
            same->what = in_words(one, left, "both sides");
            same->side = "both";
        } else {
            same->what += "; " + result.what;
        }
    }

    /// Blue and green differ: is it what the migrations do?
    void between(const Difference& one) {
        if (!one.drift) {
            report_.notes.push_back(finding(one, "blue", "green", sides_.blue));
            return;
        }
        if (judged_.contains(key(one))) {
            return;
        }
        // No replay is about the database itself.
        if (!sides_.green_expected || one.kind == "database" || unexplained_owner(one)) {
            add(one, "blue", "green", sides_.blue);
            return;
        }
        report_.explained.push_back(finding(one, "blue", "green", sides_.blue));
    }

    /// On a scratch database everything belongs to whoever replays, so owners are compared only between the
    /// sides. A difference is explained when the migrations change the owner.
    [[nodiscard]] bool unexplained_owner(const Difference& one) const {
        if (report_.basis != "replayed" || one.what != Difference::What::modified ||
            std::none_of(one.changes.begin(), one.changes.end(),
                         [](const Change& change) { return change.attribute == "owner"; })) {
            return false;
        }
        const auto* before = find(there(sides_.blue_expected), key(one));
        const auto* now = find(there(sides_.green_expected), key(one));
        return before == nullptr || now == nullptr || before->get("owner") == now->get("owner");
    }

    const Sides& sides_;
    Found found_;
    Report& report_;
    std::set<Key> judged_;
};

} // namespace

void judge(const Sides& sides, Found found, Report* report) { Judge(sides, std::move(found), report).run(); }

} // namespace pgteal::migration::schema
