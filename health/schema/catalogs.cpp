#include "health/schema/catalogs.hpp"

#include <algorithm>

namespace pgteal::health {

std::string_view to_string(Carrier carrier) {
    switch (carrier) {
    case Carrier::dump:
        return "dump";
    case Carrier::roles:
        return "roles";
    case Carrier::database:
        return "database";
    case Carrier::lanes:
        return "lanes";
    case Carrier::made:
        return "made anew";
    case Carrier::check:
        return "check";
    }
    return "";
}

const std::vector<Catalog>& catalogs() {
    constexpr auto dump = Carrier::dump;
    constexpr auto roles = Carrier::roles;
    constexpr auto database = Carrier::database;
    constexpr auto made = Carrier::made;
    constexpr auto check = Carrier::check;
    static const std::vector<Catalog> all{
        {"pg_aggregate", dump, ""},
        {"pg_am", dump, ""},
        {"pg_amop", dump, ""},
        {"pg_amproc", dump, ""},
        {"pg_attrdef", dump, ""},
        {"pg_attribute", dump, ""},
        {"pg_auth_members", roles, ""},
        {"pg_authid", roles, ""},
        {"pg_cast", dump, ""},
        {"pg_class", dump, "extension-members"}, // and unlogged-tables, system-schemas
        {"pg_collation", dump, ""},
        {"pg_constraint", dump, ""},
        {"pg_conversion", dump, ""},
        {"pg_database", database, "tablespaces"}, // its default tablespace must be there
        {"pg_db_role_setting", roles, ""},
        {"pg_default_acl", dump, ""},
        {"pg_depend", made, ""},
        {"pg_description", dump, ""},
        {"pg_enum", dump, ""},
        {"pg_event_trigger", dump, ""},
        {"pg_extension", dump, "extensions"},
        {"pg_foreign_data_wrapper", dump, ""},
        {"pg_foreign_server", dump, ""},
        {"pg_foreign_table", dump, "foreign-tables"},
        {"pg_index", dump, ""},
        {"pg_inherits", dump, ""},
        {"pg_init_privs", made, ""},
        {"pg_language", dump, ""},
        {"pg_largeobject", check, "large-objects"},
        {"pg_largeobject_metadata", check, "large-objects"},
        {"pg_namespace", dump, ""},
        {"pg_opclass", dump, ""},
        {"pg_operator", dump, "system-schemas"},
        {"pg_opfamily", dump, ""},
        {"pg_parameter_acl", roles, ""},
        {"pg_partitioned_table", dump, ""},
        {"pg_policy", dump, ""},
        {"pg_proc", dump, "system-schemas"},
        {"pg_publication", dump, ""},
        {"pg_publication_namespace", dump, ""},
        {"pg_publication_rel", dump, ""},
        {"pg_range", dump, ""},
        {"pg_replication_origin", check, "other-subscriptions"},
        {"pg_rewrite", dump, ""},
        {"pg_seclabel", dump, "security-labels"}, // restored where the provider is loaded
        {"pg_sequence", Carrier::lanes, ""},
        {"pg_shdepend", made, ""},
        {"pg_shdescription", roles, ""}, // and of databases
        {"pg_shseclabel", check, "security-labels"},
        {"pg_statistic", made, ""},
        {"pg_statistic_ext", dump, ""},
        {"pg_statistic_ext_data", made, ""},
        {"pg_subscription", check, "other-subscriptions"},
        {"pg_subscription_rel", check, "other-subscriptions"},
        {"pg_tablespace", check, "tablespaces"},
        {"pg_transform", dump, ""},
        {"pg_trigger", dump, ""},
        {"pg_ts_config", dump, "system-schemas"},
        {"pg_ts_config_map", dump, ""},
        {"pg_ts_dict", dump, "system-schemas"},
        {"pg_ts_parser", dump, ""},
        {"pg_ts_template", dump, ""},
        {"pg_type", dump, "system-schemas"},
        {"pg_user_mapping", dump, ""},
    };
    return all;
}

const Catalog* find_catalog(std::string_view name) {
    const auto& all = catalogs();
    const auto found =
        std::find_if(all.begin(), all.end(), [name](const auto& one) { return one.name == name; });
    return found == all.end() ? nullptr : &*found;
}

} // namespace pgteal::health
