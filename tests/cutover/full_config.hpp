// A config with every key, and what can be wrong with it: for the reader and for the schema.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace pgteal::cutover::toys {

inline const std::string full = R"([run]
name = "shop-2026"
state = "/srv/pgteal"

[blue]
dsn = "host=10.0.0.5 user=pgteal"
peer_dsn = "host=192.168.0.5 user=repl passfile=/etc/pgteal.pass"
pooler_host = "blue.internal"
pooler_port = "6000"
password_command = ["cat", "/run/secrets/blue"]

[green]
dsn = "postgresql://pgteal@10.0.0.9:6543"
peer_dsn = "host=192.168.0.9"
pooler_host = "green.internal"
pooler_port = "6001"
password_command = ["pass", "show", "green"]

[[database]]
name = "app"
lanes = 4
migrations = "/srv/migrations"

[[database]]
name = "Odd name"

[[pooler]]
name = "pgb1"
admin = "host=10.0.0.7 port=6432 user=admin dbname=pgbouncer"
probe = "host=10.0.0.7 port=6432 user=app"
config = "/etc/pgbouncer/pgbouncer.ini"
entries = ["app", "app_ro"]

[cutover]
max_pause = "750ms"
max_lag = "1MB"

[clone]
jobs = 8
catch_up = "2h"

[freeze]
partitions = "carry"

[check]
accept = ["unlogged-tables", "large-objects"]

[migrate]
history = "flyway"
history_table = "app.flyway_schema_history"
command = ["flyway", "migrate"]
lock_timeout = "1s"
statement_timeout = "10min"
attempts = 7
gaps = "refuse"
out_of_order = "allow"
placeholders = "literal"
approvals = 2

[lint]
ignore = ["drop-column"]
table_names = "^[a-z_]+$"
column_names = "^[a-z]+$"
index_names = "_idx$"
constraint_names = "^c_"

[rehearse]
long_statement = "5s"
long_lock = "200ms"

[metrics]
listen = "127.0.0.1:9187"
)";

