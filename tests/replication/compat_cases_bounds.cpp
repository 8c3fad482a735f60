// Cases of the matrix: partitions with other bounds, and keys by which other values are equal.
#include "tests/replication/compat_cases.hpp"

namespace pgteal::replication::compat::test {

void bound_cases(std::vector<Case>* all) {
    // The statements don't tell what was before.
    const auto added = [all](const std::string& name, const std::string& setup, const std::string& change,
                             Steps forward, Steps reverse) {
        Case one;
        one.name = name;
        one.setup = setup;
        one.change = change;
        one.forward = std::move(forward);
        one.reverse = std::move(reverse);
        one.unseen = true;
        all->push_back(std::move(one));
    };
    const auto row = [](int id) { return insert("t VALUES (" + std::to_string(id) + ", 'x', 10)"); };
    const std::string parted = "CREATE TABLE t (id int PRIMARY KEY, v text, n int) PARTITION BY RANGE (id);"
                               "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (1000);"
                               "INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2);";
    const auto bounds = [](const std::string& to) {
        return "ALTER TABLE t DETACH PARTITION t_1; ALTER TABLE t ATTACH PARTITION t_1 FOR VALUES FROM (0) "
               "TO (" +
               to + ")";
    };
    added("partition_narrowed", parted, bounds("100"), {row(10), rare(row(500))}, {row(10), row(50)});
    added("partition_widened", parted, bounds("5000"), {row(10), row(500)}, {row(10), rare(row(4000))});
    added("partition_beside_default", parted + "CREATE TABLE t_d PARTITION OF t DEFAULT",
          "CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (1000) TO (2000)",
          {row(10), row(3000), rare(row(1500))}, {row(10), row(1500)});
    const std::string loose =
        "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);";
    const std::string collated = "ALTER TABLE t ALTER v TYPE text COLLATE {s}.loose";
    const auto word = [](int id, const std::string& v) {
        return insert("t VALUES (" + std::to_string(id) + ", '" + v + "')");
    };
    added("unique_loosely",
          loose + "CREATE TABLE t (id int PRIMARY KEY, v text UNIQUE); INSERT INTO t VALUES (1, 'a')",
          collated, {word(2, "b"), rare(word(3, "A"))}, {word(2, "b"), word(3, "c")});
    added("unique_citext",
          "CREATE TABLE t (id int PRIMARY KEY, v text UNIQUE); INSERT INTO t VALUES (1, 'a')",
          "CREATE EXTENSION citext SCHEMA {s}; ALTER TABLE t ALTER v TYPE citext",
          {word(2, "b"), rare(word(3, "A"))}, {word(2, "b"), word(3, "c")});
    added("key_loosely", loose + "CREATE TABLE t (id int, v text PRIMARY KEY); INSERT INTO t VALUES (1, 'a')",
          collated, {word(2, "b"), update("t SET id = 5 WHERE v = 'a'"), rare(word(3, "A"))},
          {word(2, "b"), update("t SET id = 5 WHERE v = 'a'")});
}

} // namespace pgteal::replication::compat::test
