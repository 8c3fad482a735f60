#include "pooler/listeners.hpp"

#include <gtest/gtest.h>

namespace pgteal::pooler {

// /proc/net/tcp of a machine with two processes on 127.0.0.1:6432, one on 0.0.0.0:5432, and a connection.
constexpr const char* table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1920 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 1001 1 0\n"
    "   1: 0100007F:1920 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 1002 1 0\n"
    "   2: 00000000:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 1003 1 0\n"
    "   3: 0100007F:1920 0100007F:D431 01 00000000:00000000 00:00000000 00000000   101        0 1004 1 0\n"
    "   4: 00000000:1920 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 1005 1 0\n";

TEST(Listeners, are_counted_by_address_without_connections) {
    EXPECT_EQ(listeners(table, 6432), 2);
    EXPECT_EQ(listeners(table, 5432), 1);
    EXPECT_EQ(listeners(table, 54321), 0);
    EXPECT_EQ(listeners("", 6432), 0);
}

} // namespace pgteal::pooler
