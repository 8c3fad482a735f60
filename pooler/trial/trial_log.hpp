// What PgBouncer's log says of its server logins (source: objects.c, disconnect_server; log lines alike from
// 1.18 to 1.25). Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace pgteal::pooler {

class TrialLog {
public:
    /// A server connection of `entry` was given up before the server refused it: "connect failed", "server
    /// refused SSL", … with the complaint that came just before.
    std::function<void(const std::string& entry, const std::string& why)> on_given_up;
    /// The server asked for a proof that only a client's own login gives.
    std::function<void(const std::string& entry)> on_wants_key;

    /// Pieces of any length.
    void add(std::string_view piece);
    /// The last line of all.
    [[nodiscard]] const std::string& last() const { return last_; }

private:
    void read(std::string_view line);
    std::string unfinished_, last_, complaint_;
};

} // namespace pgteal::pooler
