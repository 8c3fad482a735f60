// COPY with back-pressure: out to a sink, in from chunks, and from one server straight into another.
#include <charconv>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.hpp"
#include "postgres/wire.hpp"

namespace pgteal::postgres {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t batch_size = 64UL * 1024;

/// Sends a COPY command and waits for the server to agree.
Task<void> start_copy(Wire& wire, std::string sql, ExecStatusType wanted, Deadline deadline) {
    wire.begin(deadline);
    wire.sent(PQsendQuery(wire.pg(), sql.c_str()));
    co_await wire.flush();
    const Handle result = co_await wire.next();
    if (PQresultStatus(result.get()) == wanted) {
        wire.copy_in_started();
        co_return;
    }
    if (result != nullptr && is_error(result)) {
        // What follows is the end of the operation; without it the connection would stay busy.
        while (const Handle rest = co_await wire.next()) {
        }
        wire.raise(result);
    }
    throw Error(ErrorCode::internal, wire.label(), "a statement that is no COPY was sent as one");
}

/// Frees what PQgetCopyData allocated.
struct Row {
    char* data = nullptr;
    int size = 0;
    Row() = default;
    Row(const Row&) = delete;
    Row& operator=(const Row&) = delete;
    ~Row() { PQfreemem(data); }
    [[nodiscard]] std::string_view text() const { return {data, static_cast<std::size_t>(size)}; }
};

/// Appends the rows that libpq holds already. True at the end of the COPY.
bool drain_rows(Wire& from, std::string& batch) {
    while (batch.size() < batch_size) {
        Row row;
        row.size = PQgetCopyData(from.pg(), &row.data, 1);
        if (row.size <= 0) {
            return row.size < 0;
        }
        batch.append(row.data, static_cast<std::size_t>(row.size));
    }
    return false;
}

std::int64_t rows_of(const std::vector<Result>& results) {
    return results.empty() ? 0 : results.back().affected();
}

Task<std::int64_t> finish_in(Wire& to) {
    to.sent(PQputCopyEnd(to.pg(), nullptr) >= 0 ? 1 : 0);
    co_await to.flush();
    const std::vector<Result> results = co_await to.collect();
    co_return rows_of(results);
}

/// Queues one chunk and waits until it is on its way. A server that has given up answers here, and that is
/// thrown.
Task<void> write_chunk(Wire& to, std::string_view chunk) {
    for (;;) {
        if (to.refused_early()) {
            co_await finish_in(to); // throws the server's reason
            throw Error(ErrorCode::internal, to.label(), "the server ended a COPY before its end");
        }
        const int queued = PQputCopyData(to.pg(), chunk.data(), static_cast<int>(chunk.size()));
        if (queued > 0) {
            break;
        }
        if (queued < 0) {
            co_await to.collect(); // throws the server's reason
            throw Error(ErrorCode::internal, to.label(), "the server ended a COPY before its end");
        }
        co_await to.wait_writable();
        if (!to.take_in_while_writing()) {
            to.raise_lost();
        }
    }
    co_await to.flush();
}

/// Ends a COPY IN with an error of ours; the server's confirmation of it is no news.
Task<void> abort_in(Wire& to, std::string reason) {
    try {
        to.sent(PQputCopyEnd(to.pg(), reason.c_str()) >= 0 ? 1 : 0);
        co_await to.flush();
        co_await to.collect();
    } catch (const ServerError&) { // 57014, "COPY from stdin failed: …"
    }
}

/// Ends a COPY OUT early: cancels it and throws away what is still on the way.
Task<void> abort_out(Wire& from) {
    from.start_cancel();
    for (;;) {
        Row row;
        row.size = PQgetCopyData(from.pg(), &row.data, 1);
        if (row.size < 0) {
            break;
        }
        if (row.size == 0) {
            co_await from.wait_readable();
            if (!from.consume()) {
                from.raise_lost();
            }
        }
    }
    try {
        co_await from.collect();
    } catch (const ServerError&) { // 57014, query_canceled
    }
}

/// Which side an error came from decides how the other one is ended.
struct Pump {
    Wire& from;
    Wire& to;
    Clock::duration stall;
    bool from_ended = false;
    bool to_failed = false;
};

Task<std::int64_t> pump(Pump& pump, const std::function<void(std::size_t)>& progress) {
    std::string batch;
    batch.reserve(batch_size * 2);
    bool end = false;
    while (!end) {
        end = drain_rows(pump.from, batch);
        if (batch.size() >= batch_size || (end && !batch.empty())) {
            const Deadline deadline = after(pump.stall);
            pump.to.extend(deadline);
            pump.to_failed = true;
            co_await write_chunk(pump.to, batch);
            pump.to_failed = false;
            if (progress) {
                progress(batch.size());
            }
            batch.clear();
            co_await asio::post(asio::use_awaitable); // others want to run too
        } else if (!end) {
            const Deadline deadline = after(pump.stall);
            pump.from.extend(deadline);
            co_await pump.from.wait_readable();
            if (!pump.from.consume()) {
                pump.from.raise_lost();
            }
        }
    }
    pump.from.extend(after(pump.stall));
    co_await pump.from.collect(); // an error in the middle of the rows comes out here
    pump.from_ended = true;
    pump.to.extend(after(pump.stall));
    pump.to_failed = true;
    const std::int64_t rows = co_await finish_in(pump.to);
    co_return rows;
}

/// Best effort: a connection that can't be brought to rest stays unusable.
Task<void> end_other_side(Pump& pump) {
    try {
        const Deadline deadline = after(std::min<Clock::duration>(pump.stall, 5s));
        if (!pump.to_failed) {
            pump.to.extend(deadline);
            co_await abort_in(pump.to, "the other side of the copy failed");
        } else if (!pump.from_ended) {
            pump.from.extend(deadline);
            co_await abort_out(pump.from);
        }
    } catch (const Error&) {
        (pump.to_failed ? pump.from : pump.to).close();
    }
}

} // namespace

