// What libpq's text about a failed statement says.
#pragma once

#include <string>
#include <string_view>

namespace pgteal::migration {

struct ServerMessage {
    std::string message; ///< on one line, without severity
    std::string detail;  ///< DETAIL and HINT on one line; may be empty
    int line = 0;        ///< in the statement, 1-based; 0 when the server gave no position
};

/// Reads "ERROR:  message", "LINE n: …", "DETAIL:  …" and "HINT:  …" as libpq prints them at default
/// verbosity (fe-protocol3.c, pqBuildErrorMessage3). libpqxx hands on nothing finer. What may hold a row's
/// values is left out (postgres/server_words.hpp); `sqlstate`: as far as it is known.
ServerMessage read_server_message(std::string_view text, const std::string& sqlstate = {});

} // namespace pgteal::migration
