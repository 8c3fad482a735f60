#include "postgres/literals.hpp"

namespace pgteal::postgres {

namespace {

constexpr std::string_view left_out = "'\xE2\x80\xA6'";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (static_cast<unsigned char>(c) & 0x80U) != 0;
}
bool in_word(char c) { return begins_word(c) || is_digit(c) || c == '$'; }

class Reader {
public:
    Reader(std::string_view sql, Constants which) : sql_(sql), which_(which) {}

    std::string read() {
        while (at_ < sql_.size()) {
            const char c = sql_[at_];
            if (begins_word(c)) {
                word();
            } else if (c == '\'') {
                string(false);
            } else if (c == '"') {
                identifier();
            } else if (sql_.substr(at_).starts_with("--")) {
                at_ = std::min(sql_.find('\n', at_), sql_.size());
            } else if (sql_.substr(at_).starts_with("/*")) {
                comment();
            } else if (c == '$') {
                dollar();
            } else if (is_digit(c) && which_ == Constants::all) {
                while (at_ < sql_.size() && (in_word(sql_[at_]) || sql_[at_] == '.')) {
                    ++at_;
                }
                out_ += left_out;
            } else {
                out_ += c;
                ++at_;
            }
        }
        return std::move(out_);
    }

private:
    void word() {
        const auto from = at_;
        while (at_ < sql_.size() && in_word(sql_[at_])) {
            ++at_;
        }
        const auto text = sql_.substr(from, at_ - from);
        out_ += text;
        if ((text == "E" || text == "e") && at_ < sql_.size() && sql_[at_] == '\'') {
            string(true);
        }
    }

    void string(bool escapes) {
        for (++at_; at_ < sql_.size(); ++at_) {
            if (escapes && sql_[at_] == '\\') {
                ++at_;
            } else if (sql_[at_] == '\'') {
                if (at_ + 1 >= sql_.size() || sql_[at_ + 1] != '\'') {
                    ++at_;
                    break;
                }
                ++at_;
            }
        }
        at_ = std::min(at_, sql_.size());
        out_ += left_out;
    }

    void identifier() {
        const auto from = at_;
        at_ = std::min(sql_.find('"', at_ + 1), sql_.size() - 1) + 1; // a doubled quote begins the next one
        out_ += sql_.substr(from, at_ - from);
    }

    void comment() {
        int depth = 0;
        do {
            const auto rest = sql_.substr(at_);
            if (rest.starts_with("/*")) {
                ++depth;
                at_ += 2;
            } else if (rest.starts_with("*/")) {
                --depth;
                at_ += 2;
            } else {
                ++at_;
            }
        } while (depth > 0 && at_ < sql_.size());
        out_ += ' ';
    }

    /// A body in dollar quotes; else a parameter, or an operator.
    void dollar() {
        auto end = at_ + 1;
        while (end < sql_.size() && sql_[end] != '$' && in_word(sql_[end])) {
            ++end;
        }
        const bool quote = end < sql_.size() && sql_[end] == '$' && !is_digit(sql_[at_ + 1]);
        if (!quote) {
            out_ += sql_.substr(at_, end - at_);
            at_ = end;
            return;
        }
        const auto tag = sql_.substr(at_, end + 1 - at_);
        const auto close = sql_.find(tag, end + 1);
        at_ = close == std::string_view::npos ? sql_.size() : close + tag.size();
        out_ += left_out;
    }

    std::string_view sql_;
    Constants which_;
    std::size_t at_ = 0;
    std::string out_;
};

} // namespace

std::string without_constants(std::string_view sql, Constants which) { return Reader(sql, which).read(); }

} // namespace pgteal::postgres
