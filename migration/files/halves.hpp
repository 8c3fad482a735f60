// Files of other tools that hold both directions, cut in two by that tool's comments.
#pragma once

#include <optional>
#include <string>

namespace pgteal::migration {

/// Each half is the whole text with all that isn't its own blanked, so that lines and offsets stay.
struct Halves {
    std::string tool; ///< "dbmate"; "" for a file of no such tool, whose `up` is all of it
    std::string up;
    std::optional<std::string> down; ///< nothing without a comment that begins it
    bool up_alone = false;           ///< the tool is told to run this half without a transaction
    bool down_alone = false;
};

/// Pure. Knows the comments of dbmate, goose, sql-migrate and micrate, node-pg-migrate, Play, rambler, tern,
/// shmig, MyBatis Migrations and dbdeploy. Throws Error(migration) "script:line: …" for statements that stand
/// in neither half, for a file without the half that goes up, for what only the tool can do (Liquibase's
/// change sets, goose's ENVSUB), and for a comment that looks like such a one of a tool that isn't known:
/// both halves of a file must never run one after the other.
Halves halves_of(const std::string& script, const std::string& text);

} // namespace pgteal::migration
