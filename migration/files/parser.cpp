#include "migration/files/parser.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

#include <pg_query.h>

#include "migration/files/text.hpp"

namespace pgteal::migration::parser {

namespace {

/// libpg_query gives positions in characters, from 1; 0 when it knows none.
Failure failure_of(const PgQueryError& error, std::string_view text) {
    const auto position = error.cursorpos > 0 ? static_cast<std::size_t>(error.cursorpos) - 1 : 0;
    return {error.message != nullptr ? error.message : "can't be read", byte_of_character(text, position)};
}

Split taken(PgQuerySplitResult raw, std::string_view text) {
    const std::unique_ptr<PgQuerySplitResult, void (*)(PgQuerySplitResult*)> owner(
        &raw, [](PgQuerySplitResult* result) { pg_query_free_split_result(*result); });
    Split result;
    if (raw.error != nullptr) {
        result.failure = failure_of(*raw.error, text);
        return result;
    }
    result.ranges.reserve(static_cast<std::size_t>(raw.n_stmts));
    for (int i = 0; i < raw.n_stmts; ++i) {
        const auto* statement = raw.stmts[i];
        const auto begin = static_cast<std::size_t>(statement->stmt_location);
        // A length of 0 means "to the end" (PostgreSQL, nodes/parsenodes.h, RawStmt).
        const auto length = static_cast<std::size_t>(statement->stmt_len);
        result.ranges.push_back({begin, length == 0 ? text.size() : begin + length});
    }
    return result;
}

/// Reads the protobuf messages ScanResult and ScanToken (pg_query.proto): only the fields that say where a
/// token is.
class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}
    [[nodiscard]] bool more() const { return at_ < bytes_.size(); }
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; more() && shift < 64; shift += 7) {
            const auto byte = static_cast<unsigned char>(bytes_[at_++]);
            value |= std::uint64_t{byte & 0x7FU} << shift;
            if (byte < 0x80) {
                break;
            }
        }
        return value;
    }
    std::string_view chunk() {
        const auto size = static_cast<std::size_t>(number());
        const auto part = bytes_.substr(at_, size);
        at_ += part.size();
        return part;
    }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
};

constexpr std::uint64_t varint_type = 0;

Range token_range(std::string_view message) {
    Range range;
    for (Reader reader(message); reader.more();) {
        const auto key = reader.number();
        if ((key & 7U) != varint_type) {
            break;
        }
        const auto value = static_cast<std::size_t>(reader.number());
        if (key >> 3U == 1) {
            range.begin = value;
        } else if (key >> 3U == 2) {
            range.end = value;
        }
    }
    return range;
}

} // namespace

Split split(const std::string& text) { return taken(pg_query_split_with_parser(text.c_str()), text); }

Split split_by_tokens(const std::string& text) {
    return taken(pg_query_split_with_scanner(text.c_str()), text);
}

std::vector<Range> scan(const std::string& text) {
    auto raw = pg_query_scan(text.c_str());
    const std::unique_ptr<PgQueryScanResult, void (*)(PgQueryScanResult*)> owner(
        &raw, [](PgQueryScanResult* result) { pg_query_free_scan_result(*result); });
    std::vector<Range> result;
    if (raw.error != nullptr) {
        return result;
    }
    for (Reader reader({raw.pbuf.data, raw.pbuf.len}); reader.more();) {
        const auto key = reader.number();
        if ((key & 7U) == varint_type) {
            reader.number();
            continue;
        }
        const auto range = token_range(reader.chunk());
        if (range.begin < range.end && range.end <= text.size()) {
            result.push_back(range);
        }
    }
    return result;
}

std::vector<std::string> tokens(const std::string& text) {
    std::vector<std::string> result;
    for (const auto& range : scan(text)) {
        auto token = text.substr(range.begin, range.end - range.begin);
        if (token.starts_with("--") || token.starts_with("/*")) {
            continue;
        }
        auto word = word_at(token, 0);
        result.push_back(word.size() == token.size() ? std::move(word) : std::move(token));
    }
    return result;
}

} // namespace pgteal::migration::parser
