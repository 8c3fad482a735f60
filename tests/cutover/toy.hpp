// What the tests of the controller stand on: a folder of their own, an estate that is never connected, and
// toy steps whose effects are files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "cutover/engine/context.hpp"
#include "cutover/engine/reporter.hpp"
#include "cutover/engine/runner.hpp"

namespace pgteal::cutover::toys {

class Folder {
public:
    Folder() {
        std::string pattern = "/tmp/pgteal-cutover-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

inline std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

inline void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

/// The error that `work` throws; fails the test when it throws none.
template <typename Work>
Error error_of(Work work) {
    try {
        work();
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return {ErrorCode::internal, "", "nothing was thrown"};
}

inline const std::string small_config = "[run]\nname = \"toy\"\nstate = \"/nowhere\"\n"
                                        "[blue]\ndsn = \"host=10.0.0.5\"\n"
                                        "[green]\ndsn = \"host=10.0.0.9 port=6543\"\n"
                                        "[[database]]\nname = \"app\"\n"
                                        "[[pooler]]\nname = \"pgb1\"\nadmin = \"host=10.0.0.7 port=6432 "
                                        "user=pgteal\"\nconfig = \"/etc/pgbouncer/pgbouncer.ini\"\n";

inline Task<void> keep_estate(Config config, std::unique_ptr<Estate>* place) {
    *place = co_await Estate::make(std::move(config));
}

inline std::unique_ptr<Estate> estate_of(const std::string& text) {
    std::unique_ptr<Estate> made;
    run_here([&] { return keep_estate(parse_config(text, "toy.toml"), &made); });
    return made;
}

/// Everything a runner says, in order, as short words.
class Recorder : public Reporter {
public:
    explicit Recorder(const Journal& journal) : journal_(journal) {}
    void started(const Step& step) override { words.push_back("started " + step.id); }
    void done(const Step& step, const std::string& summary, Clock::duration) override {
        words.push_back("done " + step.id + (summary.empty() ? "" : ": " + summary));
    }
    void undone(const Step& step) override { words.push_back("undone " + step.id); }
    void clients_held() override {
        words.emplace_back("held");
        events_when_held = journal_.events();
    }
    void clients_go_on(Clock::duration time) override {
        words.emplace_back("go on");
        events_when_released = journal_.events();
        held = time;
    }

    std::vector<std::string> words;
    std::vector<Event> events_when_held;
    std::vector<Event> events_when_released;
    Clock::duration held{-1};

private:
    const Journal& journal_;
};

/// Where a toy step is to break, the next time it comes there.
enum class Fault { none, first_look, plan, before_effect, after_effect, second_look };

/// Toy steps: each one's effect is a file, made and removed by a program, as real steps act on servers.
struct World {
    Folder folder;
    std::vector<std::string> calls;
    std::string faulty; ///< id of the step that breaks
    Fault fault = Fault::none;
    ErrorCode code = ErrorCode::connection_lost;
    int times = 1; ///< how often it breaks
    std::map<std::string, int> looks;

    [[nodiscard]] bool there(const std::string& id) const { return std::filesystem::exists(folder.file(id)); }
    /// What was done, in order: "+a" made, "-a" removed.
    [[nodiscard]] std::vector<std::string> effects() const {
        std::vector<std::string> lines;
        std::istringstream text(read_file(folder.file("effects")));
        for (std::string line; std::getline(text, line);) {
            lines.push_back(line);
        }
        return lines;
    }
    bool breaks(const std::string& id, Fault where) {
        if (faulty != id || fault != where || times == 0) {
            return false;
        }
        --times;
        return true;
    }
    void maybe_throw(const std::string& id, Fault where) {
        if (breaks(id, where)) {
            throw Error(code, "green", "toy fault in " + id);
        }
    }
};

inline Task<Observation> look(World* world, std::string id) {
    world->calls.push_back("look " + id);
    world->maybe_throw(id, world->looks[id]++ == 0 ? Fault::first_look : Fault::second_look);
    Observation seen;
    seen.state = world->there(id) ? State::done : State::absent;
    seen.summary = seen.state == State::done ? id + " is there" : "";
    co_return seen;
}

inline std::vector<Action> shell(const std::string& text) {
    std::vector<Action> actions;
    actions.push_back(
        Action{RunProgram{Side::green, "app", postgres::Program{{"sh", "-c", text}, {}}, {0}}, 0});
    return actions;
}

inline std::vector<Action> make(World* world, const std::string& id) {
    world->calls.push_back("plan " + id);
    world->maybe_throw(id, Fault::plan);
    const auto effect =
        "touch " + world->folder.file(id) + " && echo +" + id + " >> " + world->folder.file("effects");
    if (world->breaks(id, Fault::before_effect)) {
        return shell("exit 1");
    }
    return shell(world->breaks(id, Fault::after_effect) ? effect + " && exit 1" : effect);
}

inline std::vector<Action> unmake(World* world, const std::string& id) {
    world->calls.push_back("undo " + id);
    return shell("rm -f " + world->folder.file(id) + " && echo -" + id + " >> " +
                 world->folder.file("effects"));
}

inline Step toy(World* world, const std::string& id) {
    Step step;
    step.id = id;
    step.title = "toy";
    step.walk([world, id] { return look(world, id); }, [world, id] { return make(world, id); },
              [world, id] { return unmake(world, id); });
    return step;
}

/// The same step with another look, plan or way back.
inline void looks(Step& step, std::function<Task<Observation>()> look) {
    step.walk(std::move(look), step.unseen.todo, step.unseen.back);
}
inline void plans(Step& step, std::function<Actions()> todo) {
    step.walk(step.observe, std::move(todo), step.unseen.back);
}
inline void undoes(Step& step, std::function<Actions()> back) {
    step.walk(step.observe, step.unseen.todo, std::move(back));
}

inline Steps toys(World* world, const std::vector<std::string>& ids) {
    Steps steps;
    for (const auto& id : ids) {
        steps.push_back(toy(world, id));
    }
    return steps;
}

/// A runner with all that it needs.
struct Rig {
    std::unique_ptr<Estate> estate = estate_of(small_config);
    Journal journal = Journal::scratch();
    Executor executor{*estate, journal};
    Recorder recorder{journal};
    Runner runner{journal, executor, recorder};

    void forward(const Steps& steps, std::map<std::string, StepRecord> records = {}) {
        run_here([&] { return runner.forward(&steps, 1, records); });
    }
    void pause(const Steps& steps, std::chrono::milliseconds limit = std::chrono::seconds(60)) {
        run_here([&] { return runner.pause(&steps, 2, limit); });
    }
    void back(const Steps& steps, std::map<std::string, StepRecord> records) {
        run_here([&] { return runner.back(&steps, 2, records); });
    }
    [[nodiscard]] std::map<std::string, StepRecord> records() const {
        return progress_of(journal.events()).steps;
    }
    /// "intent a", "done a", …
    [[nodiscard]] std::vector<std::string> journaled() const { return words_of(journal.events()); }
    static std::vector<std::string> words_of(const std::vector<Event>& events) {
        std::vector<std::string> words;
        for (const auto& event : events) {
            words.push_back(to_string(event.kind) + " " + event.step);
        }
        return words;
    }
};

} // namespace pgteal::cutover::toys
