// Whether each direction of replication survives the differences between blue's schema and green's, for all
// databases of a run: what the gate, prepare and status say of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "cutover/estate/estate.hpp"
#include "replication/compat/compat.hpp"

namespace pgteal::cutover {

/// One direction of one database.
struct StreamVerdict {
    std::string database;
    Side publisher = Side::blue;
    std::vector<replication::compat::TableVerdict> tables; ///< gravest first
};

/// Both directions of one database, `along` being published by the side that was asked for.
struct StreamVerdicts {
    StreamVerdict along, back;
};

/// Reads the catalogs of both sides of every database, all at once, one round trip each.
Task<std::vector<StreamVerdicts>> read_streams(Estate* estate, Side publisher, Deadline deadline);

/// The first verdict of level error, in words: what breaks and why; and the remedy.
struct BrokenStream {
    std::string message;
    std::string remedy;
};
std::optional<BrokenStream> broken(const StreamVerdict& verdict);
/// All of them, of every database along its stream; empty when the streams hold.
std::vector<BrokenStream> all_broken(const StreamVerdicts& streams);
/// One as it is; several one below the other, each with its remedy.
BrokenStream in_words(const std::vector<BrokenStream>& several);

/// Whether going back to blue keeps every write, for all databases.
struct SwitchBack {
    std::vector<StreamVerdict> databases;
    [[nodiscard]] bool holds() const;
};
Task<SwitchBack> read_switch_back(Estate* estate, Deadline deadline);
/// {"holds":bool,"tables":[{"database","table","level","outcome","object","when","why","remedy"}]}
boost::json::object to_json(const SwitchBack& back);
/// Some lines for people; "" when there is nothing to say. `most`: how many tables are named.
std::string to_text(const SwitchBack& back, std::size_t most = 10);
/// What prepare says at its end: warnings of blue > green, and whether the way back will hold. "" when there
/// is nothing to say.
std::string prepared_text(const std::vector<StreamVerdicts>& from_blue);
/// "2 tables with warnings", of those that are no error; "" when there are none.
std::string warnings_of(const std::vector<StreamVerdict>& verdicts);

} // namespace pgteal::cutover
