#include "tests/support/workload_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace pgteal::workload {

using std::chrono::duration_cast;

namespace {

std::int64_t wall_us() {
    return duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

void append(std::string& line, std::initializer_list<std::int64_t> numbers) {
    for (const auto number : numbers) {
        line += ' ';
        line += std::to_string(number);
    }
}

} // namespace

std::string_view name(Kind kind) { return kind_names.at(static_cast<std::size_t>(kind)); }

LogWriter::LogWriter(const std::filesystem::path& file)
    : file_(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)),
      start_(std::chrono::steady_clock::now()), wall_us_(wall_us()) {
    if (file_ < 0) {
        throw Failure("can't write " + file.string() + ": " + std::strerror(errno));
    }
    // Tenths of seconds since 2025: a positive number of at most 31 bits for the next few years.
    constexpr std::int64_t year_2025_us = 1'735'689'600'000'000;
    run_ = ((wall_us_ - year_2025_us) / 100'000) & 0x7fffffff;
    std::string line = "H 1";
    append(line, {run_, 0, wall_us_});
    write(line + '\n');
}

LogWriter::~LogWriter() { ::close(file_); }

std::int64_t LogWriter::steady_ns() const {
    return duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start_).count();
}

void LogWriter::intent(Op& op) {
    const auto now = steady_ns();
    op.sent_us = wall_us_ + now / 1000;
    std::string line = "I";
    append(line, {op.id, op.client});
    line += op.new_connection ? " n" : " p";
    append(line, {op.dsn, now, wall_us()});
    line += ' ';
    line += name(op.kind);
    append(line, {op.a, op.b, op.c});
    write(line + '\n');
}

void LogWriter::outcome(Op& op) {
    const auto now = steady_ns();
    op.done_us = wall_us_ + now / 1000;
    op.latency_us = op.done_us - op.sent_us;
    std::string line = "O";
    append(line, {op.id, now, wall_us()});
    line += ' ';
    line += outcome_names.at(static_cast<std::size_t>(op.outcome));
    append(line, {op.latency_us, op.server});
    line += ' ' + (op.sqlstate.empty() ? std::string("-") : op.sqlstate);
    append(line, {op.r1, op.r2});
    if (!op.message.empty()) {
        line += ' ' + op.message;
    }
    write(line + '\n');
}

void LogWriter::connect_error(int client, bool new_connection, int dsn, std::string_view message) {
    std::string line = "E";
    append(line, {client});
    line += new_connection ? " n" : " p";
    append(line, {dsn, steady_ns(), wall_us()});
    write(line + ' ' + one_line(message) + '\n');
}

void LogWriter::drained() {
    std::string line = "S";
    append(line, {steady_ns(), wall_us()});
    write(line + '\n');
}

// O_APPEND makes one write of one line whole, whoever else writes.
void LogWriter::write(std::string_view line) {
    if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        // An attempt that is not on record would later look like a row that nobody wrote.
        std::fprintf(stderr, "pgteal-workload: the log can't be written: %s\n", std::strerror(errno));
        std::abort();
    }
}

} // namespace pgteal::workload
