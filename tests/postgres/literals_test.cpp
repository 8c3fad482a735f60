#include <gtest/gtest.h>

#include "postgres/literals.hpp"

namespace pgteal::postgres {
namespace {

TEST(WithoutConstants, LeavesWordsAndNames) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"SELECT 1, 'a', E'it\\'s x', u&'\\0041', \"odd 'name\" FROM t -- secret\nWHERE a$b = $1",
         "SELECT 1, '…', E'…', u&'…', \"odd 'name\" FROM t \nWHERE a$b = $1"},
        {"SELECT 'it''s', $$secret$$, $x$a $$ b$x$, '' FROM t", "SELECT '…', '…', '…', '…' FROM t"},
        {"a /* se /* cret */ */ b", "a   b"},
        {"SELECT \"a\"\"'b\", 'c'", "SELECT \"a\"\"'b\", '…'"},
        {"SELECT 'cut off in the midd", "SELECT '…'"},
        {"SELECT E'cut off \\", "SELECT E'…'"},
        {"DO $body$ never ends", "DO '…'"},
        {"SELECT \"never ends", "SELECT \"never ends"},
        {"/* never ends", " "},
        {"größe = 'x'", "größe = '…'"},
        {"x = 'a' || 'b'", "x = '…' || '…'"},
        {"", ""},
    };
    for (const auto& [sql, expected] : cases) {
        EXPECT_EQ(without_constants(sql, Constants::strings), expected);
    }
    EXPECT_EQ(without_constants("UPDATE t1 SET a = 4111.5e3, b = -7 WHERE c2 = $1", Constants::all),
              "UPDATE t1 SET a = '…', b = -'…' WHERE c2 = $1");
}

} // namespace
} // namespace pgteal::postgres
