// The config of a private PgBouncer that tries logins: the real one's words for the servers, none of its
// words for clients. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pooler/file/config_file.hpp"

namespace pgteal::pooler {

/// A login to a server as it will be made for an entry once that leads to `target`.
struct LoginToTry {
    std::string entry;
    std::string user;
    Target target;
};

/// Where the private process lives, and what it takes from the real one.
struct TrialPlace {
    std::string folder;                          ///< for its socket
    std::map<std::string, std::string> settings; ///< of the real one: SHOW CONFIG with the file's own over it
    std::vector<std::string> known;              ///< users that the auth_file has
};

/// Settings of the running process with those of its file over them: what holds after the next RELOAD.
std::map<std::string, std::string> effective_settings(std::map<std::string, std::string> shown,
                                                      std::string_view text);

/// Names in an auth_file (PgBouncer docs: "Authentication file format").
std::vector<std::string> users_in(std::string_view auth_file);

/// The connect string of the private entry: forced to `login.user`, with the options of the real entry that
/// a server sees. A user whose secret PgBouncer can't have at hand gets a SCRAM secret that fits nothing:
/// with that PgBouncer goes as far as the server asks for the password, and then stops by itself.
/// connect_query is left out. Throws Error(config) for what a line can't hold.
std::string trial_entry(const LoginToTry& login, const std::map<std::string, std::string>& options,
                        const TrialPlace& place);

std::string trial_config(const std::vector<std::string>& entries, const TrialPlace& place);
/// How the private entries are named: "t0", "t1", …
std::string trial_name(std::size_t index);
/// Who the private client says that it is.
std::string trial_client(const TrialPlace& place);

} // namespace pgteal::pooler
