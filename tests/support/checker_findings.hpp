// What is wrong with the tables, counted, with a few examples of each kind.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/workload_session.hpp"

namespace pgteal::workload {

enum class Side { blue, green };
inline constexpr std::array<std::string_view, 2> side_names{"blue", "green"};
inline std::string_view name(Side side) { return side_names.at(static_cast<std::size_t>(side)); }

// lost: acknowledged, but not there, or an older value is. duplicated: applied twice, or returned twice.
// wrong: the rest, such as rows that nobody attempted, altered ones, rejected ones, or ones on the wrong
// side.
enum class Verdict { lost, duplicated, wrong };
inline constexpr std::array<std::string_view, 3> verdict_names{"lost", "duplicated", "wrong"};

struct Finding {
    std::string
        side; // the server whose table it is; "clients" when it follows from what the clients were told
    std::string table;
    std::string key;
    std::string detail;
};

struct Findings {
    static constexpr std::size_t most_examples = 10;

    struct Bin {
        Id count = 0;
        std::vector<Finding> examples;
    };
    std::array<Bin, verdict_names.size()> bins;

    const Bin& of(Verdict verdict) const { return bins.at(static_cast<std::size_t>(verdict)); }
    bool none() const {
        return of(Verdict::lost).count + of(Verdict::duplicated).count + of(Verdict::wrong).count == 0;
    }

    void add(Verdict verdict, Finding finding, Id count = 1) {
        auto& bin = bins.at(static_cast<std::size_t>(verdict));
        bin.count += count;
        if (bin.examples.size() < most_examples) {
            bin.examples.push_back(std::move(finding));
        }
    }
};

} // namespace pgteal::workload
