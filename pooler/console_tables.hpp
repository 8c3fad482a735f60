// What SHOW answers, by column name: PgBouncer adds columns with nearly every version.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "pooler/pooler.hpp"
#include "pooler/pools.hpp"
#include "postgres/result.hpp"

namespace pgteal::pooler {

/// SHOW CONFIG as key and value.
std::map<std::string, std::string> read_config_table(const postgres::Result& config);

/// SHOW VERSION and SHOW CONFIG. Throws Error(server) when a duration is none.
Settings read_settings(const postgres::Result& version, const std::map<std::string, std::string>& config);

/// SHOW USERS and SHOW POOLS: who pools sessions.
void read_session_pooling(const postgres::Result& users, const postgres::Result& pools, Settings* settings);
/// SHOW CLIENTS: entry and user of those that replicate, each once. Empty where it has no such column.
std::vector<std::pair<std::string, std::string>> read_replication_clients(const postgres::Result& clients);
/// SHOW DATABASES without the console's own line. An entry without a mode of its own has `default_pool_mode`.
std::vector<Entry> read_entries(const postgres::Result& databases, const std::string& default_pool_mode);

/// SHOW POOLS: clients that are served or wait, over all users.
int count_clients(const postgres::Result& pools, const std::set<std::string>& entries);
/// SHOW POOLS, all of it.
std::vector<Pool> pools_in(const postgres::Result& pools);
/// SHOW POOLS: server connections of an entry in the middle of their login.
int count_logins(const postgres::Result& pools, const std::string& entry);

} // namespace pgteal::pooler
