// What a marker may say of a partition's bound before pgteal makes the partition as a superuser.
#include "base/error.hpp"
#include "postgres/quote.hpp"
#include "replication/lane/control.hpp"
#include "tests/replication/lane_world.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::replication::test {

CO_TEST(Partitions, BoundsAreConstantsAndNothingElse) {
    LaneWorld& world = lane_world();
    const LaneScope scope(world);
    const std::string db = co_await world.fresh_database();
    co_await world.run("blue", create_control_schema(db, 1));
    const std::vector<std::string> good{"DEFAULT", "FOR VALUES IN ('a', 'o''b', NULL)",
                                        "FOR VALUES IN (1, '-5', 1e+20, 0.5, true, B'101')",
                                        "FOR VALUES FROM (MINVALUE, '') TO ('x\n''''', MAXVALUE)",
                                        "FOR VALUES WITH (modulus 4, remainder 3)"};
    const std::vector<std::string> bad{"",
                                       "DEFAULT; DROP TABLE a",
                                       "DEFAULT\n; DROP TABLE a",
                                       "FOR VALUES IN (f())",
                                       "FOR VALUES IN ('a'); DROP TABLE a; --')",
                                       "FOR VALUES IN ('a'); DROP TABLE a; --'')",
                                       "FOR VALUES IN (E'a')",
                                       "FOR VALUES IN ('a'::text)",
                                       "FOR VALUES IN ('a' 'b')",
                                       "FOR VALUES IN (1) /* */",
                                       "FOR VALUES WITH (modulus 4, remainder 3) PARTITION BY LIST (f())"};
    for (const auto* list : {&good, &bad}) {
        for (const auto& bound : *list) {
            std::string said;
            const std::string text = "SELECT pgteal.plain_bound(" + postgres::quote_literal(bound) + ")";
            try {
                said = co_await world.value("blue", db, text);
            } catch (const ServerError& error) {
                said = error.sqlstate();
            }
            EXPECT_EQ(said, list == &good ? bound : "42P17") << bound;
        }
    }
}

} // namespace pgteal::replication::test
