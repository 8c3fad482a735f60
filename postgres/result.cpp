#include "postgres/result.hpp"

#include <libpq-fe.h>

#include "base/error.hpp"

namespace pgteal::postgres {

namespace {

const PGresult* pg(const std::shared_ptr<void>& handle) { return static_cast<const PGresult*>(handle.get()); }

/// The elements of a one-dimensional array as array_out prints it (docs: "Array Input and Output Syntax");
/// nullopt when it is something else or holds a NULL.
std::optional<std::vector<std::string>> parse_array(std::string_view text) {
    std::vector<std::string> elements;
    if (text.size() < 2 || text.front() != '{' || text.back() != '}') {
        return std::nullopt;
    }
    text = text.substr(1, text.size() - 2);
    std::size_t at = 0;
    while (at < text.size()) {
        std::string element;
        const bool quoted = text[at] == '"';
        if (quoted) {
            for (++at; at < text.size() && text[at] != '"'; ++at) {
                if (text[at] == '\\' && at + 1 < text.size()) {
                    ++at;
                }
                element += text[at];
            }
            ++at;
        } else {
            for (; at < text.size() && text[at] != ','; ++at) {
                element += text[at];
            }
        }
        const bool separated = at >= text.size() || text[at] == ',';
        if (!separated || (!quoted && (element == "NULL" || element.empty() || element.front() == '{'))) {
            return std::nullopt;
        }
        elements.push_back(std::move(element));
        ++at;
    }
    return elements;
}

} // namespace

int Result::rows() const { return handle_ ? PQntuples(pg(handle_)) : 0; }
int Result::columns() const { return handle_ ? PQnfields(pg(handle_)) : 0; }

bool Result::is_null(int row, int column) const {
    return text(row, column).empty() && PQgetisnull(pg(handle_), row, column) != 0;
}

std::string_view Result::text(int row, int column) const {
    if (row < 0 || row >= rows() || column < 0 || column >= columns()) {
        throw Error(ErrorCode::internal, "",
                    "a result of " + std::to_string(rows()) + " rows and " + std::to_string(columns()) +
                        " columns has no field (" + std::to_string(row) + ", " + std::to_string(column) +
                        ")");
    }
    return {PQgetvalue(pg(handle_), row, column),
            static_cast<std::size_t>(PQgetlength(pg(handle_), row, column))};
}

// PQfnumber would fold the name to lower case.
int Result::column(std::string_view name) const {
    for (int i = 0; i < columns(); ++i) {
        if (name == PQfname(pg(handle_), i)) {
            return i;
        }
    }
    throw Error(ErrorCode::internal, "", "the result has no column '" + std::string(name) + "'");
}

std::string_view Result::column_name(int column) const {
    const char* name = handle_ ? PQfname(pg(handle_), column) : nullptr;
    return name == nullptr ? std::string_view{} : std::string_view{name};
}

std::int64_t Result::affected() const {
    if (!handle_) {
        return 0;
    }
    auto* result = static_cast<PGresult*>(handle_.get());
    // PQcmdTuples also counts the rows of a SELECT.
    const std::string_view command = PQcmdStatus(result);
    const std::string_view count = PQcmdTuples(result);
    std::int64_t value = 0;
    if (!command.starts_with("SELECT") && !command.starts_with("FETCH") && !count.empty()) {
        std::from_chars(count.data(), count.data() + count.size(), value);
    }
    return value;
}

std::string_view Result::require(int row, int column) const {
    if (is_null(row, column)) {
        bad_value(row, column, "a value");
    }
    return text(row, column);
}

void Result::bad_value(int row, int column, const char* wanted) const {
    // The value itself is not quoted: it may be a secret of the operator's.
    const char* is = is_null(row, column) ? "is NULL" : "holds something else";
    throw Error(ErrorCode::internal, "",
                "column '" + std::string(column_name(column)) + "' should hold " + wanted + " in row " +
                    std::to_string(row) + ", but " + is);
}

bool Result::boolean(int row, int column) const {
    const auto field = require(row, column);
    if (field == "t" || field == "on" || field == "true") {
        return true;
    }
    if (field == "f" || field == "off" || field == "false") {
        return false;
    }
    bad_value(row, column, "a boolean");
}

Lsn Result::lsn(int row, int column) const {
    const auto value = Lsn::parse(require(row, column));
    if (!value) {
        bad_value(row, column, "an LSN");
    }
    return *value;
}

std::vector<std::string> Result::text_array(int row, int column) const {
    auto value = parse_array(require(row, column));
    if (!value) {
        bad_value(row, column, "a one-dimensional array without NULLs");
    }
    return *std::move(value);
}

} // namespace pgteal::postgres
