#include "cutover/record/audit.hpp"

#include "cutover/record/approvals.hpp"
#include "tests/cutover/events.hpp"
#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using toys::Script;

boost::json::object actions(const std::string& what) {
    boost::json::object one;
    one["where"] = "green/app";
    one["what"] = what;
    boost::json::object body;
    body["actions"] = boost::json::array{one};
    return body;
}

TEST(Audit, JoinsIntentAndOutcome) {
    Script script;
    script.begin_run("r1")
        .add(EventKind::intent, "claim", 1, actions("CREATE SCHEMA pgteal"))
        .add(EventKind::done, "claim", 1, {{"ms", 12.5}, {"summary", "1 database"}})
        .add(EventKind::intent, "copy", 1, actions("COPY"));
    const auto entries = audit_of(script.events(), {{1, "prepare", "op@ctl"}});
    ASSERT_THAT(entries, SizeIs(3));
    EXPECT_EQ(entries[0].what, "run begun");
    EXPECT_EQ(entries[1].step, "claim");
    EXPECT_EQ(entries[1].outcome, "done");
    EXPECT_EQ(entries[1].time, std::chrono::microseconds(12'500));
    EXPECT_EQ(entries[1].summary, "1 database");
    EXPECT_EQ(entries[1].who, "op@ctl");
    EXPECT_EQ(entries[1].run_id, "r1");
    ASSERT_THAT(entries[1].actions, SizeIs(1));
    EXPECT_EQ(entries[1].actions[0].what, "CREATE SCHEMA pgteal");
    EXPECT_EQ(entries[2].outcome, "no record of its end");
    EXPECT_FALSE(entries[2].time);
}

TEST(Audit, KnowsWhoWroteWhat) {
    Script script;
    script.begin_run().step("check").step("claim").switchover("blue", "green", 2);
    const auto events = script.events();
    const auto begun = std::find_if(events.begin(), events.end(),
                                    [](const Event& event) { return event.kind == EventKind::begun; });
    const auto entries = audit_of(events, {{1, "prepare", "ada@ctl"}, {begun->seq, "cutover", "bob@ctl"}});
    EXPECT_EQ(entries.front().command, "prepare");
    EXPECT_EQ(entries.back().command, "cutover");
    EXPECT_EQ(entries.back().who, "bob@ctl");
    const auto old = audit_of(events, {});
    EXPECT_EQ(old.back().who, "") << "a journal from before authors were recorded";
}

TEST(Audit, DocumentHasApprovalsMigrationsAndSwitchovers) {
    Script script;
    const auto file =
        migration::parse_file("V1__x.sql", "CREATE TABLE x();\nALTER ROLE a PASSWORD 'hunter2';");
    script.add(EventKind::approved, "approve", 0, approval_event("Ada", "op@ctl", {"c", {}}).body)
        .begin_run()
        .add(EventKind::migrated, "migrate", 1,
             migrated_event("app", "green", file, std::chrono::milliseconds(31)).body)
        .switchover("blue", "green", 2)
        .begin("green", "blue", 3);
    const auto entries = audit_of(script.events(), {{1, "prepare", "op@ctl"}});
    const auto document = audit_document("toy", entries);
    EXPECT_EQ(document.at("run").as_string(), "toy");
    EXPECT_EQ(document.at("approvals").at(0).at("as").as_string(), "Ada");
    EXPECT_EQ(document.at("migrations").at(0).at("script").as_string(), "V1__x.sql");
    EXPECT_EQ(document.at("migrations").at(0).at("sha256").as_string().size(), 64U);
    const auto& switchovers = document.at("switchovers").as_array();
    ASSERT_THAT(switchovers, SizeIs(2));
    EXPECT_EQ(switchovers[0].at("outcome").as_string(), "switched");
    EXPECT_EQ(switchovers[0].at("pause_ms").as_double(), 30.5);
    EXPECT_EQ(switchovers[1].at("outcome").as_string(), "no record of its end");
    const auto whole = boost::json::serialize(document) + audit_text("toy", entries);
    EXPECT_THAT(whole, Not(HasSubstr("hunter2")));
    EXPECT_THAT(whole, HasSubstr("CREATE TABLE x()"));
}

TEST(Audit, TextIsInBlocksByCommand) {
    Script script;
    script.begin_run("r1")
        .add(EventKind::intent, "claim", 1, actions("ONE;\nTWO;"))
        .add(EventKind::done, "claim", 1, {{"ms", 12.5}, {"summary", "1 database"}});
    EXPECT_EQ(audit_text("toy", audit_of(script.events(), {{1, "prepare", "op@ctl"}})),
              "run toy, times in UTC\n"
              "\n"
              "2026-11-21 12:00:01   pgteal prepare   by op@ctl\n"
              "  12:00:01   run begun (r1)\n"
              "  12:00:01   claim          done          12 ms   1 database\n"
              "               green/app:  ONE;\n"
              "                 TWO;\n");
}

TEST(Audit, MigrationsKeepTheirWordsButNoConstants) {
    const auto file = migration::parse_file(
        "V1__x.sql",
        "ALTER TABLE users ADD COLUMN password_hash text DEFAULT 'hunter2';\n"
        "CREATE VIEW far AS SELECT * FROM dblink('host=b password=hunter2', $q$SELECT 1$q$) AS t(a int);\n"
        "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'x', password 'hunter2'); -- hunter2\n"
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'hunter2'$$;\n");
    const auto event = migrated_event("app", "green", file, std::chrono::milliseconds(1));
    const std::string sql(event.body.at("sql").as_string());
    EXPECT_THAT(sql, Not(HasSubstr("hunter2")));
    EXPECT_THAT(sql, HasSubstr("ALTER TABLE users ADD COLUMN password_hash text DEFAULT '…';"));
    EXPECT_THAT(sql, HasSubstr("CREATE VIEW far AS SELECT * FROM dblink('…', '…') AS t(a int);"));
    EXPECT_THAT(sql, HasSubstr("LANGUAGE sql AS '…';"));
    EXPECT_EQ(event.body.at("sha256").as_string().size(), 64U);
}

TEST(Audit, ALongFileIsCutBetweenCharacters) {
    const auto file = migration::parse_file("V1__x.sql", "SELECT " + std::string(300'000, 'x') + "é;");
    const auto event = migrated_event("app", "green", file, std::chrono::milliseconds(1));
    const std::string sql(event.body.at("sql").as_string());
    EXPECT_LT(sql.size(), 270'000U);
    EXPECT_THAT(sql, testing::EndsWith("(the file has more)\n"));
}

} // namespace
} // namespace pgteal::cutover
