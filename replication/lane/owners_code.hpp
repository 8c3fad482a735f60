// Code of users that runs with others' rights: for a row which is copied or applied, or without any row. Read
// from the catalogs of one side.
#pragma once

#include <string>
#include <vector>

#include "postgres/connection.hpp"

namespace pgteal::replication {

/// A function of users, and why it counts.
struct UsersCode {
    std::string name; ///< as regprocedure prints it
    bool superusers = true;
    bool builtin = false; ///< of PostgreSQL itself
    bool is_volatile = false;
    std::string calls; ///< a superuser's: the function it mentions that is none or comes to one
};

/// How it ends that `code` counts, as statements for a superuser called `superuser`; "" when nothing does.
/// One at a time: what the function calls counts once the function itself is a superuser's.
std::string ending(const UsersCode& code, const std::string& superuser);

/// The same as a hint: read it, end it there, or accept it.
std::string way_out(const UsersCode& code, const std::string& side, const std::string& database,
                    const std::string& superuser);

/// One part of a table. Kinds with code: check, column (its type reaches a domain's constraint or a range's
/// canonical function), generated, index, partition, trigger (ENABLE ALWAYS or REPLICA). Kinds without:
/// "row security" (FORCE, for its owner), "privileges" and "schema" (`code` is what the owner lacks).
struct OwnersCode {
    std::string table;            ///< schema.name, quoted where SQL needs it
    std::string schema, relation; ///< as they are
    std::string owner;
    bool owner_is_superuser = false;
    std::string kind;
    std::string name;  ///< of the constraint, column, index, trigger, partitioned table or schema
    std::string code;  ///< the function, as regprocedure prints it
    bool late = false; ///< a trigger that waits for the end of the transaction
    UsersCode why = {};

    [[nodiscard]] bool has_code() const {
        return kind != "row security" && kind != "privileges" && kind != "schema";
    }
};

/// Functions of superusers count as theirs, unless their text mentions one that isn't; but volatile ones in
/// an expression, and those that read tables by name, do more than compute.
Task<std::vector<OwnersCode>> read_owners_code(postgres::Connection& connection, Deadline deadline);

/// Code that no row is needed for.
struct RowlessCode {
    std::string schema, relation; ///< "" for what belongs to no table
    std::string object;           ///< "index eve.i", "function eve.f(integer)"
    /// Run by planning over the relation, with the rights of whoever reads it; else by reading a constant
    /// when the schema is restored.
    bool planned = false;
    UsersCode code;
};

/// "index eve.i calls eve.f(text) without a row: …": what it is, and who runs it.
std::string told(const RowlessCode& part);

Task<std::vector<RowlessCode>> read_rowless_code(postgres::Connection& connection, Deadline deadline);

} // namespace pgteal::replication
