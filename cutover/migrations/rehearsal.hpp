// Making the database that a rehearsal works on: the serving side's schema, and its rows when asked for.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/units.hpp"
#include "cutover/estate/estate.hpp"
#include "migration/rehearse/scratch.hpp"

namespace pgteal::cutover {

/// What there is in the scratch database.
struct Ground {
    int tables = 0;
    Clock::duration schema_took{};
    bool with_data = false;
    std::int64_t rows = 0;
    Bytes copied{}; ///< as COPY sends them
    Clock::duration data_took{};
};

struct GroundPlan {
    Side from = Side::blue; ///< whose schema and rows
    std::string database;   ///< there
    bool with_data = false;
    std::string folder; ///< for the dump, which is removed again
    std::function<void(const std::string& text, double fraction)> say;
};

/// Makes the scratch database on green: owner, locale and settings as on the side it comes from, closed to
/// clients; roles that green lacks, without logins; schema by pg_dump; rows by COPY under one snapshot, with
/// indexes built after them. Throws ServerError(42501) when the login may make no databases, and what the
/// clone throws.
Task<Ground> make_ground(Estate* estate, migration::rehearse::Scratch* scratch, GroundPlan plan);

} // namespace pgteal::cutover