/// `text` with the first `from` replaced; the test fails when it is not there.
inline std::string changed(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// What a text of the config may not be. The schema sees no more than types, words, bounds and forms.
struct Mistake {
    std::string from;
    std::string to;
    std::string says;
    std::string hint;
    bool for_the_reader = false; ///< only it can tell
};

inline const std::vector<Mistake> mistakes{
    {"lanes = 4", "lane = 4", "pgteal.toml:21: unknown key 'lane' in [[database]]", "did you mean 'lanes'?"},
    {"[cutover]", "[cutovr]", "pgteal.toml:34: unknown section or key 'cutovr'", "did you mean 'cutover'?"},
    {"\"750ms\"", "\"750\"",
     "pgteal.toml:35: 'max_pause' must be a duration from 100ms to 24d, with its unit", "max_pause = \"5s\""},
    {"\"750ms\"", "750", "pgteal.toml:35: 'max_pause' must be a duration from 100ms to 24d, with its unit",
     "max_pause = \"5s\""},
    {"\"750ms\"", "\"750MB\"", "pgteal.toml:35: 'max_pause' must be a duration", "(ms, s, min, h, d)"},
    {"\"750ms\"", "\"99ms\"", "pgteal.toml:35: 'max_pause' must be a duration from 100ms to 24d", ""},
    {"\"750ms\"", "\"25d\"", "pgteal.toml:35: 'max_pause' must be a duration from 100ms to 24d", ""},
    {"\"1MB\"", "\"1\"", "pgteal.toml:36: 'max_lag' must be a size from 0B to 1TB, with its unit",
     "max_lag = \"16MB\""},
    {"\"1MB\"", "1048576", "pgteal.toml:36: 'max_lag' must be a size", "(B, kB, MB, GB, TB)"},
    {"\"1MB\"", "\"1025GB\"", "pgteal.toml:36: 'max_lag' must be a size from 0B to 1TB", ""},
    {"\"2h\"", "\"2 hours\"", "pgteal.toml:40: 'catch_up' must be a duration", "\"5s\""},
    {"\"1s\"", "\"0s\"", "pgteal.toml:52: 'lock_timeout' must be a duration from 1ms", ""},
    {"\"10min\"", "\"600h\"", "pgteal.toml:53: 'statement_timeout' must be a duration from 0ms to 24d", ""},
    {"lanes = 4", "lanes = \"4\"", "pgteal.toml:21: 'lanes' must be a whole number from 1 to 16", ""},
    {"lanes = 4", "lanes = 0", "'lanes' must be a whole number from 1 to 16", ""},
    {"lanes = 4", "lanes = 17", "'lanes' must be a whole number from 1 to 16", ""},
    {"lanes = 4", "lanes = 4.5", "'lanes' must be a whole number from 1 to 16", ""},
    {"jobs = 8", "jobs = 99999999999", "'jobs' must be a whole number from 1 to 128", ""},
    {"\"6000\"", "6000", "pgteal.toml:9: 'pooler_port' must be a text in quotes", ""},
    {"\"6000\"", "\"six\"", "pgteal.toml:9: 'pooler_port' can't be 'six'; it may be a port number", ""},
    {"\"127.0.0.1:9187\"", "\"9187\"", "'listen' can't be '9187'; it may be an address and a port", ""},
    {"name = \"shop-2026\"", "name = \"\"", "pgteal.toml:2: 'name' is empty", ""},
    {"name = \"shop-2026\"", "name = \"shop 2026\"", "'name' can't be 'shop 2026'; it may hold letters", ""},
    {"name = \"shop-2026\"", "name = \"../../etc\"", "it may hold letters", ""},
    {"name = \"shop-2026\"", "name = \"" + std::string(41, 'x') + "\"", "at most 40", ""},
    {"\"Odd name\"", "\"postgres\"",
     "pgteal.toml:25: 'name' can't be 'postgres'; it may be any but postgres, template0", ""},
    {"[\"app\", \"app_ro\"]", "\"app\"", "pgteal.toml:32: 'entries' must be a list of texts",
     "entries = [\"app\"]"},
    {"[\"app\", \"app_ro\"]", "[\"app\", 5]", "'entries' must be a text in quotes", ""},
    {"[\"cat\", \"/run/secrets/blue\"]", "\"cat /run/secrets/blue\"",
     "pgteal.toml:10: 'password_command' must be a list", "password_command = "},
    {"\"unlogged-tables\"", "\"unlogged-table\"", "'accept' can't be 'unlogged-table'",
     "did you mean 'unlogged-tables'?"},
    {"\"unlogged-tables\"", "\"row-security\"", "it is one of unlogged-tables, large-objects, ", ""},
    {"gaps = \"refuse\"", "gaps = \"refused\"", "'gaps' can't be 'refused'; it is one of allow, refuse",
     "did you mean 'refuse'?"},
    {"\"drop-column\"", "\"drop-colum\"", "'ignore' can't be 'drop-colum'", "did you mean 'drop-column'?"},
    {"\"_idx$\"", "\"(_idx\"", "is no regular expression", "", true},
    {"dsn = \"host=10.0.0.5 user=pgteal\"", "dsn = \"host=10.0.0.5 dbname=app\"",
     "pgteal.toml:6: 'dsn' names a database", "leave dbname out", true},
    {"dsn = \"host=10.0.0.5 user=pgteal\"", "dsn = \"hots=10.0.0.5\"",
     "pgteal.toml:6: 'dsn': ", "keyword=value", true},
    {"user=app\"", "user=app dbname=app\"", "pgteal.toml:30: 'probe' names a database", "leave dbname out",
     true},
    {"name = \"Odd name\"", "name = \"app\"", "two [[database]] sections have the name 'app'",
     "each database is listed once", true},
    {"[run]", "[run", "pgteal.toml:1: ", "toml.io", true},
};

} // namespace pgteal::cutover::toys
