// What a statement does that no rollback takes back, and that is no part of the scratch database.
#pragma once

#include <string>

namespace pgteal::migration::rehearse {

/// Pure; told by the statement's words, those of a DO block's body and of strings in it too. Why it may not
/// be run, for people: "it writes a file on the server"; "" for all others. Such are COPY to a file or a
/// program of the server, and functions whose effects are not transactional (docs: "System Administration
/// Functions"). A function of the user's that hides them is not seen into.
std::string beyond_undo(const std::string& statement);

} // namespace pgteal::migration::rehearse
