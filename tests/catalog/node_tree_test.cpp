// Which calls of a stored expression the planner may run by itself.
#include <gtest/gtest.h>

#include "catalog/node_tree.hpp"

namespace pgteal::replication {
namespace {

using Calls = std::set<std::string>;

const std::string column = "{VAR :varno 1 :varattno 1 :vartype 23 :varlevelsup 0 :location 8}";
const std::string one =
    "{CONST :consttype 23 :constbyval true :constisnull false :location 9 :constvalue 4 [ 1 0 0 0 ]}";
const std::string null =
    "{CONST :consttype 23 :constbyval true :constisnull true :location 9 :constvalue <>}";

std::string hers(const std::string& args) {
    return "{FUNCEXPR :funcid 7 :funcretset false :args (" + args + ") :location 3}";
}
std::string plus(const std::string& args) {
    return "{OPEXPR :opno 551 :opfuncid 177 :args (" + args + ") :location 3}";
}

} // namespace

TEST(NodeTree, FindsCallsOfConstants) {
    EXPECT_EQ(calls_without_row(hers(one), {}), Calls{"funcid 7"});
    EXPECT_EQ(calls_without_row("{FUNCEXPR :funcid 7 :args <> :location -1}", {}), Calls{"funcid 7"});
    EXPECT_EQ(calls_without_row(hers(column), {}), Calls{});
    EXPECT_EQ(calls_without_row(hers(one + " " + column), {}), Calls{});
    EXPECT_EQ(calls_without_row("(" + plus(column + " " + hers(one)) + " " + column + ")", {}),
              Calls{"funcid 7"});
    EXPECT_EQ(calls_without_row(column + hers(one), {}), Calls{"funcid 7"}); // expressions, then predicate
    EXPECT_EQ(calls_without_row(plus(one + " " + one), {}), Calls{"opno 551"});
    EXPECT_EQ(calls_without_row("", {}), Calls{});
}

TEST(NodeTree, KnowsWhatMayTurnOutToBeConstant) {
    const Calls found{"funcid 7"};
    EXPECT_EQ(calls_without_row(hers(plus(column + " " + one)), {}), Calls{});
    EXPECT_EQ(calls_without_row(hers(plus(column + " " + null)), {}), found); // strict: NULL
    EXPECT_EQ(calls_without_row(hers("{COALESCE :coalescetype 23 :args (" + column + " " + one + ")}"), {}),
              Calls{});
    EXPECT_EQ(
        calls_without_row(hers("{COALESCEEXPR :coalescetype 23 :args (" + one + " " + column + ")}"), {}),
        found);
    EXPECT_EQ(calls_without_row(hers("{CASE :casetype 23 :arg <> :args ({WHEN :expr " + one + " :result " +
                                     one + "}) :defresult " + column + "}"),
                                {}),
              found);
    EXPECT_EQ(calls_without_row(
                  hers("{FIELDSELECT :arg {ROW :args (" + one + " " + column + ")} :fieldnum 1}"), {}),
              found);
    EXPECT_EQ(calls_without_row(hers("{ARRAY :elements (" + one + " " + column + ")}"), {}), Calls{});
    EXPECT_EQ(calls_without_row(hers("{RELABELTYPE :arg " + column + " :resulttype 25}"), {}), Calls{});
    EXPECT_EQ(calls_without_row(hers("{FUNCEXPR :funcid 8 :args (" + column + ")}"), {}), Calls{});
    EXPECT_EQ(calls_without_row(hers("{FUNCEXPR :funcid 8 :args (" + column + ")}"), {"funcid 8"}), found);
}

TEST(NodeTree, ReadsEscapes) {
    const std::string named = R"({ROW :args <> :colnames ("a\ \}\{VAR\ \\" "b\}") :location 1})";
    EXPECT_EQ(calls_without_row(hers(named), {}), Calls{"funcid 7"});
    EXPECT_EQ(calls_without_row(hers(named + " " + column), {}), Calls{});
    EXPECT_EQ(calls_without_row("{FUNCEXPR :funcid 7 :args (", {}), Calls{"funcid 7"}); // cut short
}

} // namespace pgteal::replication
