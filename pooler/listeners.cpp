#include "pooler/listeners.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

namespace pgteal::pooler {

int listeners(std::string_view table, int port) {
    std::map<std::string, int> addresses;
    std::istringstream lines{std::string(table)};
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        std::string number;
        std::string local;
        std::string remote;
        std::string state;
        words >> number >> local >> remote >> state;
        const auto colon = local.rfind(':');
        constexpr const char* listening = "0A";
        if (state == listening && colon != std::string::npos &&
            std::strtol(local.c_str() + colon + 1, nullptr, 16) == port) {
            ++addresses[local];
        }
    }
    int most = 0;
    for (const auto& [address, count] : addresses) {
        most = std::max(most, count);
    }
    return most;
}

int listeners_here(int port) {
    int most = 0;
    for (const auto* path : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream file(path);
        const std::string table{std::istreambuf_iterator<char>(file), {}};
        most = std::max(most, listeners(table, port));
    }
    return most;
}

} // namespace pgteal::pooler
