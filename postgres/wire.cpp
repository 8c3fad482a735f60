#include "postgres/wire.hpp"

#include <sys/socket.h>

#include <thread>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.hpp"

namespace pgteal::postgres {

/// Shared with the timer's handler, which may still be queued when the Wire is gone.
struct Wire::Alarm {
    asio::posix::stream_descriptor* socket = nullptr;
    std::uint64_t round = 0;
    bool rang = false;
};

Wire::Wire(Executor executor, PGconn* connection, std::string label, std::string address)
    : pg_(connection), label_(std::move(label)), address_(std::move(address)), socket_(executor),
      timer_(executor), alarm_(std::make_shared<Alarm>()) {
    alarm_->socket = &socket_;
    PQsetNoticeReceiver(pg_, &Wire::receive_notice, this);
}

Wire::~Wire() {
    close();
    alarm_->socket = nullptr;
}

void Wire::close() {
    broken_ = true;
    disarm();
    if (socket_.is_open()) {
        socket_.release(); // libpq closes it
    }
    if (pg_ != nullptr) {
        PQfinish(pg_); // says goodbye only as far as the non-blocking socket takes it
        pg_ = nullptr;
    }
}

bool Wire::usable() const {
    return logged_in_ && !broken_ && !under_way_ && farewell_.empty() && PQstatus(pg_) == CONNECTION_OK;
}

void Wire::arm(Deadline deadline) {
    const auto round = ++alarm_->round;
    alarm_->rang = false;
    timer_.expires_at(deadline);
    timer_.async_wait([alarm = alarm_, round](const boost::system::error_code& error) {
        if (!error && alarm->round == round) {
            alarm->rang = true;
            if (alarm->socket != nullptr) {
                alarm->socket->cancel();
            }
        }
    });
}

void Wire::disarm() {
    ++alarm_->round;
    timer_.cancel();
}

void Wire::begin(Deadline deadline) {
    if (broken_) {
        throw ConnectionLost(label_, "the connection to " + address_ + " was broken before; nothing was sent",
                             false);
    }
    if (!logged_in_ || under_way_) {
        throw Error(ErrorCode::internal, label_,
                    "a statement was given to a connection that is busy with another one");
    }
    const auto now = Clock::now();
    if (deadline <= now) {
        throw DeadlinePassed(
            label_, "the time for this step was over before its statement could be sent to " + address_);
    }
    // A session ended while it was idle: its farewell waits in the socket, and nothing is in doubt.
    const bool alive = consume() && PQisBusy(pg_) == 0 && farewell_.empty();
    if (!alive) {
        raise_lost();
    }
    allowed_ = deadline - now;
    under_way_ = true;
    arm(deadline);
}

void Wire::copy_in_started() { aligned_ = PQsslInUse(pg_) == 0; }

void Wire::end() {
    under_way_ = false;
    disarm();
}

void Wire::extend(Deadline deadline) {
    allowed_ = deadline - Clock::now();
    arm(deadline);
}

void Wire::sent(int ok) {
    if (ok != 1) {
        raise_lost();
    }
}

bool Wire::consume() {
    aligned_ = false;
    if (PQconsumeInput(pg_) != 1) {
        broken_ = true;
    }
    return !broken_;
}

Task<void> Wire::wait(asio::posix::descriptor_base::wait_type what) {
    boost::system::error_code error;
    if (!alarm_->rang) {
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await socket_.async_wait(what, token);
    }
    if (alarm_->rang) {
        raise_deadline();
    }
    if (error) {
        throw boost::system::system_error(error);
    }
}

Task<void> Wire::wait_readable() { return wait(asio::posix::descriptor_base::wait_read); }
Task<void> Wire::wait_writable() { return wait(asio::posix::descriptor_base::wait_write); }

Task<void> Wire::flush() {
    for (;;) {
        const int left = PQflush(pg_);
        if (left == 0) {
            co_return;
        }
        if (left < 0) {
            consume(); // the server may have said why
            raise_lost();
        }
        co_await wait_writable();
        if (!take_in_while_writing()) {
            raise_lost();
        }
    }
}

bool Wire::take_in_while_writing() {
    if (!aligned_) {
        return consume();
    }
    // An error stays in the socket for refused_early() to find; anything else has to make room.
    std::array<char, 1> byte{};
    const bool nothing_new = ::recv(PQsocket(pg_), byte.data(), byte.size(), MSG_PEEK | MSG_DONTWAIT) < 0;
    return nothing_new || refused_early() || consume();
}

bool Wire::refused_early() const {
    std::array<unsigned char, 4096> bytes{};
    if (!aligned_) {
        return false;
    }
    const auto got = ::recv(PQsocket(pg_), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    const std::size_t size = got > 0 ? static_cast<std::size_t>(got) : 0;
    std::size_t at = 0;
    while (at + 5 <= size && bytes[at] != 'E') {
        std::size_t length = 0;
        for (std::size_t i = 1; i <= 4; ++i) {
            length = length << 8U | bytes[at + i];
        }
        at += 1 + length;
    }
    return at + 5 <= size;
}

Task<Handle> Wire::next() {
    while (!broken_ && PQisBusy(pg_) != 0) {
        co_await wait_readable();
        consume();
    }
    co_return Handle(PQgetResult(pg_), PQclear);
}

Task<std::vector<Result>> Wire::collect() {
    std::vector<Result> results;
    Handle error;
    for (;;) {
        Handle result = co_await next();
        if (result == nullptr) {
            break;
        }
        const auto status = PQresultStatus(result.get());
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            broken_ = true;
            throw Error(ErrorCode::internal, label_, "a COPY was sent where only plain statements can go");
        }
        if (!is_error(result)) {
            results.push_back(to_result(result));
        } else if (error == nullptr) {
            error = std::move(result);
        }
    }
    if (error != nullptr) {
        raise(error);
    }
    if (broken_) {
        raise_lost();
    }
    end();
    co_return results;
}

std::shared_ptr<const std::atomic<bool>> Wire::start_cancel() const {
    auto done = std::make_shared<std::atomic<bool>>(false);
    std::shared_ptr<PGcancel> request(pg_ == nullptr || console_ ? nullptr : PQgetCancel(pg_), PQfreeCancel);
    if (request == nullptr) {
        *done = true;
        return done;
    }
    // Not one of the workers: towards a host that swallows packets PQcancel blocks for minutes.
    std::thread([request = std::move(request), done] {
        std::array<char, 256> reason{};
        PQcancel(request.get(), reason.data(), static_cast<int>(reason.size()));
        *done = true;
    }).detach();
    return done;
}

} // namespace pgteal::postgres
