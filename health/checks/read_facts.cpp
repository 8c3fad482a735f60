#include "health/checks/read_facts.hpp"

#include "base/error.hpp"
#include "health/checks/sql.hpp"
#include "health/facts/sql.hpp"
#include "health/facts/verdict.hpp"
#include "health/schema/schema_changers.hpp"
#include "health/settings/client_settings.hpp"

namespace pgteal::health {

namespace {

using postgres::Params;
using postgres::Result;

Task<Result> rows(postgres::Connection& connection, std::string_view sql, Params params, Deadline deadline) {
    std::string text(sql);
    auto result = co_await connection.exec(std::move(text), std::move(params), deadline);
    co_return result;
}

/// A text[] as the server reads it (docs: "Array Input and Output Syntax").
std::string array_text(const std::vector<std::string>& values) {
    std::string text = "{";
    for (const auto& value : values) {
        text += text.size() > 1 ? ",\"" : "\"";
        for (const char c : value) {
            if (c == '"' || c == '\\') {
                text += '\\';
            }
            text += c;
        }
        text += '"';
    }
    return text + "}";
}

std::string array_text(const std::vector<int>& values) {
    std::string text = "{";
    for (const int value : values) {
        text += (text.size() > 1 ? "," : "") + std::to_string(value);
    }
    return text + "}";
}

std::string str(const Result& r, int row, std::string_view name) {
    return std::string(r.text(row, r.column(name)));
}

std::vector<std::string> first_column(const Result& r) {
    std::vector<std::string> values;
    for (int i = 0; i < r.rows(); ++i) {
        values.emplace_back(r.text(i, 0));
    }
    return values;
}

/// The first column, and the second of each.
std::map<std::string, std::string> pairs(const Result& r) {
    std::map<std::string, std::string> values;
    for (int i = 0; i < r.rows(); ++i) {
        values[std::string(r.text(i, 0))] = std::string(r.text(i, 1));
    }
    return values;
}

template <typename Row>
std::vector<Row> collect(const Result& r, Row (*make)(const Result&, int)) {
    std::vector<Row> out;
    out.reserve(static_cast<std::size_t>(r.rows()));
    for (int i = 0; i < r.rows(); ++i) {
        out.push_back(make(r, i));
    }
    return out;
}

DatabaseRow database_row(const Result& r, int i) {
    return {str(r, i, "name"),     str(r, i, "encoding"), str(r, i, "collate"),     str(r, i, "ctype"),
            str(r, i, "provider"), str(r, i, "locale"),   r.get<bool>(i, "usable"), str(r, i, "tablespace")};
}
PreparedRow prepared_row(const Result& r, int i) {
    return {str(r, i, "gid"), str(r, i, "database"), str(r, i, "owner"),
            from_seconds(r.get<double>(i, "seconds"))};
}
SessionRow session_row(const Result& r, int i) {
    return {r.get<int>(i, "pid"),
            str(r, i, "role"),
            str(r, i, "application"),
            str(r, i, "database"),
            from_seconds(r.get<double>(i, "seconds")),
            r.get<bool>(i, "has_xid"),
            r.get<bool>(i, "long"),
            r.get<bool>(i, "superuser"),
            r.get<bool>(i, "ours")};
}
SubscriptionRow subscription_row(const Result& r, int i) {
    return {str(r, i, "name"), str(r, i, "database"), r.get<bool>(i, "enabled"),
            r.get<bool>(i, "named_as_ours")};
}
SlotRow slot_row(const Result& r, int i) {
    return {str(r, i, "name"),   str(r, i, "type"),        str(r, i, "database"),
            str(r, i, "plugin"), r.get<bool>(i, "active"), r.get<bool>(i, "named_as_ours")};
}
RoleSettingRow role_setting_row(const Result& r, int i) {
    return {str(r, i, "role"), str(r, i, "database"), str(r, i, "role_sql"), str(r, i, "database_sql")};
}
IdentityRow identity_row(const Result& r, int i) {
    return {str(r, i, "name"),
            str(r, i, "identity"),
            r.get<bool>(i, "has_key"),
            r.get<bool>(i, "key_usable"),
            r.get<bool>(i, "index_usable"),
            str(r, i, "candidate"),
            str(r, i, "key_columns"),
            str(r, i, "index_name"),
            r.get<std::vector<std::string>>(i, "incomparable"),
            r.get<std::vector<std::string>>(i, "generated"),
            str(r, i, "root"),
            r.get<bool>(i, "typed")};
}
TriggerRow trigger_row(const Result& r, int i) {
    return {str(r, i, "table"), str(r, i, "name"), str(r, i, "enabled"), r.get<bool>(i, "before_row")};
}
SequenceRow sequence_row(const Result& r, int i) {
    return {str(r, i, "name"), str(r, i, "remaining"), str(r, i, "type")};
}
ExtensionRow extension_row(const Result& r, int i) {
    return {str(r, i, "name"), str(r, i, "version"), r.get<bool>(i, "has_configuration"),
            str(r, i, "schema")};
}
LeftRow left_row(const Result& r, int i) {
    return {str(r, i, "kind"), str(r, i, "name"), str(r, i, "type"), str(r, i, "owner"), str(r, i, "fix")};
}
MemberRow member_row(const Result& r, int i) {
    return {str(r, i, "extension"), str(r, i, "type"), str(r, i, "name")};
}
LabelRow label_row(const Result& r, int i) {
    return {str(r, i, "kind"), str(r, i, "name"), str(r, i, "provider"), str(r, i, "label")};
}
StoredSetting stored_setting(const Result& r, int i) {
    return {str(r, i, "role"), str(r, i, "database"), str(r, i, "name"), str(r, i, "value")};
}
NotableRow notable_row(const Result& r, int i) { return {str(r, i, "kind"), str(r, i, "name")}; }

Task<Usage> read_usage(postgres::Connection& connection, bool superuser, Deadline deadline) {
    auto r = co_await rows(connection, sql::usage, {}, deadline);
    Usage usage;
    usage.slots = r.get<int>(0, "slots");
    usage.slots_ours = r.get<int>(0, "slots_ours");
    usage.senders = r.get<int>(0, "senders");
    usage.senders_ours = r.get<int>(0, "senders_ours");
    usage.apply_workers = r.get<int>(0, "apply_workers");
    usage.apply_workers_ours = r.get<int>(0, "apply_workers_ours");
    usage.background_workers = r.get<int>(0, "background_workers");
    usage.synchronous = r.get<int>(0, "synchronous");
    usage.may_replicate = r.get<bool>(0, "may_replicate");
    // pg_replication_origin_status is for superusers; others get a finding about that of its own.
    if (superuser) {
        auto o = co_await rows(connection, sql::origins, {}, deadline);
        usage.origins = o.get<int>(0, "origins");
        usage.origins_ours = o.get<int>(0, "origins_ours");
    }
    co_return usage;
}

/// pg_file_settings is for superusers; others get a finding about that of its own.
Task<void> read_settings(postgres::Connection& connection, ServerFacts& facts,
                         std::vector<std::string> databases, Deadline deadline) {
    const Params of{array_text(databases)};
    auto stored = co_await rows(connection, sql::stored_settings, of, deadline);
    facts.stored_settings = collect(stored, stored_setting);
    if (!facts.identity.superuser) {
        co_return;
    }
    if (facts.major() >= 15) {
        const auto grants = co_await rows(connection, sql::parameter_acl, {}, deadline);
        for (int i = 0; i < grants.rows(); ++i) {
            facts.parameter_grants.push_back({str(grants, i, "name"), str(grants, i, "grantees")});
        }
    }
    auto names = visible_settings();
    for (const auto* more : {&speed_settings(), &safety_settings()}) {
        names.insert(names.end(), more->begin(), more->end());
    }
    names.emplace_back("default_transaction_read_only");
    const Params named{array_text(names)};
    auto settings = co_await rows(connection, sql::client_settings, named, deadline);
    for (int i = 0; i < settings.rows(); ++i) {
        const auto name = str(settings, i, "name");
        facts.client_settings[lower(name)] = {name, str(settings, i, "type"), str(settings, i, "unit"),
                                              str(settings, i, "value"), settings.get<bool>(i, "set")};
    }
}

CopiedRow copied_row(const Result& r, int i) {
    return {str(r, i, "kind"), str(r, i, "name"), str(r, i, "what")};
}

/// COPY writes two characters for each byte of a bytea, and a row has less than 1 GB; pieces of a value hold
/// 1996 bytes (docs: "TOAST"). One that is compressed is not found. A table that takes longer than a few
/// seconds is left out.
Task<void> find_huge_values(postgres::Server& server, DatabaseFacts& facts, Deadline deadline) {
    auto session = co_await server.session(facts.name, deadline);
    const auto tables = co_await rows(*session, sql::huge_tables, {}, deadline);
    for (int i = 0; i < tables.rows(); ++i) {
        const auto name = str(tables, i, "name");
        try {
            const auto limited = std::min(deadline, after(std::chrono::seconds(5)));
            const auto found = co_await server.exec(
                facts.name, "SELECT 1 FROM " + str(tables, i, "toast") + " WHERE chunk_seq >= 268970 LIMIT 1",
                {}, limited);
            if (!found.empty()) {
                facts.huge.push_back(name);
            }
        } catch (const Error& error) {
            facts.unlooked.push_back(name);
        }
    }
}

} // namespace

Task<ServerFacts> read_server_facts(postgres::Server& server, std::vector<std::string> databases,
                                    Clock::duration too_long, Deadline deadline) {
    ServerFacts facts;
    facts.side = server.name();
    facts.address = server.dsn().address();
    facts.identity = co_await server.identity(deadline);
    auto session = co_await server.session("", deadline);
    auto& connection = *session;

    auto settings = co_await rows(connection, sql::settings, {}, deadline);
    for (int i = 0; i < settings.rows(); ++i) {
        facts.settings[str(settings, i, "name")] = str(settings, i, "setting");
    }
    facts.usage = co_await read_usage(connection, facts.identity.superuser, deadline);
    auto database_rows = co_await rows(connection, sql::databases, {}, deadline);
    facts.databases = collect(database_rows, database_row);
    auto versions = co_await rows(connection, sql::collation_versions, {}, deadline);
    facts.collations.libc = str(versions, 0, "libc");
    facts.collations.icu = str(versions, 0, "icu");
    auto extensions = co_await rows(connection, sql::available_extensions, {}, deadline);
    for (int i = 0; i < extensions.rows(); ++i) {
        facts.extensions[str(extensions, i, "name")] = {
            str(extensions, i, "default_version"), extensions.get<std::vector<std::string>>(i, "versions")};
    }
    auto tablespaces = co_await rows(connection, sql::tablespaces, {}, deadline);
    facts.tablespaces = pairs(tablespaces);
    auto prepared = co_await rows(connection, sql::prepared, {}, deadline);
    facts.prepared = collect(prepared, prepared_row);

    Params session_params{array_text(databases), std::to_string(to_seconds(too_long)),
                          array_text(server.pids())};
    auto sessions = co_await rows(connection, sql::sessions, session_params, deadline);
    facts.sessions = collect(sessions, session_row);
    auto subscriptions = co_await rows(connection, sql::subscriptions, {}, deadline);
    facts.subscriptions = collect(subscriptions, subscription_row);
    auto slots = co_await rows(connection, sql::slots, {}, deadline);
    facts.slots = collect(slots, slot_row);
    Params setting_params{array_text(databases)};
    auto role_settings = co_await rows(connection, sql::role_settings, setting_params, deadline);
    facts.role_settings = collect(role_settings, role_setting_row);
    co_await read_settings(connection, facts, databases, deadline);
    auto catalogs = co_await rows(connection, sql::catalogs, {}, deadline);
    facts.catalogs = first_column(catalogs);
    Params label_params{array_text(databases)};
    auto labels = co_await rows(connection, sql::shared_labels, label_params, deadline);
    facts.labels = collect(labels, label_row);
    auto standbys = co_await rows(connection, sql::standbys, {}, deadline);
    facts.standbys = first_column(standbys);
    for (int i = 0; i < standbys.rows(); ++i) {
        facts.standby_names.push_back(str(standbys, i, "name"));
    }
    auto text_search = co_await rows(connection, sql::text_search, {}, deadline);
    facts.text_search = pairs(text_search);
    co_return facts;
}

Task<DatabaseFacts> read_database_facts(postgres::Server& server, std::string database, Deadline deadline) {
    DatabaseFacts facts;
    facts.name = database;
    auto session = co_await server.session(database, deadline);
    auto& connection = *session;
    auto identities = co_await rows(connection, sql::identities, {}, deadline);
    facts.identities = collect(identities, identity_row);
    auto unlogged = co_await rows(connection, sql::unlogged, {}, deadline);
    facts.unlogged = first_column(unlogged);
    auto large = co_await rows(connection, sql::large_objects, {}, deadline);
    facts.large_objects = large.get<long>(0, "count");
    facts.large_object_columns = large.get<std::vector<std::string>>(0, "columns");
    auto lockable = co_await rows(connection, sql::lockable, {}, deadline);
    facts.tables = lockable.get<long>(0, 0);
    auto triggers = co_await rows(connection, sql::triggers, {}, deadline);
    facts.triggers = collect(triggers, trigger_row);
    auto sequences = co_await rows(connection, sql::sequences, {}, deadline);
    facts.sequences = collect(sequences, sequence_row);
    auto extensions = co_await rows(connection, sql::extensions, {}, deadline);
    facts.extensions = collect(extensions, extension_row);
    auto tablespaces = co_await rows(connection, sql::used_tablespaces, {}, deadline);
    facts.tablespaces = first_column(tablespaces);
    auto notable = co_await rows(connection, sql::notable, {}, deadline);
    facts.notable = collect(notable, notable_row);
    auto left = co_await rows(connection, sql::left_behind, {}, deadline);
    facts.left = collect(left, left_row);
    auto members = co_await rows(connection, sql::extension_members, {}, deadline);
    facts.members = collect(members, member_row);
    auto text_search = co_await rows(connection, sql::text_search, {}, deadline);
    facts.text_search = pairs(text_search);
    co_await read_schema_changers(connection, facts, deadline);
    auto settings = co_await rows(connection, sql::lane_settings, {}, deadline);
    for (int i = 0; i < settings.rows(); ++i) {
        facts.settings[str(settings, i, "name")] = str(settings, i, "setting");
    }
    auto copied = co_await rows(connection, sql::copied_badly, {}, deadline);
    facts.copied = collect(copied, copied_row);
    co_await find_huge_values(server, facts, deadline);
    co_return facts;
}

Task<GreenDatabase> read_green_database(postgres::Server& server, std::string database, Deadline deadline) {
    auto session = co_await server.session(database, deadline);
    auto& connection = *session;
    auto objects = co_await rows(connection, sql::user_objects, {}, deadline);
    GreenDatabase green;
    green.name = std::move(database);
    green.objects = collect(objects, notable_row);
    co_return green;
}

} // namespace pgteal::health
