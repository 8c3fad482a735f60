// For each check: the test that types what it advises and sees the finding gone, or why nothing can be typed.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check_id.hpp"

namespace pgteal::health {
namespace {

constexpr const char* by_the_typist = "Advice.of_check_can_be_typed_and_each_fault_is_gone_by_its_own";
constexpr const char* only_told = "only told (info)";

/// "Suite.test", or a reason, in which a space stands.
const std::map<std::string, std::string> advised{
    {"all-tables-publications",
     "Others.partitions_made_ahead_and_a_subscriber_of_all_tables_go_on_through_both_turns"},
    {"capacity", by_the_typist},
    {"catalogs", "a catalog that this pgteal doesn't know is for people to look into"},
    {"client-logins", "ClientLogins.that_green_rejects_are_refused_with_the_line"},
    {"client-settings", by_the_typist},
    {"collation-versions", "the libraries of two machines; tells that texts may sort otherwise"},
    {"copyable", "Typed.another_partition_key_than_the_hash_of_an_enum"},
    {"databases", "Typed.a_database_that_takes_no_connections"},
    {"different-servers", "Typed.the_dsns_of_the_right_servers"},
    {"disk", "SmallDisk.of_green_has_room_made_as_it_is_said"},
    {"event-triggers", only_told},
    {"extension-members", by_the_typist},
    {"extension-tables", only_told},
    {"extensions", by_the_typist},
    {"foreign-keys", "Unshown.rows_that_break_their_foreign_key"},
    {"foreign-tables", only_told},
    {"function-names", "CalledCode.NamesWithoutASchemaAreToldWithWhatMendsThem"},
    {"green-empty", by_the_typist},
    {"host-lists", "Logins.that_would_fail_on_green_are_named_before_anybody_is_held"},
    {"jobs",
     "a reminder: jobs are stopped at the time of the cutover, and no scheduler is installed for tests"},
    {"lane-settings", by_the_typist},
    {"lane-timeouts", by_the_typist},
    {"lanes", by_the_typist},
    {"large-objects", by_the_typist},
    {"leftovers", by_the_typist},
    {"libraries", by_the_typist},
    {"locale", by_the_typist},
    {"long-transactions", "Typed.what_ends_sessions"},
    {"materialized-views", only_told},
    {"migrations", by_the_typist},
    {"newer-names", "Unshown.names_that_are_the_newer_majors_own"},
    {"newer-values", only_told},
    {"origins", by_the_typist},
    {"other-slots", by_the_typist},
    {"other-subscriptions", by_the_typist},
    {"own-schema", by_the_typist},
    {"own-tables", by_the_typist},
    {"owner-privileges", by_the_typist},
    {"owners-code", by_the_typist},
    {"patroni", "a line for patronictl, and no SQL tells whether it was taken: the warning stays"},
    {"peers", "Typed.a_line_of_pg_hba_conf_for_one_database_and_the_peer"},
    {"pg-dump", "a package of the machine"},
    {"pool-mode", by_the_typist},
    {"pooler-entries", by_the_typist},
    {"pooler-files", by_the_typist},
    {"pooler-reuseport", "Reuseport.processes_of_one_port_are_moved_when_each_is_named_by_its_socket"},
    {"pooler-timeouts", by_the_typist},
    {"poolers", by_the_typist},
    {"prepared-transactions", by_the_typist},
    {"privileges", "Typed.the_rights_of_pgteals_role"},
    {"reachable", "Typed.a_line_of_pg_hba_conf_for_pgteal_itself"},
    {"read-only", by_the_typist},
    {"readable", "Typed.a_line_of_pg_hba_conf_for_one_database_and_the_peer"},
    {"reads-tables", "CalledCode.ConstraintsThatReadTables"},
    {"recovery", "Typed.what_promotes_a_standby"},
    {"replica-identity", by_the_typist},
    {"role-names", by_the_typist},
    {"role-replication", "Typed.the_rights_of_pgteals_role"},
    {"role-settings", by_the_typist},
    {"row-security", by_the_typist},
    {"schema-changes", by_the_typist},
    {"security-labels",
     "no provider of labels is packaged; Carried.labels_of_roles_and_databases makes its rows"},
    {"senders", by_the_typist},
    {"sequences", by_the_typist},
    {"server-values", "Unshown.columns_that_hold_what_another_server_reads_in_another_way"},
    {"session-settings", by_the_typist},
    {"sides", "BackInTime.IsSeenOfTheStandingSideAndSettledByACompareAlone"},
    {"slot-retention", by_the_typist},
    {"slots", by_the_typist},
    {"standby-entries", by_the_typist},
    {"stored-settings", "Settings.of_roles_and_databases_are_tried_on_green"},
    {"superuser-sessions", "Typed.what_ends_sessions"},
    {"synchronous-standbys", "Typed.synchronous_standbys_that_are_not_there"},
    {"system-schemas", by_the_typist},
    {"tablespaces", by_the_typist},
    {"tried-logins", "Logins.that_would_fail_on_green_are_named_before_anybody_is_held"},
    {"trial-restore", "TrialRestore.names_what_green_refuses_and_each_advice_helps"},
    {"triggers", by_the_typist},
    {"type-oids", only_told},
    {"unlogged-tables", by_the_typist},
    {"versions", "Typed.the_dsns_of_the_right_servers"},
    {"wal-level", by_the_typist},
    {"workers", by_the_typist},
};

/// Each test of the tree with the text of its file.
std::map<std::string, std::string> tests() {
    static const std::regex head(R"(\b\w*TEST\w*\(\s*(\w+),\s*(\w+)\s*\))");
    std::map<std::string, std::string> found;
    for (const auto& file : std::filesystem::recursive_directory_iterator(PGTEAL_SOURCE_DIR "/tests")) {
        if (file.path().extension() != ".cpp" || file.path().filename() == "advised_test.cpp") {
            continue;
        }
        std::ifstream in(file.path());
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        for (std::sregex_iterator it(text.begin(), text.end(), head), end; it != end; ++it) {
            found[(*it)[1].str() + "." + (*it)[2].str()] = text;
        }
    }
    return found;
}

} // namespace

TEST(Advised, each_check_has_a_test_that_types_its_advice_or_a_reason) {
    std::set<std::string> listed;
    for (const auto& [id, how] : advised) {
        listed.insert(id);
    }
    std::vector<std::string_view> ids;
    for (const auto& row : check_rows) {
        ids.push_back(row.id);
        EXPECT_TRUE(row.asks.ends_with('?')) << row.id;
    }
    EXPECT_THAT(listed, testing::UnorderedElementsAreArray(ids));
    const auto known = tests();
    for (const auto& [id, how] : advised) {
        if (how.find(' ') != std::string::npos) {
            continue;
        }
        const auto found = known.find(how);
        ASSERT_NE(found, known.end()) << id << ": there is no test " << how;
        const bool named = found->second.find('"' + id + '"') != std::string::npos ||
                           found->second.find("\\\"" + id + "\\\"") != std::string::npos;
        EXPECT_TRUE(named) << "the file of " << how << " says nothing of " << id;
    }
}

} // namespace pgteal::health
