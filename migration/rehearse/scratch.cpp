#include "migration/rehearse/scratch.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <regex>

#include <boost/crc.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "migration/apply/session.hpp"
#include "migration/rehearse/drop_database.hpp"
#include "migration/rehearse/sql.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration::rehearse {

namespace {

using postgres::quote_identifier;
using postgres::quote_literal;

constexpr int lock_space = 0x70677268; // "pgrh"
constexpr std::size_t longest_name = 63;

SessionSettings settings_on(const std::string& side) {
    SessionSettings settings;
    settings.side = side;
    settings.lock_timeout = std::chrono::seconds(60);
    return settings;
}

/// Advisory locks of two keys: ours, and the name's.
std::string lock_keys(const std::string& name) {
    boost::crc_32_type sum;
    sum.process_bytes(name.data(), name.size());
    return fmt::format("{}, {}", lock_space, static_cast<std::int32_t>(sum.checksum()));
}

std::string role_mark_prefix() { return "made by pgteal migrate rehearse for "; }

} // namespace

std::string role_mark(const std::string& scratch) { return role_mark_prefix() + scratch; }

std::string scratch_name(const std::string& run) {
    std::random_device source;
    const auto tail = fmt::format("_{}_{:08x}", ::getpid(), static_cast<std::uint32_t>(source()));
    auto head = std::string(scratch_prefix) + run;
    if (head.size() + tail.size() > longest_name) {
        head.resize(longest_name - tail.size());
        while (!head.empty() && (static_cast<unsigned char>(head.back()) & 0x80U) != 0) {
            head.pop_back(); // no half of a character
        }
    }
    return head + tail;
}

bool is_scratch_name(std::string_view name) {
    static const std::regex pattern("pgteal_rehearse_.*_[0-9]+_[0-9a-f]{8}");
    return std::regex_match(name.begin(), name.end(), pattern);
}

struct Scratch::Impl {
    Session control;
    bool made = false;
    std::map<std::string, std::string> roles_before;

    Impl(const postgres::Dsn& server, const std::string& side)
        : control(server.with_database("postgres"), "migrate rehearse", settings_on(side)) {}
    bool try_lock(const std::string& name) {
        return control.run("SELECT pg_catalog.pg_try_advisory_lock(" + lock_keys(name) + ")")
            .at(0)
            .at(0)
            .as<bool>();
    }
    void unlock(const std::string& name) {
        control.run("SELECT pg_catalog.pg_advisory_unlock(" + lock_keys(name) + ")");
    }
    /// Names by oid: a role that is only renamed is none that appeared.
    std::map<std::string, std::string> roles() {
        std::map<std::string, std::string> found;
        for (const auto& row : control.run("SELECT oid, rolname FROM pg_catalog.pg_roles")) {
            found[row.at(0).as<std::string>()] = row.at(1).as<std::string>();
        }
        return found;
    }
    /// False when something still depends on it.
    bool drop_role(const std::string& role) {
        try {
            control.run("DROP ROLE IF EXISTS " + quote_identifier(role));
            return true;
        } catch (const ServerError& error) {
            if (error.sqlstate() != "2BP01") {
                throw;
            }
            return false;
        }
    }
    /// The roles made for databases that `gone` says yes to. With `stuck` no failure ends it.
    template <typename Gone>
    std::vector<std::string> drop_roles(Gone gone, std::vector<Error>* stuck = nullptr) {
        std::vector<std::string> dropped;
        for (const auto& row : control.run(std::string(sql::marked_roles))) {
            const auto role = row.at("role").as<std::string>();
            if (!gone(row.at("scratch").as<std::string>())) {
                continue;
            }
            try {
                if (drop_role(role)) {
                    dropped.push_back(role);
                }
            } catch (const ServerError& error) {
                if (stuck == nullptr) {
                    throw;
                }
                stuck->emplace_back(
                    error.code(), error.side(),
                    "role " + role + ", which an earlier rehearsal made, can't be dropped: " + error.what(),
                    "Drop it by hand: DROP ROLE " + quote_identifier(role) + ";");
            }
        }
        return dropped;
    }
};

Scratch::Scratch(const postgres::Dsn& server, const std::string& run, std::string side)
    : server_(server), name_(scratch_name(run)), side_(std::move(side)),
      impl_(std::make_unique<Impl>(server, side_)) {
    impl_->try_lock(name_);
    impl_->roles_before = impl_->roles();
}

Scratch::~Scratch() {
    try {
        drop();
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): the next sweep finds it
    }
}

Swept Scratch::sweep() {
    Swept swept;
    std::vector<std::string> names;
    for (const auto& row : impl_->control.run(std::string(sql::scratch_databases))) {
        names.push_back(row.at(0).as<std::string>());
    }
    for (const auto& name : names) {
        if (name == name_ || !is_scratch_name(name)) {
            continue;
        }
        if (!impl_->try_lock(name)) {
            swept.alive.push_back(name);
            continue;
        }
        try {
            drop_database(impl_->control, server_, name);
            swept.databases.push_back(name);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::connection_lost) {
                throw;
            }
            swept.stuck.push_back(error);
        }
        impl_->unlock(name);
    }
    swept.roles = impl_->drop_roles(
        [&](const std::string& scratch) {
            if (scratch == name_ || std::ranges::find(swept.alive, scratch) != swept.alive.end()) {
                return false;
            }
            const bool gone = impl_->try_lock(scratch); // its database may not be made yet
            if (gone) {
                impl_->unlock(scratch);
            }
            return gone;
        },
        &swept.stuck);
    return swept;
}

void Scratch::create(const std::vector<std::string>& statements) {
    impl_->made = true;
    for (const auto& statement : statements) {
        impl_->control.run(statement);
    }
}

void Scratch::make_roles(const std::vector<ScratchRole>& roles) {
    impl_->made = true;
    const auto exists = [this](const std::string& name) {
        return !impl_->control.run("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = " + quote_literal(name))
                    .empty();
    };
    std::vector<const ScratchRole*> ours;
    for (const auto& role : roles) {
        if (!exists(role.name)) {
            // In one transaction: without its mark nobody would know what it is.
            impl_->control.run("BEGIN; CREATE ROLE " + quote_identifier(role.name) + " NOLOGIN" +
                               (role.superuser ? " SUPERUSER" : "") + "; COMMENT ON ROLE " +
                               quote_identifier(role.name) + " IS " + quote_literal(role_mark(name_)) +
                               "; COMMIT");
            ours.push_back(&role);
        }
    }
    for (const auto* role : ours) {
        for (const auto& group : role->member_of) {
            if (exists(group)) {
                impl_->control.run("GRANT " + quote_identifier(group) + " TO " +
                                   quote_identifier(role->name));
            }
        }
    }
}

void Scratch::drop() {
    if (!impl_->made) {
        return;
    }
    drop_database(impl_->control, server_, name_);
    impl_->drop_roles([this](const std::string& scratch) { return scratch == name_; });
    impl_->made = false;
}

LeftRoles Scratch::left_roles() {
    std::map<std::string, std::string> marked; // role, scratch database
    for (const auto& row : impl_->control.run(std::string(sql::marked_roles))) {
        marked[row.at("role").as<std::string>()] = row.at("scratch").as<std::string>();
    }
    LeftRoles left;
    for (const auto& [oid, role] : impl_->roles()) {
        const auto mark = marked.find(role);
        if (mark != marked.end() && mark->second == name_) {
            left.kept.push_back(role);
        } else if (mark == marked.end() && !impl_->roles_before.contains(oid)) {
            left.appeared.push_back(role);
        }
    }
    return left;
}

} // namespace pgteal::migration::rehearse
