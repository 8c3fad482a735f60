#include "cutover/record/whoami.hpp"

#include <array>
#include <cstdlib>
#include <vector>

#include <pwd.h>
#include <unistd.h>

namespace pgteal::cutover {

namespace {

std::string user_name() {
    std::vector<char> buffer(16384);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
        return entry.pw_name;
    }
    return "uid " + std::to_string(::geteuid());
}

} // namespace

std::string whoami() {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    const auto user = user_name();
    const char* sudo = std::getenv("SUDO_USER");
    const bool other = sudo != nullptr && *sudo != '\0' && user != sudo;
    return user + "@" + host.data() + (other ? std::string(" (sudo: ") + sudo + ")" : "");
}

} // namespace pgteal::cutover
