// Whose code runs with whose rights, as check and gate say it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cutover/estate/owners_code_check.hpp"

namespace pgteal::cutover {
namespace {

using health::Level;
using replication::OwnersCode;

OwnersCode part(std::string kind, std::string name, std::string code) {
    return {"eve.t", "eve", "t", "eve", false, std::move(kind), std::move(name), std::move(code), false};
}

const OwnersCode check = part("check", "t_check", "eve.fine(integer)");

/// "error blue owners-code" for each finding.
std::vector<std::string> found(std::vector<OwnersCode> parts, int blue, int green,
                               const std::vector<std::string>& accept = {}) {
    std::vector<std::string> words;
    const auto results = judge_owners_code({{"app", {blue, green}, "pgteal", std::move(parts)}},
                                           {Side::blue, Side::green}, accept);
    for (const auto& result : results) {
        for (const auto& finding : result.findings) {
            words.push_back(to_string(finding.level) + " " + finding.side + " " + std::string(finding.check));
            EXPECT_EQ(finding.object, "app: eve.t");
            EXPECT_NE(finding.fix, "");
            EXPECT_EQ(finding.fix.find("…"), std::string::npos);
        }
    }
    return words;
}

using Words = std::vector<std::string>;

} // namespace

TEST(OwnersCode, IsAnErrorWhereApplyIsASuperuser) {
    for (const char* kind : {"check", "column", "generated", "index", "partition", "trigger"}) {
        const OwnersCode one = part(kind, "name", "eve.fine(integer)");
        EXPECT_EQ(found({one}, 150020, 170010), Words{"error blue owners-code"}) << kind;
        EXPECT_EQ(found({one}, 130023, 140023), (Words{"error blue owners-code", "error green owners-code"}));
        EXPECT_EQ(found({one}, 160014, 180004), Words{});
    }
}

TEST(OwnersCode, IsAcceptedByName) {
    EXPECT_EQ(found({check}, 150020, 170010, {"owners-code"}), Words{"warning blue owners-code"});
    EXPECT_EQ(found({check}, 150020, 170010, {"large-objects"}), Words{"error blue owners-code"});
}

TEST(OwnersCode, OfASuperusersTableRunsAsOneEverywhere) {
    OwnersCode one = check;
    one.owner_is_superuser = true;
    EXPECT_EQ(found({one}, 160014, 170010), (Words{"error blue owners-code", "error green owners-code"}));
}

TEST(OwnersCode, SharesALaneWithForcedRowSecurity) {
    const OwnersCode forced = part("row security", "eve.t", "");
    EXPECT_EQ(found({forced}, 160014, 170010), Words{"warning blue row-security"});
    EXPECT_EQ(found({check, forced}, 160014, 170010),
              (Words{"error blue owners-code", "error green owners-code", "warning blue row-security"}));
    EXPECT_EQ(found({forced}, 140023, 150020), Words{});
}

TEST(OwnersCode, ATriggerAtTheEndOfTheTransactionStopsApplyAsOwner) {
    OwnersCode late = part("trigger", "later", "eve.fires()");
    late.late = true;
    EXPECT_EQ(found({late}, 160014, 170010), (Words{"error blue owners-code", "error green owners-code"}));
    EXPECT_EQ(found({late}, 160014, 170010, {"owners-code"}),
              (Words{"warning blue owners-code", "warning green owners-code"}));
}

TEST(OwnersCode, ThatNeedsNoRowIsAnErrorOnEveryMajor) {
    replication::RowlessCode index;
    index.object = "index eve.i";
    index.planned = true;
    index.code = {"eve.z(text)", false, false, false, ""};
    OwnersCodeFacts facts{"app", {170010, 180004}, "pgteal", {}, {index}};
    const auto results = judge_owners_code({facts}, {Side::blue, Side::green}, {});
    ASSERT_EQ(results.front().findings.size(), 1U);
    const auto& finding = results.front().findings.front();
    EXPECT_EQ(finding.level, Level::error);
    EXPECT_EQ(finding.object, "app: index eve.i");
    EXPECT_NE(finding.fix.find("ALTER FUNCTION eve.z(text) OWNER TO \"pgteal\";"), std::string::npos)
        << finding.fix;
    const auto accepted = judge_owners_code({facts}, {Side::blue, Side::green}, {"owners-code"});
    EXPECT_EQ(accepted.front().findings.front().level, Level::warning);
}

TEST(OwnersCode, IsEndedByWhatIsPrinted) {
    using replication::ending;
    EXPECT_EQ(ending({"eve.f()", false, false, false, ""}, "pgteal"),
              "ALTER FUNCTION eve.f() OWNER TO \"pgteal\";");
    EXPECT_EQ(ending({"eve.f()", false, false, true, ""}, "pgteal"),
              "ALTER FUNCTION eve.f() OWNER TO \"pgteal\"; ALTER FUNCTION eve.f() STABLE;");
    EXPECT_EQ(ending({"f()", true, false, true, ""}, "pgteal"), "ALTER FUNCTION f() STABLE;");
    EXPECT_EQ(ending({"f()", true, false, false, "eve.act()"}, "pgteal"),
              "ALTER FUNCTION eve.act() OWNER TO \"pgteal\";");
    EXPECT_EQ(ending({"lo_export(oid,text)", true, true, true, ""}, "pgteal"), "");
}

TEST(OwnersCode, AnOwnerNeedsWhatApplyDoes) {
    const OwnersCode rights = part("privileges", "eve.t", "UPDATE, DELETE");
    const OwnersCode schema = part("schema", "eve", "USAGE");
    EXPECT_EQ(found({rights}, 150020, 170010), Words{"error blue owner-privileges"});
    EXPECT_EQ(found({rights}, 140023, 150020), Words{});
    // The copy of a table with code is done as its owner.
    EXPECT_EQ(found({schema}, 150020, 170010), Words{});
    EXPECT_EQ(found({check, schema, rights}, 150020, 150020, {"owners-code"}),
              (Words{"warning blue owners-code", "warning green owners-code", "error blue owner-privileges",
                     "error blue owner-privileges"}));
}

} // namespace pgteal::cutover
