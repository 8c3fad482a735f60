// What the table of keys gives besides a Config: a page, a schema for editors, what an approval is bound to.
#pragma once

#include <string>

#include <boost/json.hpp>

#include "cutover/config/config.hpp"

namespace pgteal::cutover {

/// docs/config.md
std::string config_page();
/// docs/pgteal.schema.json: a JSON schema (draft 7), which editors hold a pgteal.toml against while it is
/// typed.
std::string config_schema();

/// What the config means for a run: where the sides and poolers are, what is moved, limits, how it migrates.
/// No secrets, and nothing that differs between the machines of two operators: not where the migrations are
/// checked out, and not the number of jobs.
boost::json::object meaning_of(const Config& config);

} // namespace pgteal::cutover
