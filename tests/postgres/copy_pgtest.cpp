// COPY in both directions, and from one server straight into the other.
#include "base/error.hpp"
#include "tests/postgres/shared.hpp"

namespace pgteal::postgres {
namespace {

constexpr int rows = 100000;

const char* const source_rows =
    "COPY (SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 100000) AS i) TO STDOUT (FORMAT binary)";

Task<void> make_target(Connection& to) {
    co_await to.script(
        "DROP TABLE IF EXISTS public.copied; CREATE TABLE public.copied (i int PRIMARY KEY, t text)",
        after(10s));
}

Task<std::pair<std::int64_t, std::string>> digest(Connection& connection, std::string from) {
    const Result result = co_await connection.exec(
        "SELECT count(*), coalesce(md5(string_agg(i || t, ',' ORDER BY i)), '') FROM " + from, after(30s));
    co_return std::pair(result.get<std::int64_t>(0, 0), result.get<std::string>(0, 1));
}

CO_TEST(PipeCopy, MovesEveryRow) {
    Connection blue = co_await open_on("blue");
    Connection green = co_await open_on("green");
    co_await make_target(green);
    std::size_t bytes = 0;
    std::size_t largest = 0;
    std::function<void(std::size_t)> progress = [&](std::size_t batch) {
        bytes += batch;
        largest = std::max(largest, batch);
    };
    const auto start = Clock::now();
    const std::int64_t copied = co_await pipe_copy(
        blue, source_rows, green, "COPY public.copied FROM STDIN (FORMAT binary)", 10s, std::move(progress));
    std::printf("%.0f MB/s\n", static_cast<double>(bytes) / 1e3 / to_ms(Clock::now() - start));
    EXPECT_EQ(copied, rows);
    EXPECT_GT(bytes, rows * 140UL);
    EXPECT_LT(largest, 256UL * 1024);
    const auto expected = co_await digest(
        blue, "(SELECT i, repeat(md5(i::text), 4) AS t FROM generate_series(1, 100000) AS i) AS s");
    const auto found = co_await digest(green, "public.copied");
    EXPECT_EQ(found, expected);
    EXPECT_TRUE(blue.usable());
    EXPECT_TRUE(green.usable());
}

Task<std::optional<ServerError>> failing_copy(Connection& from, std::string out, Connection& to,
                                              std::string in) {
    try {
        co_await pipe_copy(from, std::move(out), to, std::move(in), 10s, nullptr);
    } catch (const ServerError& error) {
        co_return error;
    }
    ADD_FAILURE() << "the copy did not fail";
    co_return std::nullopt;
}

Task<void> expect_at_rest(Connection& connection) {
    EXPECT_TRUE(connection.usable());
    EXPECT_FALSE(connection.in_transaction());
    const Result result = co_await connection.exec("SELECT 1", after(5s));
    EXPECT_EQ(result.get<int>(0, 0), 1);
}

CO_TEST(PipeCopy, TargetThatFailsInTheMiddle) {
    Connection blue = co_await open_on("blue");
    Connection green = co_await open_on("green");
    co_await make_target(green);
    co_await green.exec("ALTER TABLE public.copied ADD CHECK (i <> 50000)", after(5s));
    const auto error =
        co_await failing_copy(blue, source_rows, green, "COPY public.copied FROM STDIN (FORMAT binary)");
    EXPECT_EQ(error->sqlstate(), "23514");
    EXPECT_EQ(error->side(), "green");
    co_await expect_at_rest(blue);
    co_await expect_at_rest(green);
}

/// The bytes sent of 100 MB to a target that fails at a row of about 1 kB.
Task<std::size_t> sent_until_failure(int row) {
    Connection blue = co_await open_on("blue");
    Connection green = co_await open_on("green");
    co_await make_target(green);
    co_await green.exec("ALTER TABLE public.copied ADD CHECK (i <> " + std::to_string(row) + ")", after(5s));
    std::size_t bytes = 0;
    std::function<void(std::size_t)> progress = [&](std::size_t batch) { bytes += batch; };
    std::string sqlstate;
    try {
        co_await pipe_copy(
            blue, "COPY (SELECT i, repeat('x', 1000) FROM generate_series(1, 100000) AS i) TO STDOUT", green,
            "COPY public.copied FROM STDIN", 10s, std::move(progress));
    } catch (const ServerError& error) {
        sqlstate = error.sqlstate();
    }
    EXPECT_EQ(sqlstate, "23514");
    co_await expect_at_rest(blue);
    co_await expect_at_rest(green);
    co_return bytes;
}

// What is on the way in the kernel's buffers is a few megabytes, more on a busy machine.
CO_TEST(PipeCopy, StopsSoonAfterTheTargetFailed) {
    const std::size_t at_once = co_await sent_until_failure(10);
    EXPECT_LT(at_once, 40UL * 1000 * 1000);
    const std::size_t later = co_await sent_until_failure(50000);
    EXPECT_GT(later, 50UL * 1000 * 1000);
    EXPECT_LT(later, 90UL * 1000 * 1000);
}

CO_TEST(PipeCopy, TargetThatRefusesAtOnce) {
    Connection blue = co_await open_on("blue");
    Connection green = co_await open_on("green");
    const auto error = co_await failing_copy(blue, source_rows, green, "COPY public.nosuch FROM STDIN");
    EXPECT_EQ(error->sqlstate(), "42P01");
    EXPECT_EQ(error->side(), "green");
    co_await expect_at_rest(blue);
    co_await expect_at_rest(green);
}

CO_TEST(PipeCopy, SourceThatFailsInTheMiddle) {
    Connection blue = co_await open_on("blue");
    Connection green = co_await open_on("green");
    co_await make_target(green);
    const auto error = co_await failing_copy(
        blue, "COPY (SELECT i, (1 / (50000 - i))::text FROM generate_series(1, 100000) AS i) TO STDOUT",
        green, "COPY public.copied FROM STDIN");
    EXPECT_EQ(error->sqlstate(), "22012");
    EXPECT_EQ(error->side(), "blue");
    co_await expect_at_rest(blue);
    co_await expect_at_rest(green);
    const auto found = co_await digest(green, "public.copied");
    EXPECT_EQ(found.first, 0);
}

CO_TEST(PipeCopy, GivesUpOnATargetThatStalls) {
    Connection blue = co_await open_on("blue");
    Connection green = co_await open_on("green");
    Connection blocker = co_await open_on("green");
    co_await make_target(green);
    co_await blocker.script("BEGIN; LOCK TABLE public.copied", after(5s));
    bool late = false;
    try {
        co_await pipe_copy(blue, source_rows, green, "COPY public.copied FROM STDIN (FORMAT binary)", 2s,
                           nullptr);
    } catch (const DeadlinePassed& error) {
        late = error.side() == "green";
    }
    EXPECT_TRUE(late);
    EXPECT_FALSE(green.usable());
    co_await expect_at_rest(blue);
}

struct Slow {
    std::size_t rows = 0;
    std::string text;
};

Task<void> take_slowly(Slow* slow, std::string_view row) {
    ++slow->rows;
    slow->text += row;
    if (slow->rows % 100 == 0) {
        co_await sleep_for(1ms);
    }
}

CO_TEST(Copy, OutWaitsForItsSink) {
    Connection blue = co_await open_on("blue");
    Slow slow;
    Connection::Sink sink = [&](std::string_view row) { return take_slowly(&slow, row); };
    co_await blue.copy_out("COPY (SELECT generate_series(1, 1000)) TO STDOUT", std::move(sink), 5s);
    EXPECT_EQ(slow.rows, 1000U);
    EXPECT_TRUE(slow.text.starts_with("1\n2\n"));
    EXPECT_TRUE(slow.text.ends_with("1000\n"));
    co_await expect_at_rest(blue);
}

CO_TEST(Copy, InWritesAndFails) {
    Connection green = co_await open_on("green");
    co_await make_target(green);
    co_await green.copy_in_begin("COPY public.copied FROM STDIN", after(5s));
    co_await green.copy_in_write("1\ta\n2\t", after(5s)); // chunks need not end where rows do
    co_await green.copy_in_write("b\n", after(5s));
    const std::int64_t copied = co_await green.copy_in_end(after(5s));
    EXPECT_EQ(copied, 2);
    co_await green.copy_in_begin("COPY public.copied FROM STDIN", after(5s));
    co_await green.copy_in_write("3\tc\n", after(5s));
    co_await green.copy_in_fail("enough", after(5s));
    co_await expect_at_rest(green);
    const auto found = co_await digest(green, "public.copied");
    EXPECT_EQ(found.first, 2);
}

Task<Result> as_result(Task<void> task) {
    co_await std::move(task);
    co_return Result{};
}

CO_TEST(Copy, RefusedCopyLeavesTheConnectionUsable) {
    Connection green = co_await open_on("green");
    Task<Result> refused = as_result(green.copy_in_begin("COPY public.nosuch FROM STDIN", after(5s)));
    const auto error = co_await error_of<ServerError>(std::move(refused));
    EXPECT_EQ(error->sqlstate(), "42P01");
    co_await expect_at_rest(green);
}

} // namespace
} // namespace pgteal::postgres
