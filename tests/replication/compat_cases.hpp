// Schema changes on green and what to write then: the cases of the matrix. What comes of each is not said
// here: it is observed, and predicted.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "replication/compat/compat.hpp"

namespace pgteal::replication::compat::test {

/// One write on the publisher. `rare`: it holds the data that the change can't take; those before it don't.
/// `quiet`: such data that is taken for something else, where other data would be refused.
struct Step {
    Write write = Write::insert;
    std::string sql;
    bool rare = false, quiet = false;
};
inline Step insert(std::string sql) { return {Write::insert, "INSERT INTO " + std::move(sql), false}; }
inline Step update(std::string sql) { return {Write::update, "UPDATE " + std::move(sql), false}; }
inline Step remove(std::string sql) { return {Write::remove, "DELETE FROM " + std::move(sql), false}; }
inline Step truncate(std::string sql) { return {Write::truncate, "TRUNCATE " + std::move(sql), false}; }
inline Step rare(Step step) {
    step.rare = true;
    return step;
}
inline Step quiet(Step step) {
    step.rare = step.quiet = true;
    return step;
}
using Steps = std::vector<Step>;

/// SQL runs with search_path = the case's own schema; {s} is its name, {pub} the publication's.
struct Case {
    std::string name;
    std::string setup = "CREATE TABLE t (id int PRIMARY KEY, v text DEFAULT 'd', n int);"
                        "INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)";
    std::string change = {}; ///< on green
    Steps forward = {insert("t (id, v, n) VALUES (10, 'x', 10)"), update("t SET v = 'y' WHERE id = 1"),
                     remove("t WHERE id = 2")};
    Steps reverse = {insert("t (id, v, n) VALUES (10, 'x', 10)"), update("t SET v = 'y' WHERE id = 1"),
                     remove("t WHERE id = 2")};
    std::string blue = "t", green = "t"; ///< the table whose rows are compared
    std::vector<std::pair<std::string, std::string>> renamed =
        {};                      ///< its columns that have another name on green
    std::string holds = {};      ///< a query that has to say true on the subscriber too
    std::string late_blue = {};  ///< once the lanes run
    std::string late_green = {}; ///< once the lanes run
    bool binary = false;
    bool plain_owner = false; ///< the subscription's owner is no superuser
    bool unseen =
        false; ///< a function's body or the table as it was decides, which the change's SQL doesn't show
    bool rows = false; ///< it changes rows of replicated columns: no catalog shows that, only the SQL does
};

/// With columns that differ from the usual ones.
inline std::string table_with(const std::string& columns, const std::string& rows) {
    return "CREATE TABLE t (id int PRIMARY KEY, " + columns + "); INSERT INTO t VALUES " + rows;
}

const std::vector<Case>& cases();

/// Columns whose type differs between the sides; part of cases().
void type_cases(std::vector<Case>* all);
/// Partitions with other bounds, keys with other collations; part of cases().
void bound_cases(std::vector<Case>* all);

} // namespace pgteal::replication::compat::test
