#include "pooler/file/ini.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/error.hpp"

namespace pgteal::pooler::ini {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.-*").find(c) != std::string_view::npos;
}

class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    std::vector<Item> run() {
        // PgBouncer reads the file as a C string: what follows a NUL byte would silently not count.
        if (const auto nul = text_.find('\0'); nul != std::string_view::npos) {
            at_ = nul;
            fail("a NUL byte, at which PgBouncer stops reading");
        }
        for (skip(is_space); at_ < text_.size(); skip(is_space)) {
            if (is_include()) {
                include();
            } else if (peek() == '#' || peek() == ';') {
                at_ = end_of_line();
            } else if (peek() == '[') {
                section();
            } else {
                setting();
            }
        }
        return std::move(items_);
    }

private:
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    template <typename Predicate>
    void skip(Predicate wanted) {
        while (at_ < text_.size() && wanted(text_[at_])) {
            ++at_;
        }
    }

    [[nodiscard]] std::size_t end_of_line() const { return std::min(text_.find('\n', at_), text_.size()); }

    // From here to the end of the line without the space there; that takes the \r of CRLF too.
    std::pair<std::size_t, std::size_t> rest_of_line() {
        const std::size_t begin = at_;
        std::size_t end = end_of_line();
        at_ = end;
        while (end > begin && is_space(text_[end - 1])) {
            --end;
        }
        return {begin, end};
    }

    [[nodiscard]] bool is_include() const {
        static constexpr std::string_view word = "%include";
        return text_.substr(at_).starts_with(word) && at_ + word.size() < text_.size() &&
               is_blank(text_[at_ + word.size()]);
    }

    void include() {
        Item item{.kind = Item::Kind::include, .section = section_, .key = {}, .line = line()};
        skip([](char c) { return !is_blank(c); });
        skip(is_blank);
        std::tie(item.begin, item.end) = rest_of_line();
        items_.push_back(std::move(item));
    }

    void section() {
        Item item{.kind = Item::Kind::section, .section = {}, .key = {}, .begin = at_ + 1, .line = line()};
        const std::size_t close = text_.find(']', at_);
        if (close >= end_of_line()) {
            fail("a section without ]");
        }
        item.end = close;
        section_ = std::string(text_.substr(item.begin, close - item.begin));
        in_section_ = true;
        item.section = section_;
        at_ = close + 1;
        items_.push_back(std::move(item));
    }

    void setting() {
        Item item{.kind = Item::Kind::setting, .section = section_, .key = key(), .line = line()};
        skip(is_blank);
        if (peek() != '=') {
            fail("expected: name = value");
        }
        if (!in_section_) {
            fail("a value before any [section]");
        }
        ++at_;
        skip(is_blank);
        std::tie(item.begin, item.end) = rest_of_line();
        items_.push_back(std::move(item));
    }

    std::string key() {
        if (peek() != '\'') {
            const std::size_t begin = at_;
            skip(is_name);
            return std::string(text_.substr(begin, at_ - begin));
        }
        const std::size_t begin = at_ + 1;
        const std::size_t close = text_.find('\'', begin);
        if (close == std::string_view::npos || close == begin) {
            fail("a quoted name that is empty or has no end");
        }
        at_ = close + 1;
        return std::string(text_.substr(begin, close - begin));
    }

    [[nodiscard]] std::size_t line() const {
        return 1 + static_cast<std::size_t>(
                       std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n'));
    }

    [[noreturn]] void fail(const std::string& what) const {
        throw Error(
            ErrorCode::config, "", "PgBouncer's config file, line " + std::to_string(line()) + ": " + what,
            "PgBouncer would stop reading there: correct that line, RELOAD and look at PgBouncer's log.");
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string section_;
    bool in_section_ = false;
    std::vector<Item> items_;
};

} // namespace

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::vector<Item> scan(std::string_view text) { return Scanner(text).run(); }

} // namespace pgteal::pooler::ini
