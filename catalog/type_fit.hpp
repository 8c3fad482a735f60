// How a value that a column of one type prints is read by a column of another. Logical replication sends
// values as text (PostgreSQL source: worker.c, slot_store_data calls the input function with the column's
// typmod), so this is what a lane does with a column whose types differ.
#pragma once

#include <string>
#include <string_view>

namespace pgteal::postgres {

/// Conditions are clauses such as "a value is outside integer"; "" = never.
struct TypeFit {
    std::string stops_when;   ///< reading it raises an error
    std::string differs_when; ///< it is read as another value, and nobody says so
    bool always = false;      ///< so for every value that is not NULL; otherwise for some only
    [[nodiscard]] bool exact() const { return stops_when.empty() && differs_when.empty(); }
};

/// `from` and `to` as format_type() prints them with an empty search_path: "character varying(20)",
/// "numeric(10,2)", "integer[]". Domains and enums are the caller's to resolve. `utc`: both workers' TimeZone
/// is UTC. A type that is not known here stops when `to` doesn't accept the text.
TypeFit type_fit(std::string_view from, std::string_view to, bool utc);

/// A TimeZone setting that is UTC under one of its names.
bool is_utc(std::string_view time_zone);

/// Whether the binary format of one is read by the other (typreceive); typmods don't matter for it.
bool same_binary(std::string_view from, std::string_view to);

/// Whether the type has no default equality operator, so that REPLICA IDENTITY FULL can't find a row by it.
bool lacks_equality(std::string_view type);

} // namespace pgteal::postgres
