// The schema of a scratch database at one moment, to see whether a way back leads back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "postgres/dsn.hpp"

namespace pgteal::migration::rehearse {

class SchemaState {
public:
    /// Blocking. Throws Error(unreachable | connection_lost), ServerError.
    static SchemaState read(const postgres::Dsn& database, const std::string& side);
    /// "missing table public.a", "extra index public.b", "column public.a.c differs": in `now`, seen from
    /// here. Empty when it is the same schema.
    [[nodiscard]] std::vector<std::string> differences(const SchemaState& now) const;

private:
    struct Impl;
    std::shared_ptr<const Impl> impl_;
};

} // namespace pgteal::migration::rehearse
