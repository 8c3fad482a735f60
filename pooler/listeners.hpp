// With so_reuseport several processes listen on one port.
#pragma once

#include <string>
#include <string_view>

namespace pgteal::pooler {

/// Pure. Sockets that listen on `port` at one and the same address, the most of any address: the processes
/// that share it. `table` is /proc/net/tcp or tcp6 (docs: proc(5)).
int listeners(std::string_view table, int port);
/// On this machine, in this network namespace; 0 when nobody listens, or that can't be read.
int listeners_here(int port);

} // namespace pgteal::pooler
