#include "cutover/look/side_record.hpp"

#include <algorithm>
#include <cstdlib>

namespace pgteal::cutover {

namespace {

std::string number_of(const std::string& timeline) {
    return std::to_string(std::strtoul(timeline.c_str(), nullptr, 16));
}

/// "2026-11-21T12:00:00.000000Z" as "2026-11-21 12:00:00 UTC".
std::string when(const std::string& at) {
    return at.size() < 19 ? "the last look" : at.substr(0, 10) + " " + at.substr(11, 8) + " UTC";
}

std::string meaning(Side side, Side serving) {
    const auto other_side = to_string(other(side));
    return side == serving ? "Acknowledged writes may be gone from it, " + other_side +
                                 " may hold rows that it never had, and new ones may be left out on their "
                                 "way there, in silence"
                           : "Rows may be missing on it for ever, in silence: neither lag nor lanes show it";
}

/// For when the sides are not equal.
std::string copied_again(bool serving_went_back, Side serving, std::int64_t epoch) {
    const auto standing = to_string(other(serving));
    const std::string save =
        serving_went_back ? "keep what only " + standing + " has (pgteal compare lists it as extra), then "
                          : "";
    return epoch == 1 ? save +
                            (serving_went_back ? "pgteal abort --keep-green, DROP DATABASE on green"
                                               : "pgteal abort") +
                            " and pgteal prepare copy the data again"
                      : save + "pgteal finish ends the run where it serves, on " + to_string(serving) + ": " +
                            standing + " can't be copied again within it";
}

} // namespace

std::optional<SideRecord> merged(const std::vector<SideRecord>& records) {
    std::optional<SideRecord> best;
    for (const auto& one : records) {
        if (!best || one.generation > best->generation) {
            best = one;
            continue;
        }
        if (one.generation < best->generation) {
            continue;
        }
        if (one.token > best->token) {
            best->token = one.token;
            best->at = one.at;
        }
        best->flushed = std::max(best->flushed, one.flushed);
        if (best->doubt.empty()) {
            best->doubt = one.doubt;
        }
    }
    return best;
}

std::string went_back(Side side, const SideRecord& record, const SideNow& now) {
    const auto name = to_string(side);
    if (!now.answers) {
        return {};
    }
    if (record.timeline != now.timeline) {
        return name + " is on timeline " + number_of(now.timeline) + ", and was on timeline " +
               number_of(record.timeline) + " at " + when(record.at) +
               ": it failed over to a standby, or was restored from a backup";
    }
    if (now.flushed < record.flushed) {
        return "the WAL of " + name + " ends at " + to_string(now.flushed) + ", and was at " +
               to_string(record.flushed) + " at " + when(record.at) +
               ": it was put back to an earlier copy of its data directory";
    }
    if (now.token < record.token) {
        return "what pgteal wrote to " + name + " at " + when(record.at) +
               " is not there any more: it was put back to an earlier copy of its data directory";
    }
    return {};
}

bool subscriber_ahead(const LaneNow& lane) {
    return (lane.applied && *lane.applied > lane.written) ||
           (lane.confirmed && *lane.confirmed > lane.written);
}

std::optional<Doubt> contradiction(const LaneNow& lane) {
    const auto from = to_string(lane.publisher);
    const auto to = to_string(other(lane.publisher));
    if (lane.applied && *lane.applied > lane.written) {
        return Doubt{lane.publisher,
                     to + " has applied lane " + lane.name + " up to " + to_string(*lane.applied) +
                         ", which is " + to_string(*lane.applied - lane.written) +
                         " beyond the end of the WAL of " + from + " (" + to_string(lane.written) +
                         "): " + from + " went back to an earlier state"};
    }
    if (lane.confirmed && *lane.confirmed > lane.written) {
        return Doubt{lane.publisher, "the slot of lane " + lane.name + " on " + from + " has " + to +
                                         " confirmed up to " + to_string(*lane.confirmed) + ", which is " +
                                         to_string(*lane.confirmed - lane.written) +
                                         " beyond the end of the WAL there (" + to_string(lane.written) +
                                         "): " + from + " went back to an earlier state"};
    }
    return std::nullopt;
}

std::optional<Doubt> break_of(const std::string& lane, Side publisher, bool slot,
                              const std::string& made_anew, const std::string& gap) {
    // The publisher has lost nothing: it is the other side that may lack rows.
    const auto from = to_string(publisher);
    const auto lacks = other(publisher);
    if (!slot) {
        return Doubt{lacks, "the slot of lane " + lane + " is gone from " + from + ": what " + from +
                                " committed since is kept for nobody, whoever makes the slot again"};
    }
    if (!made_anew.empty()) {
        return Doubt{lacks, "the slot of lane " + lane + " on " + from + " is another one since " +
                                made_anew +
                                " UTC or shortly before: somebody dropped it and made it again, and what " +
                                from + " committed between may have gone to nobody"};
    }
    if (!gap.empty()) {
        return Doubt{lacks, "a marker that pgteal left on " + from + " for lane " + lane +
                                " never came to the other side (seen there at " + gap +
                                " UTC): the lane left commits out; its slot was moved on or made again by "
                                "somebody"};
    }
    return std::nullopt;
}

std::optional<Refusal> refusal_of(const std::vector<Doubt>& doubts, Side serving, std::int64_t epoch,
                                  bool ready) {
    if (doubts.empty()) {
        return std::nullopt;
    }
    const auto& first = doubts.front();
    const bool serving_too = std::any_of(doubts.begin(), doubts.end(),
                                         [serving](const auto& doubt) { return doubt.side == serving; });
    auto message = first.what + ". " + meaning(first.side, serving);
    for (std::size_t i = 1; i < doubts.size(); ++i) {
        message += ". And " + doubts[i].what;
    }
    const auto again = copied_again(serving_too, serving, epoch);
    return Refusal{
        to_string(first.side), std::move(message),
        ready ? "pgteal compare: when it finds both sides equal, the run goes on; when it does not, " + again
              : again};
}

boost::json::object to_json(const SideRecord& record) {
    boost::json::object value;
    value["generation"] = record.generation;
    value["timeline"] = record.timeline;
    value["flushed"] = to_string(record.flushed);
    value["token"] = record.token;
    value["at"] = record.at;
    value["doubt"] = record.doubt;
    return value;
}

std::optional<SideRecord> parse_side_record(const boost::json::value& value) {
    if (!value.is_object()) {
        return std::nullopt;
    }
    const auto& object = value.as_object();
    const auto flushed = Lsn::parse(object.at("flushed").as_string());
    if (!flushed) {
        return std::nullopt;
    }
    return SideRecord{object.at("generation").as_int64(),
                      std::string(object.at("timeline").as_string()),
                      *flushed,
                      object.at("token").as_int64(),
                      std::string(object.at("at").as_string()),
                      std::string(object.at("doubt").as_string())};
}

void tag_invoke(const boost::json::value_from_tag&, boost::json::value& to, const SidesSeen& seen) {
    boost::json::object object{{"run_id", seen.run_id}};
    for (const auto& [side, record] : seen.sides) {
        object[to_string(side)] = to_json(record);
    }
    to = std::move(object);
}

SidesSeen tag_invoke(const boost::json::value_to_tag<SidesSeen>&, const boost::json::value& from) {
    const auto& object = from.as_object();
    SidesSeen seen{std::string(object.at("run_id").as_string()), {}};
    for (const auto side : {Side::blue, Side::green}) {
        const auto* found = object.if_contains(to_string(side));
        if (auto record = found == nullptr ? std::nullopt : parse_side_record(*found)) {
            seen.sides[side] = std::move(*record);
        }
    }
    return seen;
}

} // namespace pgteal::cutover
