#include "health/facts/hba_line.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace pgteal::health {

std::string hba_name(const std::string& name) {
    static const std::array<std::string_view, 5> keywords{"all", "sameuser", "samerole", "samegroup",
                                                          "replication"};
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
    });
    if (plain && std::find(keywords.begin(), keywords.end(), name) == keywords.end()) {
        return name;
    }
    std::string quoted = "\"";
    for (const char c : name) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + "\"";
}

std::string hba_line(const std::string& database, const std::string& role, const std::string& address) {
    const bool six = address.find(':') != std::string::npos;
    return (address.empty() ? "local  " : "host  ") + database + "  " + hba_name(role) +
           (address.empty() ? "" : "  " + address + (six ? "/128" : "/32")) + "  scram-sha-256";
}

} // namespace pgteal::health
