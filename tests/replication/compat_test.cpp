// The judgement without servers: how lanes are found, and what is not to be said. What it says of each change
// is held against live servers by tests/scenarios/streams_scenario.cpp.
#include "replication/compat/compat.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgteal::replication::compat {
namespace {

using testing::HasSubstr;

Column column(const std::string& name, const std::string& type, int position, bool not_null = false) {
    Column one;
    one.name = name;
    one.type = type;
    one.position = position;
    one.not_null = not_null;
    return one;
}

Table table(const std::string& name) {
    Table one;
    one.schema = "public";
    one.name = name;
    one.columns = {column("id", "bigint", 1, true), column("note", "text", 2)};
    Index key;
    key.name = name + "_pkey";
    key.columns = {"id"};
    key.unique = key.primary = true;
    one.indexes = {key};
    return one;
}

Schema schema(const std::vector<Table>& tables) {
    Schema one;
    one.version = 170000;
    one.time_zone = "UTC";
    for (const auto& each : tables) {
        one.tables[each.display()] = each;
    }
    return one;
}

std::vector<TableVerdict> judged(const Schema& from, const Schema& to,
                                 const std::string& publisher = "blue") {
    return judge(from, to, direction_of(from, to, {Lane{"run", "app", 1, publisher}}));
}

TEST(Compat, HasNothingToSayWhereBothSidesAreEqual) {
    auto unlogged = table("unlogged");
    unlogged.persistence = 'u';
    auto full = table("full");
    full.identity = 'f';
    full.indexes.clear();
    const auto same = schema({table("t"), unlogged, full});
    for (const std::string publisher : {"blue", "green"}) {
        EXPECT_TRUE(judged(same, same, publisher).empty()) << publisher;
    }
}

TEST(Compat, OnlyWarnsOfAMissingKeyThatIsNoDifference) {
    auto keyless = table("log");
    keyless.indexes.clear();
    const auto verdicts = judged(schema({keyless}), schema({keyless}));
    ASSERT_EQ(verdicts.size(), 1U);
    EXPECT_EQ(verdicts[0].level, Level::warning) << "preflight has refused or accepted it";
    EXPECT_EQ(verdicts[0].outcome, Outcome::publisher);
}

TEST(Compat, ADroppedAndAnAddedColumnAreNoRename) {
    auto green = table("t");
    green.columns[1] = column("remark", "text", 3);
    auto verdicts = judged(schema({green}), schema({table("t")}), "green");
    ASSERT_EQ(verdicts.size(), 1U);
    EXPECT_EQ(verdicts[0].outcome, Outcome::column_list) << "blue's note is NULL, as for a dropped column";
    green.columns[1].position = 2; // where blue's note is
    verdicts = judged(schema({green}), schema({table("t")}), "green");
    EXPECT_EQ(verdicts[0].outcome, Outcome::diverges);
    EXPECT_THAT(verdicts[0].reasons[0].why, HasSubstr("it is called remark"));
}

TEST(Compat, ADefinitionThatTwoMajorsPrintDifferentlyIsTheSame) {
    auto one = table("t");
    Constraint check;
    check.name = "positive";
    check.columns = {"id"};
    check.definition = "CHECK ((id > 0))";
    one.constraints = {check};
    auto other = one;
    other.constraints[0].definition = "CHECK (id > 0)";
    EXPECT_TRUE(judged(schema({one}), schema({other})).empty());
    other.constraints[0].definition = "CHECK (id > 1)";
    EXPECT_EQ(judged(schema({one}), schema({other})).size(), 1U);
}

TEST(Compat, UniqueByFewerColumnsIsUniqueByMore) {
    auto wider = table("t");
    wider.indexes[0].columns = {"id", "note"};
    wider.indexes[0].primary = false;
    auto plain = wider;
    plain.indexes = table("t").indexes;
    plain.indexes.push_back(wider.indexes[0]);
    EXPECT_TRUE(judged(schema({table("t")}), schema({plain})).empty());
}

TEST(Compat, ListsWhatLanesReallyPublish) {
    auto from = schema({table("t"), table("u")});
    auto to = from;
    const Lane lane{"run", "app", 1, "blue"};
    from.publications[lane.object()].tables["public.t"] = std::vector<std::string>{"id"};
    to.subscriptions[lane.object()].tables = {"public.t"};
    const auto verdicts = judge(from, to, direction_of(from, to, {lane}));
    ASSERT_EQ(verdicts.size(), 2U);
    EXPECT_THAT(
        sentence(verdicts[0], verdicts[0].reasons[0]),
        "public.t differs silently at the next write: column note, it is not in the lane's column list");
    EXPECT_THAT(sentence(verdicts[1], verdicts[1].reasons[0]),
                "public.u differs silently at the next write: no lane carries it");
}

TEST(Compat, GeneratedColumnsAreComparedByWhatTheyCompute) {
    auto blue = table("t");
    blue.columns.push_back(column("twice", "bigint", 3));
    blue.columns.back().generated = true;
    blue.columns.back().expression = "(id * 2)";
    auto green = blue;
    EXPECT_TRUE(judged(schema({blue}), schema({green})).empty());
    green.columns.back().expression = "(id * 3)";
    for (const std::string publisher : {"blue", "green"}) {
        const auto verdicts = judged(schema({blue}), schema({green}), publisher);
        ASSERT_EQ(verdicts.size(), 1U);
        EXPECT_EQ(verdicts[0].outcome, Outcome::diverges);
        EXPECT_EQ(verdicts[0].level, Level::error);
    }
}

/// A table with a column of type public.c, whose fields are `names`.
Schema with_composite(const std::vector<std::string>& names, const std::string& last = "integer",
                      const std::string& of_column = "public.c") {
    auto one = table("t");
    one.columns[1] = column("note", of_column, 2);
    auto result = schema({one});
    for (const auto& name : names) {
        auto& fields = result.composites["public.c"];
        fields.push_back({name, "integer", static_cast<int>(fields.size()) + 1});
    }
    result.composites["public.c"].back().type = last;
    result.domains["public.over"].base = "public.c";
    return result;
}

TEST(Compat, CompositeTypesAreComparedFieldByField) {
    const auto blue = with_composite({"a", "b"});
    EXPECT_TRUE(judged(blue, with_composite({"a", "b"})).empty());
    for (const std::string type : {"public.c", "public.c[]", "public.over", "public.over[]"}) {
        const auto wider = with_composite({"a", "b", "d"}, "integer", type);
        for (const bool back : {false, true}) {
            const auto other = with_composite({"a", "b"}, "integer", type);
            const auto verdicts = back ? judged(wider, other, "green") : judged(other, wider);
            ASSERT_EQ(verdicts.size(), 1U) << type;
            EXPECT_EQ(verdicts[0].outcome, Outcome::stops);
            EXPECT_EQ(verdicts[0].level, Level::error);
        }
    }
    const auto retyped = judged(blue, with_composite({"a", "b"}, "smallint"));
    ASSERT_EQ(retyped.size(), 1U);
    EXPECT_EQ(retyped[0].reasons[0].object, "column note.b");
    EXPECT_EQ(retyped[0].reasons[0].when, "once a value is outside smallint");
}

TEST(Compat, AFieldMadeAnewIsNoRename) {
    const auto blue = with_composite({"a", "b"});
    auto green = with_composite({"a", "c"});
    EXPECT_TRUE(judged(blue, green).empty()) << "renamed";
    green.composites["public.c"][1].position = 3;
    const auto verdicts = judged(blue, green);
    ASSERT_EQ(verdicts.size(), 1U);
    EXPECT_EQ(verdicts[0].outcome, Outcome::diverges);
    EXPECT_EQ(judged(blue, with_composite({"b", "a"})).size(), 1U) << "the other way round";
}

TEST(Compat, JsonbKeepsTheMeaningOfJsonOnly) {
    auto green = table("t");
    auto blue = green;
    blue.columns[1].type = "json";
    green.columns[1].type = "jsonb";
    const auto verdicts = judged(schema({blue}), schema({green}));
    ASSERT_EQ(verdicts.size(), 1U);
    EXPECT_EQ(verdicts[0].outcome, Outcome::diverges);
    EXPECT_EQ(verdicts[0].level, Level::warning);
    EXPECT_TRUE(judged(schema({green}), schema({blue}), "green").empty());
}

TEST(Compat, APartitionThatTakesLessStopsTheLane) {
    const auto bounded = [](const std::string& key, const std::string& values,
                            const std::vector<std::string>& others = {}, const std::string& type = "bigint") {
        auto one = table("t");
        one.columns[0].type = type;
        one.bounds = {{key, values, others}};
        return schema({one});
    };
    const std::string range = "RANGE (id)";
    const auto from_to = [&](const std::string& first, const std::string& last, const std::string& type) {
        return bounded(range, "FOR VALUES FROM (" + first + ") TO (" + last + ")", {}, type);
    };
    const auto hundred = from_to("0", "100", "bigint");
    const auto wide = from_to("'-5'", "MAXVALUE", "bigint");
    EXPECT_TRUE(judged(hundred, hundred).empty());
    EXPECT_TRUE(judged(hundred, wide).empty()) << "wider";
    const auto verdicts = judged(wide, hundred, "green");
    ASSERT_EQ(verdicts.size(), 1U);
    EXPECT_EQ(verdicts[0].outcome, Outcome::stops);
    EXPECT_EQ(verdicts[0].level, Level::warning);
    EXPECT_EQ(judged(schema({table("t")}), hundred).size(), 1U) << "attached on green only";
    EXPECT_TRUE(judged(hundred, schema({table("t")})).empty());
    const auto year = from_to("'2024-01-01'", "'2025-01-01'", "date");
    const auto half = from_to("'2024-01-01'", "'2024-07-01'", "date");
    EXPECT_TRUE(judged(half, year).empty());
    EXPECT_EQ(judged(year, half).size(), 1U);
    EXPECT_EQ(judged(from_to("'1'", "'5'", "text"), from_to("'1'", "'50'", "text")).size(), 1U)
        << "an order of texts is the collation's";
    const std::string list = "LIST (note)";
    const auto few = bounded(list, "FOR VALUES IN ('a', 'b,c')");
    const auto more = bounded(list, "FOR VALUES IN ('b,c', 'a', NULL)");
    EXPECT_TRUE(judged(few, more).empty());
    EXPECT_EQ(judged(more, few).size(), 1U);
    EXPECT_EQ(judged(bounded("HASH (id)", "FOR VALUES WITH (modulus 2, remainder 0)"),
                     bounded("HASH (id)", "FOR VALUES WITH (modulus 4, remainder 0)"))
                  .size(),
              1U);
    const auto rest = bounded(range, "DEFAULT", {"FOR VALUES FROM (0) TO (9)"});
    const auto less =
        bounded(range, "DEFAULT", {"FOR VALUES FROM (0) TO (9)", "FOR VALUES FROM (9) TO (20)"});
    EXPECT_TRUE(judged(less, rest).empty());
    EXPECT_EQ(judged(rest, less).size(), 1U);
}

TEST(Compat, AKeyByWhichOtherTextsAreEqualIsAnotherKey) {
    auto strict = table("t");
    strict.indexes[0].columns = {"note"};
    strict.indexes[0].loose = {""};
    auto loose = strict;
    loose.indexes[0].loose = {"public.ci"};
    auto citext = strict;
    citext.columns[1].type = "public.citext";
    for (const auto& looser : {loose, citext}) {
        EXPECT_TRUE(judged(schema({looser}), schema({looser})).empty());
        EXPECT_TRUE(judged(schema({looser}), schema({strict})).empty());
        const auto verdicts = judged(schema({strict}), schema({looser}));
        ASSERT_EQ(verdicts.size(), 1U);
        EXPECT_EQ(verdicts[0].outcome, Outcome::stops);
    }
}

TEST(Compat, LabelsOfAnEnumAreReadAsTheyAre) {
    auto words = table("t");
    words.columns[1].type = "text[]";
    auto labels = words;
    labels.columns[1].type = "public.mood[]";
    auto with = schema({labels});
    with.enums["public.mood"] = {"sad"};
    EXPECT_TRUE(judged(with, schema({words})).empty());
    const auto verdicts = judged(schema({words}), with);
    ASSERT_EQ(verdicts.size(), 1U);
    ASSERT_EQ(verdicts[0].reasons.size(), 1U);
    EXPECT_EQ(verdicts[0].level, Level::warning);
    EXPECT_EQ(verdicts[0].reasons[0].when, "once a value is no label of public.mood[]");
}

TEST(Compat, GravestComesFirst) {
    auto narrow = table("a");
    narrow.columns[0].type = "integer";
    auto without = table("b");
    without.columns.pop_back();
    const auto verdicts = judged(schema({table("a"), table("b")}), schema({narrow, without}));
    ASSERT_EQ(verdicts.size(), 2U);
    EXPECT_EQ(verdicts[0].table, "public.b");
    EXPECT_EQ(worst_level(verdicts), Level::error);
    EXPECT_EQ(verdicts[1].level, Level::warning);
    EXPECT_EQ(verdicts[1].reasons[0].when, "once a value is outside integer");
}

} // namespace
} // namespace pgteal::replication::compat
