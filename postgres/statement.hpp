// Statements as data: what a dry run prints, an execution sends and the journal keeps.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pgteal::postgres {

/// A value known only when the statement runs: a snapshot's name, an LSN, a connection string.
struct Binding {
    std::string value;
    bool secret = false; ///< never journaled, logged or printed
};
using Bindings = std::map<std::string, Binding, std::less<>>;

/// SQL in parts: text, in which nobody ever looks for anything, and places for values that are known only
/// when it runs. What a server's users named or wrote is text, so that it can't be taken for a place. Places
/// are shown as psql writes them, :'name' for a literal and :"name" for an identifier.
class SqlText {
public:
    SqlText() = default;
    SqlText(std::string text);      // NOLINT(google-explicit-constructor)
    SqlText(std::string_view text); // NOLINT(google-explicit-constructor)
    SqlText(const char* text);      // NOLINT(google-explicit-constructor)

    SqlText& operator+=(const SqlText& more);
    friend SqlText operator+(SqlText a, const SqlText& b) { return a += b; }
    friend bool operator==(const SqlText&, const SqlText&) = default;

    [[nodiscard]] bool empty() const { return parts_.empty(); }
    /// For people, plan and journal; never sent.
    [[nodiscard]] std::string display() const;
    /// display(), with what stands for each hidden value followed by `digest` of it: two texts that differ
    /// in one only can be told apart.
    [[nodiscard]] std::string display(const std::function<std::string(const std::string&)>& digest) const;
    /// What is sent. Throws Error(internal) when it needs a value.
    [[nodiscard]] std::string plain() const;
    /// Names of the values that it needs.
    [[nodiscard]] std::set<std::string, std::less<>> needs() const;

private:
    friend SqlText hidden_literal(std::string shown_as, std::string value);
    friend SqlText late_literal(std::string name);
    friend SqlText late_identifier(std::string name);
    friend std::string bind(const SqlText& text, const Bindings& bindings);
    struct Part {
        enum class Kind { text, literal, identifier, hidden };
        Kind kind = Kind::text;
        std::string what;  ///< the text, or the value's name
        std::string value; ///< of a hidden literal
        bool operator==(const Part&) const = default;
    };
    std::vector<Part> parts_;
};

/// A value that is known, and is sent but never shown: what users keep in settings and comments may be a
/// secret.
SqlText hidden_literal(std::string shown_as, std::string value);
/// The place of a value, as a string literal that is safe within a dollar-quoted body, too.
SqlText late_literal(std::string name);
/// The place of a name. Never within a dollar-quoted body, and never of a secret.
SqlText late_identifier(std::string name);

/// A text of our own, known when pgteal is built: :'name' and :"name" in it are places. Text that comes from
/// anywhere else does not compile.
class Template {
public:
    consteval Template(std::string_view text) : text_(text) {} // NOLINT(google-explicit-constructor)
    consteval Template(const char* text) : text_(text) {}      // NOLINT(google-explicit-constructor)
    [[nodiscard]] std::string_view text() const { return text_; }

private:
    std::string_view text_;
};
SqlText from_template(Template text);

/// One or more SQL commands for one database of one side.
struct Statement {
    std::string database; ///< "" means the maintenance database (postgres)
    SqlText text;         ///< sent with the simple protocol; several commands may be separated by ;
    std::vector<std::string>
        gives; ///< names under which the columns of the last result's first row become bindings
};

/// The text with each place filled. Throws Error(internal) for a value that is not there, and for a secret as
/// an identifier. Call it as postgres::bind: a bare bind() finds std::bind.
std::string bind(const SqlText& text, const Bindings& bindings);

} // namespace pgteal::postgres
