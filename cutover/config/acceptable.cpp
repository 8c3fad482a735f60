#include "cutover/config/keys.hpp"

namespace pgteal::cutover {

const Words& acceptables() {
    static const Words all{
        {"unlogged-tables", "their rows are not kept in step"},
        {"large-objects", "their changes are not replicated"},
        {"extension-members", "tables that an extension owns are not carried"},
        {"system-schemas", "users' objects in system schemas are not carried"},
        {"capacity", "green has less room than blue uses"},
        {"trial-restore", "objects of blue that green refuses"},
        {"security-labels", "labels of roles and databases are not carried"},
        {"standby-entries", "poolers' entries that lead to standbys of blue stay there"},
        {"other-entries", "poolers' entries of databases that are not in the run stay on blue"},
        {"owners-code",
         "code of users that a lane, the restore of the schema or compare runs as a superuser"},
        {"function-names", "functions that rows call name things without a schema"},
        {"reads-tables", "constraints, columns and indexes whose functions read tables"},
        {"triggers", "triggers that fire in apply too, and may change rows there or leave them out"},
        {"schema-changes", "functions that clients' writes run and that change the schema"},
        {"all-tables-publications", "subscribers of others have pgteal's tables"},
        {"untried-logins",
         "pgteal can't try the poolers' logins, since PgBouncer runs in a container or as a user "
         "that pgteal may not become"},
        {"switch-back", "the way back may lose writes"},
        {"pooler-gone", "a pooler of the run is dead and out of the config"},
    };
    return all;
}

} // namespace pgteal::cutover
