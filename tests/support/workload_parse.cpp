#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <unordered_map>

#include "tests/support/workload_log.hpp"

namespace pgteal::workload {

namespace {

class Fields {
public:
    explicit Fields(std::string_view line) : line_(line), rest_(line) {}

    std::string_view word() {
        const auto end = std::min(rest_.find(' '), rest_.size());
        const auto found = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        if (found.empty()) {
            bad();
        }
        return found;
    }

    std::int64_t number() {
        const auto digits = word();
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc{} || end != digits.data() + digits.size()) {
            bad();
        }
        return value;
    }

    template <std::size_t N>
    std::size_t one_of(const std::array<std::string_view, N>& names) {
        const auto found = std::find(names.begin(), names.end(), word());
        if (found == names.end()) {
            bad();
        }
        return static_cast<std::size_t>(found - names.begin());
    }

    std::string rest() const { return std::string(rest_); }

private:
    [[noreturn]] void bad() const { throw Failure("not a line of a workload's log: " + std::string(line_)); }

    std::string_view line_;
    std::string_view rest_;
};

class Reader {
public:
    void line(std::string_view text) {
        Fields fields(text);
        const auto what = fields.word();
        if (what == "H") {
            header(fields);
        } else if (what == "I") {
            intent(fields);
        } else if (what == "O") {
            outcome(fields, text);
        } else if (what == "E") {
            connect_error(fields);
        } else if (what == "S") {
            log.drained = true;
            at(fields);
        } else {
            throw Failure("not a line of a workload's log: " + std::string(text));
        }
    }

    Log log;

private:
    void header(Fields& fields) {
        if (fields.number() != 1) {
            throw Failure("the log has a format that this program doesn't know");
        }
        fields.number();
        fields.number();
        wall_us_ = fields.number();
        log.from_us = log.from_us == 0 ? wall_us_ : std::min(log.from_us, wall_us_);
        log.to_us = std::max(log.to_us, wall_us_);
        log.drained = false;
    }

    std::int64_t at(Fields& fields) {
        const auto steady_ns = fields.number();
        fields.number();
        const auto us = wall_us_ + steady_ns / 1000;
        log.to_us = std::max(log.to_us, us);
        return us;
    }

    void intent(Fields& fields) {
        Op op;
        op.id = fields.number();
        op.client = static_cast<int>(fields.number());
        op.new_connection = fields.word() == "n";
        op.dsn = static_cast<int>(fields.number());
        op.sent_us = at(fields);
        op.kind = static_cast<Kind>(fields.one_of(kind_names));
        op.a = fields.number();
        op.b = fields.number();
        op.c = fields.number();
        if (!places_.emplace(op.id, log.ops.size()).second) {
            throw Failure("operation " + std::to_string(op.id) + " is in the logs twice");
        }
        log.ops.push_back(std::move(op));
    }

    void outcome(Fields& fields, std::string_view text) {
        const auto place = places_.find(fields.number());
        if (place == places_.end()) {
            throw Failure("an outcome without its intent: " + std::string(text));
        }
        Op& op = log.ops[place->second];
        op.done_us = at(fields);
        op.outcome = static_cast<Outcome>(fields.one_of(outcome_names));
        op.latency_us = fields.number();
        op.server = fields.number();
        const auto sqlstate = fields.word();
        op.sqlstate = sqlstate == "-" ? "" : sqlstate;
        op.r1 = fields.number();
        op.r2 = fields.number();
        op.message = fields.rest();
    }

    void connect_error(Fields& fields) {
        fields.number();
        ConnectError error;
        error.new_connection = fields.word() == "n";
        error.dsn = static_cast<int>(fields.number());
        error.at_us = at(fields);
        error.message = fields.rest();
        log.connect_errors.push_back(std::move(error));
    }

    std::unordered_map<Id, std::size_t> places_;
    std::int64_t wall_us_ = 0;
};

// A line that a kill or a reader in the middle of a run cuts short has no newline, and doesn't count.
void read(Reader& reader, std::string_view text) {
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        reader.line(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
}

Log finished(Reader& reader) {
    std::ranges::sort(reader.log.ops, {}, &Op::id);
    return std::move(reader.log);
}

} // namespace

Log parse_log(std::string_view text) {
    Reader reader;
    read(reader, text);
    return finished(reader);
}

Log read_logs(std::span<const std::filesystem::path> files) {
    Reader reader;
    for (const auto& file : files) {
        std::ifstream stream(file, std::ios::binary);
        if (!stream) {
            throw Failure("can't read the workload's log " + file.string());
        }
        const std::string text{std::istreambuf_iterator<char>(stream), {}};
        read(reader, text);
    }
    return finished(reader);
}

} // namespace pgteal::workload
