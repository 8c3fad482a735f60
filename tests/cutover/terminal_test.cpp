#include "cutover/cli/terminal.hpp"

#include "cutover/runbook/runbook.hpp"
#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

/// A Terminal that writes into a file, and what it wrote, without the blanks at the ends of lines.
class Screen {
public:
    explicit Screen(bool quiet = false) : terminal_(file_, quiet) {}
    ~Screen() { std::fclose(file_); }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    Terminal* operator->() { return &terminal_; }
    Terminal& operator*() { return terminal_; }
    [[nodiscard]] std::string text() const {
        std::fflush(file_);
        std::rewind(file_);
        std::string all;
        std::array<char, 512> line{};
        while (std::fgets(line.data(), static_cast<int>(line.size()), file_) != nullptr) {
            std::string one(line.data());
            const bool ended = one.ends_with('\n');
            one.erase(one.find_last_not_of(" \n") + 1);
            all += one + (ended ? "\n" : "");
        }
        return all;
    }

private:
    std::FILE* file_ = std::tmpfile();
    Terminal terminal_;
};

TEST(DurationText, HasTheUnitThatPeopleWouldUse) {
    EXPECT_EQ(duration_text(from_seconds(0.04 / 1000.0)), "0.0 ms");
    EXPECT_EQ(duration_text(from_seconds(6.12 / 1000.0)), "6.1 ms");
    EXPECT_EQ(duration_text(from_seconds(61 / 1000.0)), "61 ms");
    EXPECT_EQ(duration_text(from_seconds(400 / 1000.0)), "400 ms");
    EXPECT_EQ(duration_text(from_seconds(1234 / 1000.0)), "1.2 s");
    EXPECT_EQ(duration_text(from_seconds(119'000 / 1000.0)), "119.0 s");
    EXPECT_EQ(duration_text(from_seconds(200'000 / 1000.0)), "3 min 20 s");
    EXPECT_EQ(duration_text(from_seconds(7'199'000 / 1000.0)), "119 min 59 s");
    EXPECT_EQ(duration_text(from_seconds(7'260'000 / 1000.0)), "2 h 1 min");
}

const std::map<std::string, std::string> words{
    {"gate", "lag 0.4 ms, 1 pooler, 41 clients, 87 sequences"},
    {"carry-grants", "2 roles, 14 privileges carried to green"},
    {"sequences", "87 sequences"},
    {"confirm", "a client's write through every entry reached the new side"},
};

/// Says what a whole switchover says: the steps are the runbook's, times and summaries are made up.
void play(Terminal& terminal, Context& context, Move move) {
    Clock::duration time{};
    const auto say = [&](const Step& step) {
        const auto found = words.find(step.id);
        terminal.done(step, found == words.end() ? "" : found->second,
                      time += std::chrono::microseconds(1500));
    };
    for (const auto& step :
         {step_of(StepId::gate, context, move), step_of(StepId::carry_grants, context, move),
          step_of(StepId::stage, context, move)}) {
        terminal.started(step);
        say(step);
    }
    terminal.clients_held();
    for (const auto& step : steps_of({Part::held}, context, move)) {
        terminal.progress(step, "must not be seen: clients wait", 0.5);
        say(step);
    }
    terminal.clients_go_on(std::chrono::microseconds(31'200));
    for (const auto& step : steps_of({Part::after}, context, move)) {
        terminal.started(step);
        say(step);
    }
}

const std::string transcript =
    R"(  done      gate         lag 0.4 ms, 1 pooler, 41 clients, 87 sequences                 1.5 ms
  done      carry-grants 2 roles, 14 privileges carried to green                        3.0 ms
  done      stage                                                                       4.5 ms
  ---- clients held --------------------------------------------------------------------------
  done      pause                                                                       6.0 ms
  done      fence                                                                       7.5 ms
  done      marker                                                                      9.0 ms
  done      barrier                                                                      10 ms
  done      sequences    87 sequences                                                    12 ms
  done      retarget                                                                     14 ms
  done      recheck                                                                      15 ms
  done      switch                                                                       16 ms
  done      resume                                                                       18 ms
  ---- clients go on: held 31 ms -------------------------------------------------------------
  done      turn                                                                         20 ms
  done      confirm      a client's write through every entry reached the new side       21 ms
  done      late-grants                                                                  22 ms
)";

TEST(Terminal, TellsACutoverAndASwitchBackInTheSameWords) {
    const auto estate = toys::estate_of(toys::small_config);
    auto journal = Journal::scratch();
    Executor executor(*estate, journal);
    Context context{*estate, journal, executor};
    for (const auto& move : {Move{Side::blue, Side::green, 2}, Move{Side::green, Side::blue, 3}}) {
        Screen screen;
        play(*screen, context, move);
        EXPECT_EQ(screen.text(), transcript);
    }
}

TEST(Terminal, TellsASwitchoverThatWasTakenBack) {
    toys::World world;
    Screen screen;
    const auto pause = toys::toy(&world, "pause");
    const auto fence = toys::toy(&world, "fence");
    screen->clients_held();
    screen->undone(fence);
    screen->undone(pause);
    EXPECT_EQ(
        screen.text(),
        "  ---- clients held --------------------------------------------------------------------------\n"
        "  undone    fence        as before\n"
        "  undone    pause        as before\n");
}

TEST(Terminal, TellsARefusalAndWhatToDo) {
    Screen screen;
    screen->refused("gate", "prepared transaction 'tx-9' in app could be committed past the fence",
                    "COMMIT PREPARED or ROLLBACK PREPARED it on blue, then run pgteal cutover again");
    EXPECT_EQ(
        screen.text(),
        "  refused   gate         prepared transaction 'tx-9' in app could be committed past the fence\n"
        "            COMMIT PREPARED or ROLLBACK PREPARED it on blue, then run pgteal cutover again\n");
}

TEST(Terminal, HasNoColoursAndRedrawsNothingWhereNobodyLooks) {
    toys::World world;
    Screen screen;
    const auto step = toys::toy(&world, "copy");
    screen->started(step);
    for (int i = 0; i < 10; ++i) {
        screen->progress(step, "table 1 of 2", 0.5); // for less than two seconds
    }
    screen->done(step, "2 tables", std::chrono::seconds(3));
    screen->undone(step);
    EXPECT_EQ(screen.text().find('\033'), std::string::npos);
    EXPECT_EQ(screen.text().find('\r'), std::string::npos);
    EXPECT_TRUE(screen.text().starts_with("  done      copy         2 tables ")) << screen.text();
}

TEST(Terminal, SaysNothingWhenQuiet) {
    toys::World world;
    Screen screen(true);
    const auto step = toys::toy(&world, "copy");
    screen->started(step);
    screen->progress(step, "x", 0.5);
    screen->done(step, "2 tables", std::chrono::seconds(3));
    screen->clients_held();
    screen->clients_go_on(std::chrono::milliseconds(30));
    screen->say("done");
    EXPECT_EQ(screen.text(), "");
}

} // namespace
} // namespace pgteal::cutover
