// Cases of the matrix: columns whose type differs between the sides.
#include <functional>

#include "tests/replication/compat_cases.hpp"

namespace pgteal::replication::compat::test {

namespace {

Steps values(const std::string& column, const std::string& value, const std::string& odd = "") {
    Steps steps{insert("t (id, " + column + ") VALUES (10, " + value + ")"),
                update("t SET " + column + " = " + value + " WHERE id = 1"), remove("t WHERE id = 2")};
    if (!odd.empty()) {
        steps.push_back(rare(insert("t (id, " + column + ") VALUES (11, " + odd + ")")));
    }
    return steps;
}

/// The same with a value that is taken for another one.
Steps misread(const std::string& column, const std::string& value, const std::string& odd) {
    Steps steps = values(column, value);
    steps.push_back(quiet(insert("t (id, " + column + ") VALUES (11, " + odd + ")")));
    return steps;
}

/// A value's text has its fields in their order, without names.
void composites(std::vector<Case>* all) {
    const auto changed = [all](const std::string& name, const std::string& type, const std::string& change,
                               Steps forward, Steps reverse) {
        Case one;
        one.name = "composite_" + name;
        one.setup = "CREATE TYPE deep AS (x int); CREATE TYPE comp AS (a int, b deep);"
                    "CREATE DOMAIN over AS comp; CREATE TABLE t (id int PRIMARY KEY, c " +
                    type + "); INSERT INTO t VALUES (1, NULL), (2, NULL)";
        one.change = "ALTER TYPE " + change;
        one.forward = std::move(forward);
        one.reverse = std::move(reverse);
        all->push_back(std::move(one));
    };
    const std::string two = "'(1,\"(2)\")'";
    const std::string three = "'(1,\"(2)\",3)'";
    const std::string deeper = "'(1,\"(2,3)\")'";
    changed("add", "comp", "comp ADD ATTRIBUTE d int", values("c", two), values("c", three));
    changed("add_array", "comp[]", "comp ADD ATTRIBUTE d int", values("c", "ARRAY[" + two + "]::{s}.comp[]"),
            values("c", "ARRAY[" + three + "]::{s}.comp[]"));
    changed("add_domain", "over", "comp ADD ATTRIBUTE d int", values("c", two), values("c", three));
    changed("add_nested", "comp", "deep ADD ATTRIBUTE y int", values("c", two), values("c", deeper));
    changed("drop", "comp", "comp DROP ATTRIBUTE b", values("c", two), values("c", "'(1)'"));
    changed("rename", "comp", "comp RENAME ATTRIBUTE b TO e", values("c", two), values("c", two));
    changed("unused", "int", "comp ADD ATTRIBUTE d int", values("c", "1"), values("c", "2"));
}

using Retyped =
    std::function<void(const std::string& name, const std::string& before, const std::string& after,
                       const std::string& rows, Steps forward, Steps reverse)>;

/// What input functions accept and change.
void texts(const Retyped& retyped) {
    retyped("text_to_numeric", "text", "numeric(5,2) USING c::numeric", "(1, '1.25')",
            misread("c", "'1.25'", "'1.239'"), values("c", "1.25"));
    retyped("int_to_text", "int", "text", "(1, 1), (2, 2)", values("c", "7"), misread("c", "'7'", "'007'"));
    retyped(
        "uuid_to_text", "uuid", "text", "(1, '00000000-0000-0000-0000-00000000000a')",
        values("c", "'00000000-0000-0000-0000-00000000000b'"),
        misread("c", "'00000000-0000-0000-0000-00000000000b'", "'{00000000-0000-0000-0000-00000000000B}'"));
    retyped("jsonb_to_text", "jsonb", "text", "(1, '{}')", values("c", "'{\"a\": 1}'"),
            misread("c", "'{\"a\": 1}'", "'{\"b\":1,\"a\":1,\"a\":2}'"));
    retyped("time_to_text", "time", "text", "(1, '12:00')", values("c", "'12:30:00'"),
            misread("c", "'12:30:00'", "'2024-01-02 23:59'"));
    retyped("text_to_name", "text", "name", "(1, 'a')", misread("c", "'x'", "repeat('x', 80)"),
            values("c", "'x'"));
    retyped("text_to_letter", "text", "\"char\"", "(1, 'a')", misread("c", "'x'", "'xyz'"),
            values("c", "'x'"));
    retyped("varchar_array_narrower", "varchar(20)[]", "varchar(5)[]", "(1, '{a}')",
            values("c", "'{x}'", "'{too long}'"), values("c", "'{x}'"));
    retyped("macaddr_longer", "macaddr", "macaddr8", "(1, '08:00:2b:01:02:03')",
            values("c", "'08:00:2b:01:02:04'"), values("c", "'08:00:2b:ff:fe:01:02:05'"));
    retyped("range_wider", "int4range", "int8range USING c::text::int8range", "(1, '[1,5)')",
            values("c", "'[2,9)'"), values("c", "'[2,9)'", "'[2,5000000000)'"));
}

/// What a worker's TimeZone decides.
void zoned(const Retyped& retyped) {
    const std::string month = "'[2026-01-01,2026-02-01)'";
    retyped("time_to_zoned", "time", "timetz", "(1, '12:00')", values("c", "'12:30'"),
            values("c", "'12:30+02'"));
    retyped("range_to_zoned", "tsrange", "tstzrange USING c::text::tstzrange", "(1, " + month + ")",
            values("c", month), values("c", month));
    retyped("multiranges_to_zoned", "tsmultirange[]", "tstzmultirange[] USING c::text::tstzmultirange[]",
            "(1, '{\"{[2026-01-01,2026-02-01)}\"}')", values("c", "'{\"{[2026-01-01,2026-02-01)}\"}'"),
            values("c", "'{\"{[2026-01-01,2026-02-01)}\"}'"));
    retyped("zoned_range_to_text", "tstzrange", "text", "(1, " + month + ")", values("c", month),
            misread("c", "'[\"2026-01-01 00:00:00+00\",\"2026-02-01 00:00:00+00\")'", month));
    retyped("zoned_array_to_text", "timestamptz[]", "text", "(1, '{2026-01-01}')",
            values("c", "'{2026-02-01}'"), misread("c", "'{\"2026-01-01 00:00:00+00\"}'", "'{2026-01-01}'"));
}

} // namespace

void type_cases(std::vector<Case>* all) {
    const auto retyped = [all](const std::string& name, const std::string& before, const std::string& after,
                               const std::string& rows, Steps forward, Steps reverse) {
        Case one;
        one.name = name;
        one.setup = "CREATE TABLE t (id int PRIMARY KEY, c " + before + "); INSERT INTO t VALUES " + rows;
        one.change = "ALTER TABLE t ALTER c TYPE " + after;
        one.forward = std::move(forward);
        one.reverse = std::move(reverse);
        all->push_back(std::move(one));
    };
    const std::string numbers = "(1, 1), (2, 2), (3, 3)";
    const std::string letters = "(1, 'a'), (2, 'b'), (3, 'c')";
    const std::string big = "5000000000";
    retyped("widen_int", "int", "bigint", numbers, values("c", "7"), values("c", "7", big));
    retyped("widen_int_binary", "int", "bigint", numbers, values("c", "7"), values("c", "7"));
    all->back().binary = true;
    retyped("varchar_to_text_binary", "varchar(5)", "text", letters, values("c", "'x'"),
            values("c", "'x'", "'too long'"));
    all->back().binary = true;
    retyped("narrow_int", "bigint", "int", numbers, values("c", "7", big), values("c", "7"));
    retyped("int_to_numeric", "int", "numeric", numbers, values("c", "7"), values("c", "7", "1.5"));
    retyped("text_to_int", "text", "int USING c::int", "(1, '1'), (2, '2')", misread("c", "'7'", "'007'"),
            values("c", "7"));
    retyped("text_to_varchar", "text", "varchar(5)", letters, values("c", "'x'", "'too long'"),
            values("c", "'x'"));
    retyped("varchar_wider", "varchar(5)", "varchar(9)", letters, values("c", "'x'"),
            values("c", "'x'", "'too long'"));
    retyped("char_to_text", "char(5)", "text", letters, values("c", "'12345'", "'x'"),
            misread("c", "'x'", "'x '"));
    retyped("bool_to_text", "boolean", "text", "(1, true), (2, false)", values("c", "true"),
            misread("c", "'true'", "'yes'"));
    texts(retyped);
    zoned(retyped);
    retyped("numeric_coarser", "numeric(10,4)", "numeric(10,2)", numbers, values("c", "1.25", "1.2345"),
            values("c", "1.25", "12345678"));
    retyped("numeric_finer", "numeric(10,2)", "numeric(12,4)", numbers, values("c", "1.25"),
            values("c", "1.25", "1.2345"));
    retyped("timestamp_coarser", "timestamp", "timestamp(0)", "(1, '2026-01-01 12:00:00')",
            values("c", "'2026-02-01 12:00:00'", "'2026-02-01 12:00:00.25'"),
            values("c", "'2026-02-01 12:00:00'"));
    retyped("timestamp_finer", "timestamp(0)", "timestamp", "(1, '2026-01-01 12:00:00')",
            values("c", "'2026-02-01 12:00:00'"),
            values("c", "'2026-02-01 12:00:00'", "'2026-02-01 12:00:00.25'"));
    retyped("timestamp_to_zoned", "timestamp", "timestamptz", "(1, '2026-01-01 12:00:00')",
            values("c", "'2026-02-01 12:00:00'"), values("c", "'2026-02-01 12:00:00+00'"));
    retyped("date_to_timestamp", "date", "timestamp", "(1, '2026-01-01')", values("c", "'2026-02-01'"),
            values("c", "'2026-02-01'", "'2026-02-01 12:00'"));
    retyped("json_to_jsonb", "json", "jsonb", "(1, '{}')",
            values("c", "'{\"a\": 1}'", "'{\"b\":1,\"a\":1,\"b\":2}'"), values("c", "'{\"a\": 1}'"));
    retyped("jsonb_to_json", "jsonb", "json", "(1, '{}')", values("c", "'{\"b\":1,\"a\":1}'"),
            values("c", "'{\"a\": 1}'", "'{\"b\":1,\"a\":1}'"));
    retyped("interval_coarser", "interval", "interval second(0)", "(1, '1 s')",
            values("c", "'2 s'", "'1.6 s'"), values("c", "'3 s'"));
    retyped("interval_fields", "interval", "interval day to minute", "(1, '1 day')",
            values("c", "'2 days 03:00'", "'2 days 03:04:05'"), values("c", "'3 days'"));
    retyped("interval_finer", "interval(0)", "interval", "(1, '1 s')", values("c", "'2 s'"),
            values("c", "'3 s'", "'1.6 s'"));
    retyped("array_wider", "int[]", "bigint[]", "(1, '{1,2}')", values("c", "'{3}'"),
            values("c", "'{3}'", "'{5000000000}'"));
    const std::string mood =
        "CREATE TYPE mood AS ENUM ('happy', 'sad');"
        "CREATE TABLE t (id int PRIMARY KEY, c mood); INSERT INTO t VALUES (1, 'happy'), (2, 'sad')";
    all->push_back({.name = "enum_to_text",
                    .setup = mood,
                    .change = "ALTER TABLE t ALTER c TYPE text",
                    .forward = values("c", "'sad'"),
                    .reverse = values("c", "'sad'", "'other'")});
    all->push_back({.name = "enum_add",
                    .setup = mood,
                    .change = "ALTER TYPE mood ADD VALUE 'calm'",
                    .forward = values("c", "'sad'"),
                    .reverse = values("c", "'sad'", "'calm'")});
    all->push_back({.name = "enum_rename",
                    .setup = mood,
                    .change = "ALTER TYPE mood RENAME VALUE 'sad' TO 'gloomy'",
                    .forward = values("c", "'happy'", "'sad'"),
                    .reverse = values("c", "'happy'", "'gloomy'")});
    composites(all);
}

} // namespace pgteal::replication::compat::test
