#include "health/schema/schema_checks.hpp"

#include "facts_fixture.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

TEST(ReplicaIdentity, a_primary_key_or_a_named_index_is_enough) {
    auto keyed = table("public.orders");
    keyed.has_key = keyed.key_usable = true;
    expect_ok(check_replica_identity(app_with(keyed), 15, 17));
    EXPECT_EQ(check_replica_identity(app_with(keyed), 15, 17).summary, "1 table");
    auto indexed = table("public.orders");
    indexed.identity = "i";
    indexed.index_usable = true;
    expect_ok(check_replica_identity(app_with(indexed), 15, 17));
}

TEST(ReplicaIdentity, no_key_offers_an_index_that_would_do) {
    auto events = table("audit.events");
    events.candidate = "events_uid_key";
    const auto finding = only(check_replica_identity(app_with(events), 15, 17), Level::error, "blue");
    EXPECT_EQ(finding.object, "app: audit.events");
    EXPECT_EQ(finding.message, "table audit.events has no replica identity. UPDATE and DELETE on it would "
                               "fail on blue as soon as it is published.");
    EXPECT_EQ(finding.fix, "ALTER TABLE audit.events REPLICA IDENTITY USING INDEX events_uid_key;");
}

TEST(ReplicaIdentity, no_key_and_no_index_offers_full_unless_a_type_forbids_it) {
    auto events = table("audit.events");
    EXPECT_THAT(only(check_replica_identity(app_with(events), 15, 17), Level::error, "blue").fix,
                HasSubstr("REPLICA IDENTITY FULL"));
    events.incomparable = {"payload"};
    EXPECT_EQ(only(check_replica_identity(app_with(events), 15, 17), Level::error, "blue").fix,
              "ALTER TABLE audit.events ADD COLUMN row_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;");
}

TEST(ReplicaIdentity, a_deferrable_key_gets_an_index_beside_it) {
    auto events = table("audit.events");
    events.has_key = true;
    events.key_columns = "id, part";
    const auto finding = only(check_replica_identity(app_with(events), 15, 17), Level::error, "blue");
    EXPECT_THAT(finding.message, HasSubstr("deferrable"));
    EXPECT_EQ(finding.fix, "CREATE UNIQUE INDEX CONCURRENTLY events_identity ON audit.events (id, part);  "
                           "ALTER TABLE audit.events REPLICA IDENTITY USING INDEX events_identity;");
}

TEST(ReplicaIdentity, nothing_and_a_lost_index_are_refused) {
    auto events = table("audit.events");
    events.has_key = events.key_usable = true;
    events.identity = "n";
    const auto nothing = only(check_replica_identity(app_with(events), 15, 17), Level::error, "blue");
    EXPECT_THAT(nothing.message, HasSubstr("NOTHING"));
    EXPECT_EQ(nothing.fix, "ALTER TABLE audit.events REPLICA IDENTITY DEFAULT;");
    events.identity = "i";
    EXPECT_THAT(only(check_replica_identity(app_with(events), 15, 17), Level::error, "blue").message,
                HasSubstr("gone"));
}

TEST(ReplicaIdentity, full_is_slow_up_to_15_and_stops_on_types_without_equality) {
    auto events = table("audit.events");
    events.identity = "f";
    expect_ok(check_replica_identity(app_with(events), 16, 17));
    const auto back = only(check_replica_identity(app_with(events), 15, 17), Level::warning, "blue");
    EXPECT_THAT(back.message, HasSubstr("on the way back"));
    const auto both = only(check_replica_identity(app_with(events), 13, 14), Level::warning, "blue");
    EXPECT_THAT(both.message, HasSubstr("green (PostgreSQL 14) and blue (PostgreSQL 13"));
    events.incomparable = {"payload"};
    EXPECT_THAT(only(check_replica_identity(app_with(events), 16, 17), Level::error, "blue").message,
                HasSubstr("payload"));
}

TEST(ReplicaIdentity, a_thousand_tables_are_not_all_listed) {
    auto facts = app_with(table("public.t0"));
    for (int i = 1; i < 1000; ++i) {
        facts[0].identities.push_back(table("public.t" + std::to_string(i)));
    }
    const auto result = check_replica_identity(facts, 15, 17);
    ASSERT_EQ(result.findings.size(), 21U);
    EXPECT_EQ(result.findings.back().level, Level::error);
    EXPECT_THAT(result.findings.back().message, HasSubstr("980 more"));
}

TEST(SchemaChecks, a_plain_database_passes_all) {
    for (const auto& result :
         {check_unlogged_tables(app(), {}), check_large_objects(app(), {}), check_triggers(app(), {}),
          check_sequences(app()), check_extension_tables(app())}) {
        expect_ok(result);
    }
    for (const auto& result : check_notable(app())) {
        expect_ok(result);
    }
}

TEST(SchemaChecks, what_is_never_replicated_refuses_unless_accepted) {
    auto facts = app();
    facts[0].unlogged = {"public.cache"};
    facts[0].large_objects = 2;
    facts[0].large_object_columns = {"public.scans(image)"};
    EXPECT_THAT(only(check_unlogged_tables(facts, {}), Level::error, "blue").fix,
                HasSubstr("ALTER TABLE public.cache SET LOGGED;"));
    only(check_unlogged_tables(facts, {"large-objects"}), Level::error, "blue");
    only(check_unlogged_tables(facts, {"unlogged-tables"}), Level::warning, "blue");
    const auto large = only(check_large_objects(facts, {}), Level::error, "blue");
    EXPECT_THAT(large.message,
                HasSubstr("2 large objects in database app, perhaps used by public.scans(image)"));
    only(check_large_objects(facts, {"large-objects"}), Level::warning, "blue");
}

TEST(SchemaChecks, triggers_that_fire_in_apply) {
    auto facts = app();
    facts[0].triggers = {{"public.orders", "audit", "ALWAYS"}};
    EXPECT_EQ(only(check_triggers(facts, {}), Level::warning, "blue").fix,
              "ALTER TABLE public.orders ENABLE TRIGGER audit;");
    facts[0].triggers.front().before_row = true; // it may leave the row out
    only(check_triggers(facts, {}), Level::error, "blue");
    only(check_triggers(facts, {"triggers"}), Level::warning, "blue");
}

TEST(SchemaChecks, sequences_near_their_end) {
    auto facts = app();
    facts[0].sequences = {{"public.orders_id_seq", "1207", "integer"}};
    const auto finding = only(check_sequences(facts), Level::warning, "blue");
    EXPECT_THAT(finding.message, HasSubstr("1207 numbers left"));
    EXPECT_THAT(finding.fix, HasSubstr("AS bigint"));
}

TEST(SchemaChecks, reminders_are_one_finding_a_kind_and_database) {
    auto facts = app();
    facts[0].extensions.push_back({"postgis", "3.3", true});
    only(check_extension_tables(facts), Level::info, "blue");
    facts[0].notable = {{"materialized view", "public.a"},
                        {"materialized view", "public.b"},
                        {"foreign table", "public.f"},
                        {"event trigger", "guard"}};
    const auto results = check_notable(facts);
    ASSERT_EQ(results.size(), 3U);
    EXPECT_THAT(only(results[0], Level::info, "blue").message,
                HasSubstr("2 materialized views (public.a, public.b)"));
    EXPECT_THAT(only(results[1], Level::info, "blue").message, HasSubstr("1 foreign table"));
    EXPECT_THAT(only(results[2], Level::info, "blue").message, HasSubstr("guard"));
}

} // namespace
} // namespace pgteal::health
