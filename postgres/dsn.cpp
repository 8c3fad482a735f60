#include "postgres/dsn.hpp"

#include <libpq-fe.h>

#include <array>
#include <memory>

#include "base/error.hpp"

namespace pgteal::postgres {

namespace {

// libpq marks these with dispchar "*" (PQconndefaults), the last three in newer versions only.
constexpr std::array<std::string_view, 5> secret_keywords{"password", "sslpassword", "oauth_client_secret",
                                                          "scram_client_key", "scram_server_key"};

bool is_secret(std::string_view keyword) {
    for (const auto secret : secret_keywords) {
        if (keyword == secret) {
            return true;
        }
    }
    return false;
}

/// What is wrong, without libpq's own text: that may quote a piece of the password.
std::string reason_without_values(std::string_view libpq_says) {
    for (const std::string_view lead : {"invalid connection option \"", "invalid URI query parameter: \""}) {
        const auto at = libpq_says.find(lead);
        if (at == std::string_view::npos) {
            continue;
        }
        const auto rest = libpq_says.substr(at + lead.size());
        return "'" + std::string(rest.substr(0, rest.find('"'))) + "' is no connection keyword of libpq";
    }
    if (libpq_says.find("missing \"=\"") != std::string_view::npos) {
        return "an '=' is missing between a keyword and its value";
    }
    if (libpq_says.find("unterminated quoted string") != std::string_view::npos) {
        return "a quoted value has no closing quote";
    }
    if (libpq_says.find("percent") != std::string_view::npos) {
        return "a % in a URI must be followed by two hexadecimal digits";
    }
    return "libpq can't read it";
}

void append_quoted(std::string& out, std::string_view keyword, std::string_view value) {
    if (!out.empty()) {
        out += ' ';
    }
    out += keyword;
    out += "='";
    for (const char c : value) {
        if (c == '\'' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    out += '\'';
}

} // namespace

Dsn Dsn::parse(std::string_view text) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
        PQconninfoParse(std::string(text).c_str(), &message), PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> message_owner(message, PQfreemem);
    if (parsed == nullptr) {
        throw Error(ErrorCode::config, "",
                    "the connection string is not valid: " + reason_without_values(message ? message : ""),
                    "Write it as keyword=value pairs (host=… port=… user=…) or as a postgresql:// URI.");
    }
    Dsn dsn;
    for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr && option->val[0] != '\0') {
            dsn.options_.emplace(option->keyword, option->val);
        }
    }
    return dsn;
}

std::optional<std::string> Dsn::get(std::string_view keyword) const {
    const auto found = options_.find(keyword);
    if (found == options_.end()) {
        return std::nullopt;
    }
    return found->second;
}

Dsn Dsn::with(std::string_view keyword, std::string_view value) const {
    Dsn copy = *this;
    if (value.empty()) {
        copy.options_.erase(std::string(keyword));
    } else {
        copy.options_.insert_or_assign(std::string(keyword), std::string(value));
    }
    return copy;
}

std::string Dsn::host() const {
    if (const auto host = get("host")) {
        return *host;
    }
    return get("hostaddr").value_or("");
}

std::string Dsn::port() const { return get("port").value_or("5432"); }

std::string Dsn::address() const {
    const auto where = host();
    const bool ipv6 =
        where.find(':') != std::string::npos && where.find(',') == std::string::npos && where.front() != '/';
    return (where.empty() ? "local socket" : ipv6 ? '[' + where + ']' : where) + ':' + port();
}

std::string Dsn::conninfo() const {
    std::string out;
    for (const auto& [keyword, value] : options_) {
        append_quoted(out, keyword, value);
    }
    return out;
}

std::string Dsn::display() const {
    std::string out;
    for (const auto& [keyword, value] : options_) {
        if (!is_secret(keyword)) {
            append_quoted(out, keyword, value);
        }
    }
    return out;
}

std::map<std::string, std::string> Dsn::secrets_environment() const {
    std::map<std::string, std::string> environment;
    if (const auto password = get("password")) {
        environment.emplace("PGPASSWORD", *password);
    }
    return environment;
}

} // namespace pgteal::postgres
