#include "replication/lane/lanes.hpp"

#include "replication/lane/lane_names.hpp"

namespace pgteal::replication {

namespace {

constexpr std::size_t longest_part = 20;
constexpr std::size_t hash_digits = 6;

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// FNV-1a, six hexadecimal digits of it: names have to come out the same for ever, on every machine.
std::string short_hash(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < hash_digits; ++i) {
        out += digits[hash & 0xFU];
        hash >>= 4U;
    }
    return out;
}

/// `text` as [a-z0-9_] of at most 20 letters; a hash is added unless nothing was lost. `underscore`: whether
/// one may stay as it is.
std::string name_part(std::string_view text, bool underscore) {
    std::string out;
    bool lost = text.empty() || text.size() > longest_part;
    for (const char c : text) {
        const bool upper = c >= 'A' && c <= 'Z';
        const char low = upper ? static_cast<char>(c - 'A' + 'a') : c;
        lost = lost || upper || !(is_plain(low) || (low == '_' && underscore));
        out += is_plain(low) ? low : '_';
    }
    if (!lost) {
        return out;
    }
    return out.substr(0, longest_part - hash_digits - 1) + '_' + short_hash(text);
}

} // namespace

std::string object_prefix(const std::string& run, const std::string& database) {
    // An underscore within a run's name always brings a hash: otherwise run "a" with database "b_c" and run
    // "a_b" with database "c" would share their objects.
    return "pgteal_" + name_part(run, false) + '_' + name_part(database, true) + '_';
}

std::string binding_for(std::string_view prefix, const std::string& database) {
    const bool plain = std::ranges::all_of(database, [](char c) { return is_plain(c) || c == '_'; });
    return std::string(prefix) + '_' + (plain ? database : name_part(database, true));
}

bool is_lane_object(std::string_view name, const std::string& run, const std::string& database) {
    const std::string prefix = object_prefix(run, database);
    if (!name.starts_with(prefix)) {
        return false;
    }
    name.remove_prefix(prefix.size());
    const std::size_t digits = name.find_first_not_of("0123456789");
    return digits != 0 && digits != std::string_view::npos &&
           (name.substr(digits) == "_blue" || name.substr(digits) == "_green");
}

std::string Lane::name() const { return database + '.' + std::to_string(number); }

std::string Lane::object() const {
    return object_prefix(run, database) + std::to_string(number) + '_' + publisher;
}

std::string Lane::marker_table() const { return replication::marker_table(number); }

std::string marker_table(int number) { return "pgteal.marker_" + std::to_string(number); }

} // namespace pgteal::replication
