// Runs the cases of one direction on real servers, all at once in a lane each, and says what came of them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postgres/server.hpp"
#include "replication/compat/compat.hpp"
#include "tests/replication/compat_cases.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::replication::compat::test {

/// What came of a case: `step` is the write that brought it about, -1 when none failed.
struct Seen {
    Outcome outcome = Outcome::ok;
    int step = -1;
    std::string evidence;
    friend bool operator==(const Seen& a, const Seen& b) {
        return a.outcome == b.outcome && a.step == b.step;
    }
};
std::string words(const Seen& seen);

/// A case in one direction.
struct Run {
    const Case* one = nullptr;
    Lane lane;
    std::string schema;
    std::optional<Seen> observed;
    Seen predicted;
    std::vector<TableVerdict> verdicts;
    [[nodiscard]] const Steps& steps() const {
        return lane.publisher == "blue" ? one->forward : one->reverse;
    }
};

/// Two servers with room for a lane per case.
class Matrix {
public:
    /// Majors, as scripts/lab takes them.
    Matrix(const std::string& blue_major, const std::string& green_major);
    /// Every case that writes in this direction, observed and predicted.
    std::vector<Run> run(const std::string& publisher);

    support::Lab lab;
    int green_version; ///< as 170000
    std::unique_ptr<postgres::Server> blue, green;
    [[nodiscard]] postgres::Server& side(const std::string& name) { return name == "blue" ? *blue : *green; }
};

} // namespace pgteal::replication::compat::test
