#include "cutover/migrations/scratch_ground.hpp"

#include <filesystem>

#include "replication/clone/clone.hpp"
#include "replication/clone/roles.hpp"

namespace pgteal::cutover {

namespace {

using migration::rehearse::Scratch;
using migration::rehearse::ScratchRole;

constexpr auto scratch_ground_patience = std::chrono::minutes(1);

} // namespace

DumpFile::~DumpFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
    std::filesystem::remove(path_ + ".list", ignored);
}

Task<std::string> begin_snapshot(postgres::Connection* reader, Deadline deadline) {
    const std::string begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL "
                              "idle_in_transaction_session_timeout = 0; "
                              "SELECT pg_catalog.pg_export_snapshot()";
    const auto results = co_await reader->script(begin, deadline);
    co_return results.empty() || results.back().empty() ? std::string()
                                                        : std::string(results.back().text(0, 0));
}

Task<void> make_scratch_roles(Estate* estate, Scratch* scratch, Side from) {
    const auto roles = co_await replication::read_roles(estate->server(from), after(scratch_ground_patience));
    std::vector<ScratchRole> wanted;
    for (const auto& role : roles.roles) {
        ScratchRole one{role.name, role.superuser, {}};
        for (const auto& membership : roles.memberships) {
            if (membership.member == role.name) {
                one.member_of.push_back(membership.role);
            }
        }
        wanted.push_back(std::move(one));
    }
    wanted.push_back({roles.bootstrap, true, {}}); // objects may belong to it
    const std::function<void()> work = [scratch, &wanted] { scratch->make_roles(wanted); };
    co_await run_blocking(work);
}

Task<void> make_scratch_database(Estate* estate, Scratch* scratch, Side from, std::string database,
                                 int green_version) {
    auto properties = co_await replication::read_database(estate->server(from), std::move(database),
                                                          after(scratch_ground_patience));
    properties.name = scratch->name();
    properties.connection_limit = 0; // superusers only
    properties.grants.clear();
    properties.tablespace.clear(); // green may lack it, and a scratch database is small or short-lived
    properties.comment = "made by pgteal migrate rehearse; the next one removes it if it is still there";
    std::vector<std::string> texts;
    for (const auto& statement : replication::create_database(properties, green_version)) {
        texts.push_back(statement.text.plain());
    }
    const std::function<void()> work = [scratch, &texts] { scratch->create(texts); };
    co_await run_blocking(work);
}

} // namespace pgteal::cutover
