#include "pooler/trial/trial_log.hpp"

#include <algorithm>

namespace pgteal::pooler {

namespace {

/// "… LOG S-0x55eefcc41b20: t3/app@127.0.0.1:1 closing because: connect failed (age=0s)" -> "t3".
std::string entry_of(std::string_view line) {
    const auto server = line.find(" S-");
    const auto colon = line.find(": ", server);
    if (server == std::string_view::npos || colon == std::string_view::npos) {
        return {};
    }
    const auto name = line.substr(colon + 2);
    return std::string(name.substr(0, name.find('/')));
}

/// Without time, process and level.
std::string words_of(std::string_view line) {
    for (const std::string_view level : {" WARNING ", " ERROR ", " FATAL ", " LOG "}) {
        const auto at = line.find(level);
        if (at != std::string_view::npos) {
            return std::string(line.substr(at + level.size()));
        }
    }
    return std::string(line);
}

} // namespace

void TrialLog::add(std::string_view piece) {
    unfinished_ += piece;
    for (auto end = unfinished_.find('\n'); end != std::string::npos; end = unfinished_.find('\n')) {
        const auto line = unfinished_.substr(0, end);
        unfinished_.erase(0, end + 1);
        read(line);
    }
}

void TrialLog::read(std::string_view line) {
    constexpr std::string_view closing = "closing because: ";
    last_ = words_of(line);
    const auto entry = entry_of(line);
    const auto why = line.find(closing);
    if (line.find("did not provide SCRAM keys") != std::string_view::npos) {
        on_wants_key(entry);
    } else if (!entry.empty() && why != std::string_view::npos) {
        auto reason = std::string(line.substr(why + closing.size()));
        reason.resize(std::min(reason.size(), reason.rfind(" (age=")));
        // After these two the client is told, with the server's own words.
        if (reason != "login failed" && reason != "failed to answer authreq") {
            on_given_up(entry, complaint_.empty() ? reason : reason + " (" + complaint_ + ")");
        }
    }
    const bool complains =
        line.find(" WARNING ") != std::string_view::npos && line.find("-0x") == std::string_view::npos;
    complaint_ = complains ? last_ : "";
}

} // namespace pgteal::pooler
