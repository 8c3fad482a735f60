// Dates, times and intervals.
#include "catalog/type_fit_parts.hpp"

namespace pgteal::postgres::fit {

namespace {

/// Fractional seconds: 6 unless said otherwise.
TypeFit coarser(const Type& from, const Type& to) {
    const int digits = to.first().value_or(6);
    return from.first().value_or(6) > digits ? differs("a value has more than " + std::to_string(digits) +
                                                       " digits of a second: it is rounded")
                                             : TypeFit{};
}

/// The place of an interval's last field: "interval day to minute" keeps what is left of it too
/// (timestamp.c, AdjustIntervalForTypmod).
int last_field(const Type& t) {
    static const std::vector<std::string_view> fields{"year", "month", "day", "hour", "minute", "second"};
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (t.base.ends_with(fields[i])) {
            return static_cast<int>(i);
        }
    }
    return static_cast<int>(fields.size()) - 1;
}

} // namespace

TypeFit between_intervals(const Type& from, const Type& to) {
    constexpr int seconds = 5;
    if (last_field(from) > last_field(to)) {
        return differs("a value has parts that " + as_text(to) + " doesn't keep: they are cut off");
    }
    return last_field(from) == seconds ? coarser(from, to) : TypeFit{};
}

TypeFit to_clock(const Type& from, const Type& to, bool utc) {
    if (is_timestamp(from)) {
        return differs("any value is written: its date is dropped", true);
    }
    if (from.base == zoned_clock && to.base == plain_clock) {
        return differs("any value is written: its offset is dropped", true);
    }
    if (from.base == plain_clock && to.base == zoned_clock && !utc) {
        return differs("any value is written: it gets the offset of the subscriber's worker", true);
    }
    return coarser(from, to);
}

TypeFit between_times(const Type& from, const Type& to, bool utc) {
    if (to.base == "date") {
        return from.base == "date" ? TypeFit{} : differs("a value is not midnight: its time is dropped");
    }
    if ((from.base == zoned_time) != (to.base == zoned_time) && !utc) {
        return differs(from.base == zoned_time
                           ? "any value is written: the publisher's TimeZone decides which clock time arrives"
                           : "any value is written: it is read in the TimeZone of the subscriber's worker",
                       true);
    }
    return from.base == "date" ? TypeFit{} : coarser(from, to);
}

} // namespace pgteal::postgres::fit
