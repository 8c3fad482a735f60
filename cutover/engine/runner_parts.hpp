// What both halves of the runner write and wait with: forward in runner.cpp, back in runner_back.cpp.
#pragma once

#include "cutover/actions/action.hpp"
#include "cutover/record/journal.hpp"

namespace pgteal::cutover {

/// How long a pooler may take when others wait behind it; afterwards it is tried alone.
inline constexpr auto first_try = std::chrono::seconds(3);

inline boost::json::object actions_body(const std::vector<Action>& actions) {
    boost::json::array list;
    for (const auto& [where, what] : describe(actions)) {
        boost::json::object one;
        one["where"] = where;
        one["what"] = what;
        list.push_back(std::move(one));
    }
    boost::json::object body;
    body["actions"] = std::move(list);
    return body;
}

inline Event event(std::int64_t epoch, const std::string& step, EventKind kind,
                   boost::json::object body = {}) {
    Event made;
    made.epoch = epoch;
    made.step = step;
    made.kind = kind;
    made.body = std::move(body);
    return made;
}

std::string words_of(const std::exception_ptr& error);

} // namespace pgteal::cutover
