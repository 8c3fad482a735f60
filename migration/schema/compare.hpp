// Two schemas side by side. Pure: no server is asked.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "migration/schema/object.hpp"

namespace pgteal::migration::schema {

struct Change {
    std::string attribute; ///< "definition" or an attribute's name
    std::string left, right;
};

struct Difference {
    enum class What {
        missing,  ///< left has it, right has not
        extra,    ///< right has it, left has not
        modified, ///< both have it
    };
    What what = What::modified;
    /// False for what is only worth knowing: order of columns, version of an extension on another major,
    /// publications, which a clone leaves behind on purpose; whether a materialized view is filled.
    bool drift = true;
    std::string kind, identity;
    const Object* left = nullptr; ///< null when extra; valid as long as the lists compared
    const Object* right = nullptr;
    std::vector<Change> changes; ///< of a modified one, at least one
    /// Of a missing or extra table or view: how many columns, indexes, constraints … went with it. They are
    /// no differences of their own.
    int with = 0;
};

std::string to_string(Difference::What what);

/// Whether two texts of SQL that the two servers printed differently mean the same.
using SameSql = std::function<bool(const Object& left, const Object& right, const Change& change)>;

struct CompareOptions {
    bool owners = true; ///< false: whoever ran the migrations on a scratch database owns what they made
    bool extension_versions = false; ///< across majors too
    bool sides = true; ///< false: one is a scratch database, with properties of its own and nothing filled
    SameSql same_sql;  ///< null: only the same text is the same
};

/// Whether the attribute holds SQL, which majors print differently, rather than a plain value.
bool is_sql(const Object& object, const std::string& attribute);

/// In an order in which they could be made: schemas and types before tables, these before indexes and views.
/// What follows from the servers' majors is no difference: the owner and privileges of schema public (up to
/// 14 and later), MAINTAIN (17 on).
std::vector<Difference> compare(const Objects& left, const Objects& right, const CompareOptions& options);

} // namespace pgteal::migration::schema
