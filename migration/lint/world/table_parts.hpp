// Columns and constraints as a statement defines them, in the catalogs' terms.
#pragma once

#include <string>
#include <vector>

#include "migration/lint/world/catalog.hpp"
#include "migration/lint/world/tree.hpp"
#include "migration/lint/world/world.hpp"

namespace pgteal::migration::lint {

/// The COLLATE of a ColumnDef as the catalogs have it: "" for the type's own.
std::string collation_of(const Node& definition);

/// Of a ColumnDef; its constraints are left to constraints_of().
CatalogColumn column_of(const Node& definition, const World& world);

/// What a Constraint node defines beside NOT NULL and defaults; `column` is the one it is written at, "" for
/// a table's. `text` is the statement's.
struct ConstraintPart {
    Node node;
    CatalogConstraint now;
};
/// PRIMARY KEY, UNIQUE, CHECK, FOREIGN KEY, EXCLUDE of a list of Constraint nodes; unnamed ones get the name
/// that PostgreSQL gives them (without a number for duplicates).
std::vector<ConstraintPart> constraints_of(const std::vector<Node>& nodes, const std::string& table,
                                           const std::string& column, const World& world,
                                           const std::string& text);

/// The index that a PRIMARY KEY, UNIQUE or EXCLUDE constraint makes.
CatalogIndex index_of(const CatalogConstraint& constraint);

/// What a column's constraints say at one glance.
struct ColumnTraits {
    Node not_null, default_value, generated, identity;
};
ColumnTraits traits_of(const Node& definition);

/// A new table as CREATE TABLE defines it.
Table table_of(const Node& create, const World& world, const std::string& text);

/// The boolean or absent option of a list of DefElem nodes: present and not switched off.
bool option_on(const std::vector<Node>& options, std::string_view name);
/// Its value as text.
std::string option_text(const std::vector<Node>& options, std::string_view name);

} // namespace pgteal::migration::lint
