// A refusal that has more than one reason: whoever mends one should not have to come back for the next.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/refusal.hpp"

namespace pgteal::cutover {

class Refused : public Error {
public:
    Refused(std::string side, const std::string& message, std::string hint, std::vector<Refusal> others)
        : Error(ErrorCode::refused, std::move(side), message, std::move(hint)), others_(std::move(others)) {}
    [[nodiscard]] const std::vector<Refusal>& others() const { return others_; }

private:
    std::vector<Refusal> others_;
};

/// Of any error; most have none.
std::vector<Refusal> others_of(const Error& error);

} // namespace pgteal::cutover
