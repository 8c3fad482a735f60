// Lines of pg_hba.conf, for advice (docs: "The pg_hba.conf File").
#pragma once

#include <string>

namespace pgteal::health {

/// As a name of a database or role stands in the file, where it is no keyword.
std::string hba_name(const std::string& name);
/// What lets a client in by password, to be put first. `database` as it stands in the file; `address` "" for
/// a local socket.
std::string hba_line(const std::string& database, const std::string& role, const std::string& address);

} // namespace pgteal::health
