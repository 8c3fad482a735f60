// Lists of objects side by side, what follows for the operator, and the fingerprint. No server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migration/schema/compare.hpp"
#include "migration/schema/copy.hpp"
#include "migration/schema/expected.hpp"
#include "migration/schema/judge.hpp"
#include "migration/schema/reconcile.hpp"

namespace pgteal::migration::schema {

namespace {

using testing::ElementsAre;
using What = Difference::What;

Object object(const std::string& kind, const std::string& identity, const std::string& definition = "",
              std::map<std::string, std::string, std::less<>> attributes = {}) {
    Object one;
    one.kind = kind;
    one.identity = one.name = identity;
    one.definition = definition;
    one.attributes = std::move(attributes);
    return one;
}

Object part(const std::string& kind, const std::string& parent, const std::string& name,
            const std::string& definition = "",
            std::map<std::string, std::string, std::less<>> attributes = {}) {
    auto one = object(kind, kind == "column" ? parent + "." + name : name + " on " + parent, definition,
                      std::move(attributes));
    one.parent = parent;
    one.name = name;
    return one;
}

Objects list(std::vector<Object> objects, int version = 170010) {
    std::sort(objects.begin(), objects.end(), [](const Object& a, const Object& b) {
        return std::tie(a.kind, a.identity) < std::tie(b.kind, b.identity);
    });
    return {version, std::move(objects)};
}

std::vector<std::string> words(const std::vector<Difference>& differences) {
    std::vector<std::string> text;
    for (const auto& one : differences) {
        std::string line = to_string(one.what) + " " + one.kind + " " + one.identity;
        for (const auto& change : one.changes) {
            line += " " + change.attribute;
        }
        text.push_back((one.drift ? "" : "note: ") + line);
    }
    return text;
}

std::vector<std::string> compared(const Objects& left, const Objects& right,
                                  const CompareOptions& options = {}) {
    return words(compare(left, right, options));
}

} // namespace

TEST(Compare, finds_what_is_missing_extra_and_modified_in_the_order_of_making) {
    const auto left = list({object("view", "s.v", "SELECT 1"), object("table", "s.gone"),
                            part("column", "s.t", "a", "", {{"type", "integer"}, {"default", "1"}}),
                            object("table", "s.t")});
    const auto right =
        list({object("view", "s.v", "SELECT 2"), object("schema", "s2"), object("table", "s.t"),
              part("column", "s.t", "a", "", {{"type", "bigint"}, {"not null", "yes"}})});
    EXPECT_THAT(compared(left, right),
                ElementsAre("extra schema s2", "missing table s.gone",
                            "modified column s.t.a default not null type", "modified view s.v definition"));
    EXPECT_THAT(compared(left, left), ElementsAre());
    EXPECT_THAT(compared({}, {}), ElementsAre());
}

TEST(Compare, parts_go_with_their_whole) {
    auto serial = object("sequence", "s.t_id_seq", "", {{"owned by", "s.t.id"}});
    const auto whole = list({object("table", "s.t"), part("column", "s.t", "id"), part("index", "s.t", "s.i"),
                             serial, object("sequence", "s.free")});
    const auto found = compare(whole, list({}), {});
    EXPECT_THAT(words(found), ElementsAre("missing sequence s.free", "missing table s.t"));
    EXPECT_EQ(found.back().with, 3);
    // Not where the whole is on both sides.
    EXPECT_THAT(compared(whole, list({object("table", "s.t")})),
                ElementsAre("missing sequence s.free", "missing sequence s.t_id_seq", "missing column s.t.id",
                            "missing index s.i on s.t"));
}

TEST(Compare, majors_differ_in_what_they_grant) {
    const auto schema = [](const std::string& privileges) {
        return object("schema", "public", "", {{"owner", "standard"}, {"privileges", privileges}});
    };
    const auto table = [](const std::string& privileges) {
        return object("table", "t", "", {{"privileges", privileges}});
    };
    EXPECT_THAT(compared(list({schema("initial: PUBLIC=CREATE,USAGE; owner=CREATE,USAGE")}, 140010),
                         list({schema("initial: PUBLIC=USAGE; owner=CREATE,USAGE")}, 150010)),
                ElementsAre());
    EXPECT_THAT(compared(list({schema("PUBLIC=USAGE; owner=CREATE,USAGE")}, 140010),
                         list({schema("initial: PUBLIC=CREATE,USAGE; owner=CREATE,USAGE")}, 150010)),
                ElementsAre("modified schema public privileges"));
    EXPECT_THAT(compared(list({schema("initial: PUBLIC=CREATE,USAGE")}, 150010),
                         list({schema("initial: PUBLIC=USAGE")}, 160010)),
                ElementsAre("modified schema public privileges"));
    EXPECT_THAT(compared(list({table("app=INSERT,SELECT; owner=INSERT")}, 160010),
                         list({table("app=INSERT,MAINTAIN,SELECT; owner=INSERT,MAINTAIN")}, 170010)),
                ElementsAre());
    EXPECT_THAT(compared(list({table("app=INSERT")}, 170010), list({table("app=INSERT,MAINTAIN")}, 180010)),
                ElementsAre("modified table t privileges"));
}

TEST(Compare, notes_are_no_drift) {
    const auto extension = [](const std::string& version) {
        return object("extension", "citext", "", {{"version", version}});
    };
    EXPECT_THAT(compared(list({extension("1.6")}, 150010), list({extension("1.8")}, 180010)),
                ElementsAre("note: modified extension citext version"));
    EXPECT_THAT(compared(list({extension("1.6")}), list({extension("1.8")})),
                ElementsAre("modified extension citext version"));
    CompareOptions strict;
    strict.extension_versions = true;
    EXPECT_THAT(compared(list({extension("1.6")}, 150010), list({extension("1.8")}, 180010), strict),
                ElementsAre("modified extension citext version"));
    const auto table = [](const std::string& order, const std::string& options) {
        return object("table", "t", "", {{"order", order}, {"options", options}});
    };
    EXPECT_THAT(compared(list({table("a, b", "")}), list({table("b, a", "")})),
                ElementsAre("note: modified table t order"));
    EXPECT_THAT(compared(list({table("a, b", "")}), list({table("a, b, c", "")})), ElementsAre());
    EXPECT_THAT(compared(list({table("a, b", "x=1")}), list({table("b, a", "")})),
                ElementsAre("modified table t options"));
    EXPECT_THAT(compared(list({object("publication", "p")}), list({})),
                ElementsAre("note: missing publication p"));
}

TEST(Compare, owners_can_be_left_out) {
    CompareOptions options;
    options.owners = false;
    const auto left = list({object("table", "t", "", {{"owner", "a"}})});
    const auto right = list({object("table", "t", "", {{"owner", "b"}})});
    EXPECT_THAT(compared(left, right, options), ElementsAre());
    EXPECT_THAT(compared(left, right), ElementsAre("modified table t owner"));
}

TEST(Fingerprint, changes_with_everything_but_where_it_was_read) {
    const auto base = list({object("table", "t", "", {{"order", "a, b"}}),
                            object("index", "i", "CREATE INDEX i", {{"valid", "yes"}})});
    auto other = base;
    other.list[0].oid = 4711;
    other.list[0].relation = 4;
    other.list[1].attributes["order"] = "b, a";
    other.list.push_back(object("publication", "p"));
    other.list.push_back(object("index", "i_ccnew", "CREATE INDEX i_ccnew", {{"valid", "no"}}));
    EXPECT_EQ(fingerprints(base), fingerprints(other));
    for (const auto& change : std::vector<std::function<void(Objects&)>>{
             [](Objects& o) { o.list[0].definition = "CREATE INDEX j"; },
             [](Objects& o) { o.list[0].attributes["valid"] = "no"; },
             [](Objects& o) { o.list[1].attributes["owner"] = "x"; },
             [](Objects& o) { o.list[1].identity = "u"; }, [](Objects& o) { o.list.pop_back(); },
             [](Objects& o) { o.list.push_back(object("view", "v")); }}) {
        auto changed = base;
        change(changed);
        EXPECT_NE(fingerprints(changed), fingerprints(base));
    }
}

TEST(Fingerprint, is_without_privileges_and_comments) {
    const auto base = list({object("table", "t", "", {{"owner", "a"}})});
    for (const std::string attribute : {"privileges", "comment"}) {
        auto other = base;
        other.list[0].attributes[attribute] = "x";
        EXPECT_EQ(fingerprints(other), fingerprints(base)) << attribute;
    }
    auto other = base;
    other.list.push_back(object("default privileges", "tables of a"));
    EXPECT_EQ(fingerprints(other), fingerprints(base));
}

TEST(Compare, a_partitions_copy_of_a_trigger_goes_with_its_parents) {
    const auto trigger = [](const std::string& table, const std::string& definition,
                            const std::string& enabled, bool copied, bool follows) {
        auto one = part("trigger", table, "g", definition, {{"enabled", enabled}});
        one.copied = copied;
        one.follows = follows;
        return one;
    };
    const auto both = [&trigger](const std::string& definition, const std::string& enabled,
                                 const std::string& of_copy) {
        return list({trigger("s.p", definition, enabled, false, false),
                     trigger("s.p1", definition + " 1", of_copy, true, enabled == of_copy)});
    };
    const auto as_made = both("a", "", "");
    EXPECT_THAT(compared(as_made, list({})), ElementsAre("missing trigger g on s.p"));
    EXPECT_THAT(compared(as_made, both("b", "", "")), ElementsAre("modified trigger g on s.p definition"));
    EXPECT_THAT(compared(as_made, both("a", "disabled", "disabled")),
                ElementsAre("modified trigger g on s.p enabled"));
    EXPECT_THAT(compared(as_made, both("a", "", "disabled")),
                ElementsAre("modified trigger g on s.p1 enabled"));
    EXPECT_THAT(compared(both("a", "disabled", "disabled"), both("a", "", "disabled")),
                ElementsAre("modified trigger g on s.p enabled"));
    // Those that follow are in no fingerprint.
    EXPECT_EQ(fingerprints(as_made), fingerprints(list({trigger("s.p", "a", "", false, false)})));
    EXPECT_NE(fingerprints(as_made), fingerprints(both("a", "", "disabled")));
}

TEST(Compare, an_extensions_comment_counts_where_somebody_changed_it) {
    const auto extension = [](const std::string& comment, bool stock) {
        auto one = object("extension", "citext", "", {{"comment", comment}});
        one.stock = stock;
        return list({one});
    };
    EXPECT_THAT(compared(extension("of 15", true), extension("of 17", true)), ElementsAre());
    // As a dump takes it along.
    EXPECT_THAT(compared(extension("of 15", true), extension("of 15", false)), ElementsAre());
    EXPECT_THAT(compared(extension("of 15", true), extension("ours", false)),
                ElementsAre("modified extension citext comment"));
    EXPECT_THAT(compared(extension("of 15", true), extension("", false)),
                ElementsAre("modified extension citext comment"));
    EXPECT_EQ(fingerprints(extension("a", true)), fingerprints(extension("b", false)));
}

TEST(Reconcile, storage_of_the_type_can_be_named_from_16_on) {
    const auto column = [](const std::string& storage, int version) {
        return list({part("column", "s.t", "a", "", {{"type", "text"}, {"storage", storage}})}, version);
    };
    const auto left = column("", 140010);
    for (const auto& [version, sql] : std::map<int, std::string>{
             {150010,
              "-- ALTER TABLE s.t ALTER COLUMN a SET STORAGE (that of its type, pg_type.typstorage);"},
             {160010, "ALTER TABLE s.t ALTER COLUMN a SET STORAGE DEFAULT;"}}) {
        const auto right = column("external", version);
        EXPECT_EQ(reconcile(compare(left, right, {}).at(0), left, right), sql);
    }
}

TEST(Reconcile, what_there_is_no_sql_for_is_named_beside_the_rest) {
    const auto sql = [](std::map<std::string, std::string, std::less<>> wanted) {
        const auto left = list({object("table", "s.t", "", std::move(wanted))});
        const auto right = list({object("table", "s.t")});
        return reconcile(compare(left, right, {}).at(0), left, right);
    };
    EXPECT_EQ(sql({{"bound", "DEFAULT"}, {"options", "fillfactor=70"}, {"tablespace", "fast"}}),
              "ALTER TABLE s.t SET (fillfactor=70);\n-- not in this SQL: bound, tablespace");
    EXPECT_EQ(sql({{"bound", "DEFAULT"}}), "");
    EXPECT_EQ(sql({{"replica identity", "index t_i"}}),
              "-- ALTER TABLE s.t REPLICA IDENTITY USING INDEX t_i;");
}

TEST(Reconcile, labels_of_an_enum_are_only_added) {
    const auto sql = [](const std::string& wanted, const std::string& have) {
        const auto left = list({object("type", "s.e", wanted)});
        const auto right = list({object("type", "s.e", have)});
        return reconcile(compare(left, right, {}).at(0), left, right);
    };
    EXPECT_EQ(sql("AS ENUM ('a', 'it''s', 'c')", "AS ENUM ('a', 'c')"),
              "ALTER TYPE s.e ADD VALUE 'it''s' AFTER 'a';");
    EXPECT_EQ(sql("AS ENUM ('z', 'a')", "AS ENUM ('a')"), "ALTER TYPE s.e ADD VALUE 'z' BEFORE 'a';");
    EXPECT_EQ(sql("AS ENUM ('a')", "AS ENUM ('a', 'b')"), "");
    EXPECT_EQ(sql("AS ENUM ('b', 'a')", "AS ENUM ('a', 'b')"), "");
}

TEST(Copy, only_what_is_asked_for_and_what_that_depends_on) {
    const std::string archive = "; Archive created at 2026\n"
                                "5; 2615 100 SCHEMA - s o\n"
                                "7; 1255 200 FUNCTION s f(integer) o\n;\tdepends on: 5\n"
                                "8; 1259 300 TABLE s t o\n;\tdepends on: 7 5\n"
                                "9; 1259 301 TABLE s other o\n;\tdepends on: 5\n"
                                "12; 1259 400 VIEW s v o\n;\tdepends on: 8 99\n"
                                "20; 3466 500 EVENT TRIGGER - \"pgteal_freeze_ddl\" o\n"
                                "21; 3466 501 EVENT TRIGGER - watch pgteal\n";
    EXPECT_EQ(choose_entries(archive, {{1259, 400}}),
              "5; 2615 100 SCHEMA - s o\n7; 1255 200 FUNCTION s f(integer) o\n"
              "8; 1259 300 TABLE s t o\n12; 1259 400 VIEW s v o\n");
    EXPECT_EQ(choose_entries(archive, {{1259, 999}}), "");
    const auto all = choose_entries(archive, {});
    EXPECT_NE(all.find("watch"), std::string::npos);
    EXPECT_NE(all.find("s other"), std::string::npos);
    EXPECT_EQ(all.find("pgteal_freeze_ddl"), std::string::npos);
}

TEST(Expected, files_are_sorted_by_where_they_are_applied) {
    std::vector<File> files;
    std::vector<Applied> rows;
    for (const auto* name : {"V1__a.sql", "V2__b.sql", "V3__c.sql"}) {
        files.push_back(parse_file(name, "SELECT 1;"));
        Applied row;
        row.version = files.back().version;
        row.checksum = files.back().checksum;
        row.state = "applied";
        rows.push_back(row);
    }
    rows[2].state = "running";
    const auto applied = applied_files(files, {rows[0]}, rows);
    ASSERT_EQ(applied.on_blue.size(), 1U);
    EXPECT_EQ(applied.on_blue[0].script, "V1__a.sql");
    ASSERT_EQ(applied.only_on_green.size(), 1U);
    EXPECT_EQ(applied.only_on_green[0].script, "V2__b.sql");
    EXPECT_EQ(applied.pending, 1);
}

TEST(Expected, what_reaches_beyond_the_database_is_not_replayed) {
    const auto reason = [](const std::string& text) { return why_not({parse_file("V1__a.sql", text)}); };
    EXPECT_EQ(
        reason(
            "CREATE TABLE role (a int); GRANT SELECT ON role TO app; CREATE USER MAPPING FOR app SERVER s;"),
        "");
    EXPECT_EQ(reason("SELECT 1;\nCREATE ROLE x;"), "V1__a.sql:2 changes more than its database");
    EXPECT_NE(reason("alter system set work_mem = 1;"), "");
    EXPECT_NE(reason("GRANT admin TO app;"), "");
    EXPECT_NE(reason("DROP DATABASE x;"), "");
    EXPECT_NE(reason("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p;"), "");
}

TEST(Judge, without_an_expected_schema_the_sides_must_be_the_same) {
    Sides sides{list({object("table", "t")}), list({}), {}, {}};
    Found found;
    found.sides = compare(sides.blue, *sides.green, {});
    Report report;
    judge(sides, found, &report);
    ASSERT_EQ(report.drift.size(), 1U);
    EXPECT_EQ(report.drift[0].what, "missing on green");
    EXPECT_FALSE(report.equal());
    // As the migrations leave it.
    sides.green_expected = list({});
    report = {};
    judge(sides, found, &report);
    EXPECT_TRUE(report.equal());
    ASSERT_EQ(report.explained.size(), 1U);
}

} // namespace pgteal::migration::schema
