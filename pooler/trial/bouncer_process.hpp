// The PgBouncer process behind a config file: which program, as whom, where.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pgteal::pooler {

struct BouncerProcess {
    int pid = 0;
    std::string program;   ///< its executable
    std::string directory; ///< that it runs in; "" when that can't be seen
    unsigned user = 0, group = 0;
    std::vector<unsigned> groups;
    bool contained = false; ///< in another mount or network namespace than ours
};

/// The process that `pidfile` names (SHOW CONFIG; may be ""), or the one that was started with `config_path`
/// (proc(5)). Nothing when none is on this machine or none can be seen.
std::optional<BouncerProcess> find_process(const std::string& config_path, const std::string& pidfile);

/// argv in front of a program's, so that it runs as the process does; empty when we are that user already.
/// Nothing when we may not.
std::optional<std::vector<std::string>> run_as(const BouncerProcess& process);

} // namespace pgteal::pooler
