// Comments on what a database holds: no lane carries them, and the freeze lets them change.
#pragma once

#include <map>
#include <string>

#include <boost/json/object.hpp>

#include "cutover/estate/estate.hpp"

namespace pgteal::cutover {

/// "TABLE shop.orders" -> its comment, "" when it has none.
using Comments = std::map<std::string, std::string>;
Task<Comments> read_comments(Estate* estate, Side side, std::string database, Deadline deadline);
/// Of those that say something.
boost::json::object comment_digests(const Comments& comments);

} // namespace pgteal::cutover
