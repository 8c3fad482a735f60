// What two servers print of one expression is the same, and what they print of two is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replication/compat/compat_parts.hpp"

namespace pgteal::replication::compat {
namespace {

TEST(NormalForm, IsTheSameForWhatACloneMakesOfAnExpression) {
    // Both printed by 17: the first of v IN ('a', 'b') with v varchar, the second of the first.
    EXPECT_EQ(
        normal_form("((v)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))"),
        normal_form("((v)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character "
                    "varying)::text]))"));
    EXPECT_EQ(normal_form("CHECK ((id > 0))"), normal_form("CHECK (id > 0)"));
    EXPECT_EQ(normal_form("(a * 2)"), normal_form("( a*2 )"));
}

TEST(NormalForm, KeepsWhatChangesTheValue) {
    const std::vector<std::pair<std::string, std::string>> pairs{
        {"(a * 2)", "(a * 3)"},
        {"((a + b) * c)", "(a + (b * c))"},
        {"(a)::numeric(10,1)", "(a)::numeric(10,2)"},
        {"(v)::character varying(2)", "(v)::character varying(3)"},
        {"(v)::character varying(2)", "(v)::character varying"},
        {"(v || ' x'::text)", "(v || 'x'::text)"},
        {"(v || '(a)'::text)", "(v || 'a'::text)"},
        {"f(a, b)", "f(b, a)"},
        {"(a)::integer", "(a)::bigint"},
        {"x.y", "x"}};
    for (const auto& [one, other] : pairs) {
        EXPECT_NE(normal_form(one), normal_form(other)) << one << " and " << other;
    }
}

TEST(NormalForm, TakesAnyText) {
    for (const std::string odd : {"", "(", ")", "'", "::", "a::", "[]", "\"", "((("}) {
        EXPECT_EQ(normal_form(odd), normal_form(odd)) << odd;
    }
}

} // namespace
} // namespace pgteal::replication::compat