Task<void> Connection::copy_out(std::string sql, Sink sink, Clock::duration stall) {
    Wire& wire = *wire_;
    co_await start_copy(wire, std::move(sql), PGRES_COPY_OUT, after(stall));
    for (;;) {
        Row row;
        row.size = PQgetCopyData(wire.pg(), &row.data, 1);
        if (row.size < 0) {
            break;
        }
        if (row.size > 0) {
            co_await sink(row.text());
            continue;
        }
        wire.extend(after(stall));
        co_await wire.wait_readable();
        if (!wire.consume()) {
            wire.raise_lost();
        }
    }
    wire.extend(after(stall));
    co_await wire.collect();
}

Task<void> Connection::copy_in_begin(std::string sql, Deadline deadline) {
    return start_copy(*wire_, std::move(sql), PGRES_COPY_IN, deadline);
}

Task<void> Connection::copy_in_write(std::string_view chunk, Deadline deadline) {
    wire_->extend(deadline);
    co_await write_chunk(*wire_, chunk);
}

Task<std::int64_t> Connection::copy_in_end(Deadline deadline) {
    wire_->extend(deadline);
    const std::int64_t rows = co_await finish_in(*wire_);
    co_return rows;
}

Task<void> Connection::copy_in_fail(std::string reason, Deadline deadline) {
    wire_->extend(deadline);
    co_await abort_in(*wire_, std::move(reason));
}

Task<std::int64_t> pipe_copy(Connection& from, std::string copy_out, Connection& to, std::string copy_in,
                             Clock::duration stall, std::function<void(std::size_t)> progress) {
    Pump state{*from.wire_, *to.wire_, stall};
    // The source first: when it refuses, the target has not been touched.
    co_await start_copy(state.from, std::move(copy_out), PGRES_COPY_OUT, after(stall));
    std::exception_ptr error;
    bool started = false;
    try {
        state.to_failed = true;
        co_await start_copy(state.to, std::move(copy_in), PGRES_COPY_IN, after(stall));
        state.to_failed = false;
        started = true;
        const std::int64_t rows = co_await pump(state, progress);
        co_return rows;
    } catch (...) {
        error = std::current_exception();
    }
    state.to_failed = state.to_failed || !started;
    co_await end_other_side(state);
    std::rethrow_exception(error);
}

} // namespace pgteal::postgres
