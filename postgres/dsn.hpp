// How to reach a server, without ever printing how to get in.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pgteal::postgres {

/// A libpq connection string or URI (docs: "Connection Strings"), parsed by libpq itself.
class Dsn {
public:
    Dsn() = default;
    /// Throws Error(config) that quotes the keyword but no value.
    static Dsn parse(std::string_view text);

    [[nodiscard]] std::optional<std::string> get(std::string_view keyword) const;
    /// A copy with one keyword set (or removed, when the value is empty).
    [[nodiscard]] Dsn with(std::string_view keyword, std::string_view value) const;
    [[nodiscard]] Dsn with_database(std::string_view database) const { return with("dbname", database); }

    /// "10.0.0.5:5432": host (or socket directory) and port, nothing else.
    [[nodiscard]] std::string address() const;
    [[nodiscard]] std::string host() const; ///< "" means the local socket
    [[nodiscard]] std::string port() const; ///< "5432" when not given

    /// keyword='value' text for libpq, libpqxx and CREATE SUBSCRIPTION. Holds secrets: hand it on, never
    /// print it.
    [[nodiscard]] std::string conninfo() const;
    /// The same without password and other secrets: fit for argv and messages.
    [[nodiscard]] std::string display() const;
    /// Environment for a program whose argv holds display(): PGPASSWORD, when there is a password.
    [[nodiscard]] std::map<std::string, std::string> secrets_environment() const;

    bool operator==(const Dsn&) const = default;

private:
    std::map<std::string, std::string, std::less<>> options_;
};

} // namespace pgteal::postgres
