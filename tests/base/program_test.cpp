#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/error.hpp"
#include "base/program.hpp"
#include "tests/support/co_test.hpp"

namespace pgteal::postgres {
namespace {

using namespace std::chrono_literals;

Program shell(std::string script) { return Program{{"sh", "-c", std::move(script)}, {}}; }

bool alive(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(status, line);
    return !line.empty() && line.find(") Z ") == std::string::npos;
}

Task<bool> gone_soon(pid_t pid) {
    for (int i = 0; i < 100 && alive(pid); ++i) {
        co_await sleep_for(10ms);
    }
    co_return !alive(pid);
}

CO_TEST(RunProgram, CollectsOutputAndExitCode) {
    Program program = shell("echo out; echo err >&2; cat; exit 3");
    const ProgramOutput output = co_await run_program(std::move(program), after(10s));
    EXPECT_EQ(output.exit_code, 3);
    EXPECT_EQ(output.out, "out\n");
    EXPECT_EQ(output.err, "err\n");
}

CO_TEST(RunProgram, KeepsAllOfOutAndTheEndOfErr) {
    Program program =
        shell("yes 0123456789 | head -c 300000; yes 0123456789 | head -c 300000 >&2; echo the end >&2");
    const ProgramOutput output = co_await run_program(std::move(program), after(10s));
    EXPECT_EQ(output.out.size(), 300000U);
    EXPECT_EQ(output.err.size(), 65536U);
    EXPECT_TRUE(output.err.ends_with("the end\n"));
}

CO_TEST(RunProgram, AddsToTheEnvironment) {
    ::setenv("PGTEAL_TEST_KEPT", "kept", 1);
    ::setenv("PGTEAL_TEST_REPLACED", "old", 1);
    Program program = shell("echo $PGTEAL_TEST_KEPT $PGTEAL_TEST_REPLACED $PGPASSWORD");
    program.environment = {{"PGTEAL_TEST_REPLACED", "new"}, {"PGPASSWORD", "a b=c"}};
    const ProgramOutput output = co_await run_program(std::move(program), after(10s));
    EXPECT_EQ(output.out, "kept new a b=c\n");
}

CO_TEST(RunProgram, RunsInAFolder) {
    Program program = shell("pwd");
    program.directory = "/usr";
    const ProgramOutput output = co_await run_program(program, after(10s));
    EXPECT_EQ(output.out, "/usr\n");
    program.directory = "/nowhere";
    std::string said;
    try {
        co_await run_program(program, after(10s));
    } catch (const Error& error) {
        said = error.what();
    }
    EXPECT_EQ(said, "can't start /usr/bin/sh: No such file or directory");
}

// A child that stayed would hold all that this process has open, the lock of the journal with it.
CO_TEST(RunProgram, ThatCannotBeStartedLeavesNoChild) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    Program program = shell("true");
    program.directory = "/nowhere";
    bool failed = false;
    try {
        co_await run_program(program, after(10s));
    } catch (const Error&) {
        failed = true;
    }
    EXPECT_TRUE(failed);
    ::close(ends[1]);
    pollfd closed{ends[0], POLLIN, 0};
    EXPECT_EQ(::poll(&closed, 1, 10'000), 1) << "the child still has the pipe's other end";
    EXPECT_NE(closed.revents & POLLHUP, 0);
    ::close(ends[0]);
}

CO_TEST(RunProgram, HandsOutputOnAsItComes) {
    std::string seen;
    std::size_t pieces = 0;
    std::function<void(std::string_view)> listener = [&](std::string_view piece) {
        seen += piece;
        ++pieces;
    };
    Program program = shell("echo one; sleep 0.3; echo two >&2");
    const ProgramOutput output = co_await run_program(std::move(program), after(10s), listener);
    EXPECT_EQ(seen, "one\ntwo\n");
    EXPECT_EQ(pieces, 2U);
    EXPECT_EQ(output.err, "two\n");
}

CO_TEST(RunProgram, TellsASignalFromAnExit) {
    Program program = shell("kill -TERM $$");
    const ProgramOutput output = co_await run_program(std::move(program), after(10s));
    EXPECT_EQ(output.exit_code, 128 + SIGTERM);
}

CO_TEST(RunProgram, KillsTheWholeFamilyAtTheDeadline) {
    const std::string file = "/tmp/pgteal-program-test-" + std::to_string(::getpid());
    Program program = shell("trap '' TERM; sleep 60 & echo $! > " + file + "; echo $$ >> " + file + "; wait");
    const auto start = Clock::now();
    bool late = false;
    try {
        co_await run_program(std::move(program), after(300ms));
    } catch (const DeadlinePassed& error) {
        late = true;
        EXPECT_NE(std::string(error.what()).find("sh"), std::string::npos);
    }
    EXPECT_TRUE(late);
    EXPECT_LT(Clock::now() - start, 30s);
    std::ifstream pids(file);
    pid_t child = 0;
    pid_t leader = 0;
    pids >> child >> leader;
    EXPECT_GT(child, 0);
    EXPECT_GT(leader, 0);
    const bool child_gone = co_await gone_soon(child);
    EXPECT_TRUE(child_gone);
    EXPECT_FALSE(alive(leader));
    ::unlink(file.c_str());
}

CO_TEST(RunProgram, DoesNotWaitForADaemon) {
    Program program = shell("setsid sleep 60 >/dev/null 2>&1 & echo $!");
    const auto start = Clock::now();
    const ProgramOutput output = co_await run_program(std::move(program), after(50s));
    EXPECT_LT(Clock::now() - start, 40s) << "the daemon holds our pipe";
    ::kill(std::stoi(output.out), SIGKILL);
}

CO_TEST(RunProgram, LeavesNoZombie) {
    Program program = shell("echo $$");
    const ProgramOutput output = co_await run_program(std::move(program), after(10s));
    EXPECT_FALSE(std::ifstream("/proc/" + output.out.substr(0, output.out.find('\n')) + "/stat").good());
}

Task<void> run_long(std::string file) {
    Program program = shell("echo $$ > " + file + "; sleep 60");
    co_await run_program(std::move(program), after(30s));
}

Task<void> start_and_leave(std::string file) {
    asio::co_spawn(co_await asio::this_coro::executor, run_long(file), [](std::exception_ptr) {});
    pid_t pid = 0;
    for (int i = 0; i < 200 && pid == 0; ++i) {
        co_await sleep_for(10ms);
        std::ifstream(file) >> pid;
    }
}

TEST(RunProgram, DiesWithItsCaller) {
    const std::string file = "/tmp/pgteal-program-test2-" + std::to_string(::getpid());
    run_here([&] { return start_and_leave(file); });
    pid_t pid = 0;
    std::ifstream(file) >> pid;
    EXPECT_GT(pid, 0);
    EXPECT_FALSE(alive(pid));
    ::unlink(file.c_str());
}

CO_TEST(RunProgram, SaysWhatCannotBeStarted) {
    std::string what;
    Program missing{{"pgteal-no-such-program"}, {}};
    try {
        co_await run_program(std::move(missing), after(1s));
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::program);
        what = error.what();
    }
    EXPECT_NE(what.find("pgteal-no-such-program"), std::string::npos);
    what.clear();
    Program no_program{{"/etc/hostname"}, {}};
    try {
        co_await run_program(std::move(no_program), after(1s));
    } catch (const Error& error) {
        what = error.what();
    }
    EXPECT_NE(what.find("/etc/hostname"), std::string::npos);
}

TEST(Program, PrintsAsAShellTakesIt) {
    EXPECT_EQ(to_string(Program{{"pg_dump", "-s", "--dbname=host='h' user='u'", "", "it's"},
                                {{"PGPASSWORD", "hunter2"}}}),
              "pg_dump -s '--dbname=host='\\''h'\\'' user='\\''u'\\''' '' 'it'\\''s'");
}

} // namespace
} // namespace pgteal::postgres
