// ALTER TABLE, one subcommand at a time.
#pragma once

#include <string>

#include "migration/lint/judges/judge.hpp"

namespace pgteal::migration::lint {

struct Alter {
    Judge& judge;
    Node command;        ///< AlterTableCmd
    std::string table;   ///< "schema.table"
    bool recurse = true; ///< without ONLY
    std::size_t at = 0;  ///< where the subcommand is in the text

    [[nodiscard]] const World& world() const { return judge.world(); }
    [[nodiscard]] std::string_view subtype() const { return command.text("subtype"); }
    [[nodiscard]] std::string name() const { return std::string(command.text("name")); }
    /// "ALTER TABLE public.t "
    [[nodiscard]] std::string alter() const;
    [[nodiscard]] Saying saying(std::string_view rule, bool rewrite = false, bool scan = false) const;
    void lock(Lock lock, bool rewrite = false, bool scan = false) const;
    void lock_exclusively(bool rewrite = false, bool scan = false) const {
        lock(Lock::access_exclusive, rewrite, scan);
    }
};

void judge_add_column(const Alter& alter);
void judge_drop_column(const Alter& alter);
void judge_set_not_null(const Alter& alter);
void judge_change_type(const Alter& alter);
void judge_add_constraint(const Alter& alter);
void judge_drop_constraint(const Alter& alter);
void judge_validate(const Alter& alter);
void judge_attach(const Alter& alter);
void judge_detach(const Alter& alter);

/// A validated CHECK says so.
bool is_proven_not_null(const World& world, const std::string& table, const std::string& column);

/// Whether an index serves the foreign key of these columns.
bool has_index_for(const World& world, const std::string& table, const std::vector<std::string>& columns);
/// Says so when none does and none of the later statements makes one.
void judge_foreign_key_index(Judge& judge, const std::string& table, const std::vector<std::string>& columns,
                             std::size_t at);

} // namespace pgteal::migration::lint
