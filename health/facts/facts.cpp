#include "health/facts/facts.hpp"

#include <charconv>

namespace pgteal::health {

const DatabaseRow* ServerFacts::database(const std::string& name) const {
    const auto found = std::find_if(databases.begin(), databases.end(),
                                    [&](const DatabaseRow& row) { return row.name == name; });
    return found == databases.end() ? nullptr : &*found;
}

std::string ServerFacts::setting(const std::string& name) const {
    const auto found = settings.find(name);
    return found == settings.end() ? std::string{} : found->second;
}

long ServerFacts::number(const std::string& name) const {
    const std::string text = setting(name);
    long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

} // namespace pgteal::health
