// What RENAME COLUMN makes of an expression's text.
#include "migration/lint/world/expressions.hpp"

#include <gtest/gtest.h>

namespace pgteal::migration::lint::test {
namespace {

TEST(LintExpressions, FollowARenamedColumn) {
    EXPECT_EQ(with_column_renamed("(k IS NOT NULL)", "k", "kk"), "(kk IS NOT NULL)");
    EXPECT_EQ(with_column_renamed("((k > 0) AND (kind = 'k') AND (k < 9))", "k", "the Key"),
              "((\"the Key\" > 0) AND (kind = 'k') AND (\"the Key\" < 9))");
    EXPECT_EQ(with_column_renamed("\"a \"\"b\"\"\" > 1 AND \"k\" > 2", "a \"b\"", "c"),
              "c > 1 AND \"k\" > 2");
    EXPECT_EQ(with_column_renamed("k(k, \"k\")", "k", "n"), "k(n, n)") << "a function of that name";
    EXPECT_EQ(with_column_renamed("größe > 0", "größe", "size"), "size > 0");
}

TEST(LintExpressions, ThatCantBeReadStay) {
    EXPECT_EQ(with_column_renamed("", "k", "n"), "");
    EXPECT_EQ(with_column_renamed("k >", "k", "n"), "k >");
    EXPECT_EQ(with_column_renamed("t.k > 0", "k", "n"), "t.k > 0");
}

} // namespace
} // namespace pgteal::migration::lint::test
