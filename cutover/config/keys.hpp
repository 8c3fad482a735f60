// The keys of pgteal.toml as one typed table. Reading, defaults, bounds, docs/config.md, the schema for
// editors and what an approval covers are views of it; no other place knows a key.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "cutover/config/config.hpp"
#include "cutover/config/limits.hpp"

namespace pgteal::cutover {

/// Stands where a default would.
inline constexpr std::string_view required = "(required)";

/// What an approval is bound to, of a key.
enum class Approved { value, presence, nothing };

template <typename Owner, typename Value>
struct Field {
    Value Owner::*member;
    Limits<Value> limits;
};

/// A key of a section that is read into an Owner.
template <typename Owner>
struct Key {
    template <typename Value>
    Key(std::string_view its_name, Value Owner::*member, std::type_identity_t<Limits<Value>> limits,
        std::string_view when_unset, std::string_view its_meaning, Approved its_approved = Approved::value)
        : name(its_name), unset(when_unset), meaning(its_meaning), approved(its_approved) {
        if constexpr (requires { limits.words; }) {
            meaning += explained(limits.words);
        }
        field = Field<Owner, Value>{member, std::move(limits)};
    }

    std::string_view name;
    std::variant<Field<Owner, std::string>, Field<Owner, Texts>, Field<Owner, int>, Field<Owner, Duration>,
                 Field<Owner, Bytes>, Field<Owner, postgres::Dsn>>
        field;
    std::string_view unset; ///< `required`; in words what is taken instead; "": what an Owner just made has
    std::string meaning;    ///< with what the words mean that it may be
    Approved approved;
};

template <typename Owner>
struct Section {
    /// Into the Config itself.
    Section(std::string_view its_name, std::vector<Key<Config>> its_keys)
        : name(its_name), keys(std::move(its_keys)) {}
    Section(std::string_view its_name, std::vector<Key<Owner>> its_keys, Owner Config::*place)
        : name(its_name), keys(std::move(its_keys)), one(place) {}
    /// `what`: has a section each.
    Section(std::string_view its_name, std::vector<Key<Owner>> its_keys, std::vector<Owner> Config::*places,
            std::string_view what)
        : name(its_name), keys(std::move(its_keys)), many(places), each(what) {}

    std::string_view name;
    std::vector<Key<Owner>> keys;
    Owner Config::*one = nullptr;
    std::vector<Owner> Config::*many = nullptr;
    std::string_view each;

    [[nodiscard]] std::string title() const {
        return (many == nullptr ? "[" : "[[") + std::string(name) + (many == nullptr ? "]" : "]]");
    }
    /// Where one that is there once goes; `config` may be const.
    template <typename Of>
    auto& place_in(Of& config) const {
        if constexpr (std::is_same_v<Owner, Config>) {
            return config;
        } else {
            return config.*one;
        }
    }
};
Section(std::string_view, std::vector<Key<Config>>)->Section<Config>;

using AnySection =
    std::variant<Section<Config>, Section<SideConfig>, Section<DatabaseConfig>, Section<PoolerConfig>,
                 Section<MigrateConfig>, Section<migration::lint::Conventions>>;

/// In the order of docs/config.md.
const std::vector<AnySection>& config_sections();
template <typename Use>
void for_each_section(Use use) {
    for (const auto& section : config_sections()) {
        std::visit(use, section);
    }
}

/// What [check] accept may name: refusals of a check or the gate that an operator may take upon himself.
const Words& acceptables();

} // namespace pgteal::cutover
