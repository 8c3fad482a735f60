#include "postgres/statement.hpp"

#include "base/error.hpp"
#include "postgres/quote.hpp"

namespace pgteal::postgres {

namespace {

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The name in `:'name'` or `:"name"` at `at` (which is the colon); empty when there is none, as in a cast to
/// a quoted type.
std::string_view name_at(std::string_view text, std::size_t at) {
    if (at + 1 >= text.size() || (at > 0 && text[at - 1] == ':')) {
        return {};
    }
    const char quote = text[at + 1];
    if (quote != '\'' && quote != '"') {
        return {};
    }
    std::size_t end = at + 2;
    while (end < text.size() && is_name_char(text[end])) {
        ++end;
    }
    if (end >= text.size() || text[end] != quote) {
        return {};
    }
    return text.substr(at + 2, end - at - 2);
}

const Binding& value_of(const std::string& name, const Bindings& bindings) {
    const auto found = bindings.find(name);
    if (found == bindings.end()) {
        throw Error(ErrorCode::internal, "",
                    "a statement needs the value '" + name + "', which is not known yet");
    }
    return found->second;
}

} // namespace

SqlText::SqlText(std::string text) {
    if (!text.empty()) {
        parts_.push_back({Part::Kind::text, std::move(text), {}});
    }
}

SqlText::SqlText(std::string_view text) : SqlText(std::string(text)) {}

SqlText::SqlText(const char* text) : SqlText(std::string(text)) {}

SqlText& SqlText::operator+=(const SqlText& more) {
    const auto added = more.parts_; // may be our own
    for (const auto& part : added) {
        if (part.kind == Part::Kind::text && !parts_.empty() && parts_.back().kind == Part::Kind::text) {
            parts_.back().what += part.what;
        } else {
            parts_.push_back(part);
        }
    }
    return *this;
}

std::string SqlText::display() const {
    return display([](const std::string&) { return std::string(); });
}

std::string SqlText::display(const std::function<std::string(const std::string&)>& digest) const {
    std::string shown;
    for (const auto& part : parts_) {
        switch (part.kind) {
        case Part::Kind::text:
            shown += part.what;
            break;
        case Part::Kind::literal:
            shown += ":'" + part.what + "'";
            break;
        case Part::Kind::hidden:
            shown += ":'" + part.what + "'" + digest(part.value);
            break;
        case Part::Kind::identifier:
            shown += ":\"" + part.what + "\"";
            break;
        }
    }
    return shown;
}

std::string SqlText::plain() const { return bind(*this, {}); }

std::set<std::string, std::less<>> SqlText::needs() const {
    std::set<std::string, std::less<>> names;
    for (const auto& part : parts_) {
        if (part.kind == Part::Kind::literal || part.kind == Part::Kind::identifier) {
            names.insert(part.what);
        }
    }
    return names;
}

SqlText hidden_literal(std::string shown_as, std::string value) {
    SqlText hidden;
    hidden.parts_.push_back({SqlText::Part::Kind::hidden, std::move(shown_as), std::move(value)});
    return hidden;
}

SqlText late_literal(std::string name) {
    SqlText place;
    place.parts_.push_back({SqlText::Part::Kind::literal, std::move(name), {}});
    return place;
}

SqlText late_identifier(std::string name) {
    SqlText place;
    place.parts_.push_back({SqlText::Part::Kind::identifier, std::move(name), {}});
    return place;
}

SqlText from_template(Template own) {
    const auto text = own.text();
    SqlText parts;
    std::size_t from = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto name = text[at] == ':' ? name_at(text, at) : std::string_view{};
        if (name.empty()) {
            continue;
        }
        parts += text.substr(from, at - from);
        parts += text[at + 1] == '"' ? late_identifier(std::string(name)) : late_literal(std::string(name));
        at += name.size() + 2;
        from = at + 1;
    }
    parts += text.substr(from);
    return parts;
}

std::string bind(const SqlText& text, const Bindings& bindings) {
    std::string out;
    for (const auto& part : text.parts_) {
        if (part.kind == SqlText::Part::Kind::text) {
            out += part.what;
            continue;
        }
        if (part.kind == SqlText::Part::Kind::hidden) {
            out += quote_literal_in_body(part.value);
            continue;
        }
        const auto& value = value_of(part.what, bindings);
        if (part.kind == SqlText::Part::Kind::literal) {
            out += quote_literal_in_body(value.value);
            continue;
        }
        if (value.secret) {
            throw Error(ErrorCode::internal, "", "the secret '" + part.what + "' can't be a name");
        }
        out += quote_identifier(value.value);
    }
    return out;
}

} // namespace pgteal::postgres
