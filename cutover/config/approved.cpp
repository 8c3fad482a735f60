#include <algorithm>
#include <map>
#include <string>

#include "cutover/config/keys.hpp"
#include "cutover/config/views.hpp"

namespace pgteal::cutover {

namespace json = boost::json;

namespace {

template <typename Owner>
json::object covered(const Section<Owner>& section, const Owner& owner) {
    json::object object;
    for (const auto& key : section.keys) {
        std::visit(
            [&](const auto& field) {
                auto value = owner.*field.member;
                if constexpr (requires { field.limits.ordered; }) {
                    if (!field.limits.ordered) {
                        std::sort(value.begin(), value.end());
                    }
                }
                if (key.approved == Approved::value) {
                    object[key.name] = as_json(value);
                } else if (key.approved == Approved::presence) {
                    object[key.name] = value != decltype(value)();
                }
            },
            key.field);
    }
    return object;
}

/// Sections have no order of their own.
template <typename Owner>
json::array covered(const Section<Owner>& section, const std::vector<Owner>& owners) {
    std::map<std::string, json::object> sorted;
    for (const auto& owner : owners) {
        auto one = covered(section, owner);
        sorted.emplace(json::serialize(one), std::move(one));
    }
    json::array all;
    for (auto& [text, one] : sorted) {
        all.push_back(std::move(one));
    }
    return all;
}

} // namespace

json::object meaning_of(const Config& config) {
    json::object object;
    for_each_section([&](const auto& one) {
        if (one.many != nullptr) {
            object[one.name] = covered(one, config.*one.many);
        } else {
            object[one.name] = covered(one, one.place_in(config));
        }
    });
    return object;
}

} // namespace pgteal::cutover
