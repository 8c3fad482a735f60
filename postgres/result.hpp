// What a statement returned.
#pragma once

#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/units.hpp"

namespace pgteal::postgres {

/// The rows of one command, in text format. Cheap to copy (shared). Row and column numbers start at 0.
class Result {
public:
    Result() = default;
    /// Takes libpq's PGresult; only postgres/ makes Results.
    explicit Result(std::shared_ptr<void> handle) : handle_(std::move(handle)) {}

    [[nodiscard]] int rows() const;
    [[nodiscard]] int columns() const;
    [[nodiscard]] bool empty() const { return rows() == 0; }
    [[nodiscard]] bool is_null(int row, int column) const;
    /// The field as the server printed it; "" for NULL. Valid as long as any copy of this Result lives.
    [[nodiscard]] std::string_view text(int row, int column) const;
    /// Column number by name. Throws Error(internal) when there is none.
    [[nodiscard]] int column(std::string_view name) const;
    [[nodiscard]] std::string_view column_name(int column) const;
    /// Rows affected by INSERT, UPDATE, DELETE, COPY; 0 otherwise.
    [[nodiscard]] std::int64_t affected() const;

    /// The field as T: std::string, bool, integers, double, Lsn, std::vector<std::string> (a text[]), or
    /// std::optional of those. NULL for a T that is not optional, and text that is no T, throw
    /// Error(internal) naming the column.
    template <typename T>
    [[nodiscard]] T get(int row, int column) const;
    template <typename T>
    [[nodiscard]] T get(int row, std::string_view name) const {
        return get<T>(row, column(name));
    }

private:
    [[nodiscard]] std::string_view require(int row, int column) const; // throws on NULL
    [[noreturn]] void bad_value(int row, int column, const char* wanted) const;
    template <typename T>
    [[nodiscard]] T number(int row, int column) const {
        const std::string_view field = require(row, column);
        T value{};
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
        if (error != std::errc{} || end != field.data() + field.size()) {
            bad_value(row, column, "a number");
        }
        return value;
    }
    [[nodiscard]] bool boolean(int row, int column) const;
    [[nodiscard]] Lsn lsn(int row, int column) const;
    [[nodiscard]] std::vector<std::string> text_array(int row, int column) const;

    template <typename T>
    struct is_optional : std::false_type {};
    template <typename T>
    struct is_optional<std::optional<T>> : std::true_type {};

    std::shared_ptr<void> handle_;
};

template <typename T>
T Result::get(int row, int column) const {
    if constexpr (is_optional<T>::value) {
        if (is_null(row, column)) {
            return std::nullopt;
        }
        return get<typename T::value_type>(row, column);
    } else if constexpr (std::is_same_v<T, std::string>) {
        return std::string(require(row, column));
    } else if constexpr (std::is_same_v<T, bool>) {
        return boolean(row, column);
    } else if constexpr (std::is_same_v<T, Lsn>) {
        return lsn(row, column);
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
        return text_array(row, column);
    } else {
        static_assert(std::is_arithmetic_v<T>, "Result::get: unsupported type");
        return number<T>(row, column);
    }
}

} // namespace pgteal::postgres
