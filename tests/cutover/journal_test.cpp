#include "cutover/record/journal.hpp"

#include <csignal>

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;
using toys::error_of;
using toys::Folder;

Event event(EventKind kind, const std::string& step, boost::json::object body = {}) {
    Event made;
    made.epoch = 3;
    made.step = step;
    made.kind = kind;
    made.body = std::move(body);
    return made;
}

/// Runs `work` in a process of its own; true when it ended well.
template <typename Work>
bool in_child(Work work) {
    const auto pid = ::fork();
    if (pid == 0) {
        bool good = false;
        try {
            good = work();
        } catch (const std::exception& error) {
            std::fprintf(stderr, "in the child: %s\n", error.what());
        }
        ::_exit(good ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

const std::vector<EventKind> all_kinds{
    EventKind::run_begun, EventKind::intent,   EventKind::done,     EventKind::failed,    EventKind::undoing,
    EventKind::undone,    EventKind::begun,    EventKind::switched, EventKind::completed, EventKind::aborted,
    EventKind::finishing, EventKind::finished, EventKind::removing, EventKind::removed,   EventKind::approved,
    EventKind::migrated,  EventKind::voided,   EventKind::accepted};

TEST(EventKinds, HaveNamesThatReadBack) {
    for (const auto kind : all_kinds) {
        EXPECT_EQ(parse_event_kind(to_string(kind)), kind) << to_string(kind);
    }
    EXPECT_FALSE(parse_event_kind("exploded"));
    EXPECT_FALSE(parse_event_kind(""));
}

TEST(Journal, GivesBackWhatWasWrittenInOrder) {
    const Folder folder;
    {
        auto journal = Journal::open(folder.path(), "shop", "prepare");
        for (const auto kind : all_kinds) {
            journal.append(event(kind, "step-" + to_string(kind),
                                 {{"text", "it's \"quoted\" \\ and \n broken, \u00fc"}, {"n", 1.5}}));
        }
    }
    const auto events = Journal::open(folder.path(), "shop", "prepare").events();
    ASSERT_EQ(events.size(), all_kinds.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(events[i].kind, all_kinds[i]);
        EXPECT_EQ(events[i].step, "step-" + to_string(all_kinds[i]));
        EXPECT_EQ(events[i].epoch, 3);
        EXPECT_EQ(events[i].seq, static_cast<std::int64_t>(i) + 1);
        EXPECT_EQ(events[i].body.at("text").as_string(), "it's \"quoted\" \\ and \n broken, \u00fc");
        EXPECT_EQ(events[i].body.at("n").as_double(), 1.5);
        EXPECT_THAT(events[i].at, testing::MatchesRegex("....-..-..T..:..:..[.]......Z"));
    }
}

TEST(Journal, IsReadableByItsOwnerOnly) {
    const Folder folder;
    const auto journal = Journal::open(folder.path(), "shop", "prepare");
    struct stat found {};
    ASSERT_EQ(::stat(journal.work_dir().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0700U);
    ASSERT_EQ(::stat(journal.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST(Journal, KeepsFactsAndReplacesThem) {
    const Folder folder;
    const auto of_blue = facts::roles_made.of(Side::blue);
    {
        auto journal = Journal::open(folder.path(), "shop", "prepare");
        EXPECT_FALSE(journal.recall(facts::limits));
        journal.remember(facts::limits, {{"app", 10}});
        journal.remember(facts::limits, {{"app", -1}});
        journal.remember(facts::keep_green, true);
        journal.forget(facts::keep_green);
        journal.remember(facts::roles_before, {"ann", "bob"});
        journal.remember(facts::binding, {{{"blue", "7"}}, {{"app", 2}}});
        journal.add_to(of_blue, {{"ann", 5000000000}});
        journal.add_to(of_blue, {{"bob", 16500}});
    }
    const auto journal = Journal::open(folder.path(), "shop", "status");
    EXPECT_EQ(journal.recall(facts::limits), (facts::ByName<int>{{"app", -1}}));
    EXPECT_FALSE(journal.recall(facts::keep_green));
    EXPECT_EQ(journal.recall(facts::roles_before), (std::set<std::string>{"ann", "bob"}));
    EXPECT_EQ(journal.recall(facts::binding), (Binding{{{"blue", "7"}}, {{"app", 2}}}));
    EXPECT_EQ(journal.recall(facts::roles_made, of_blue),
              (facts::ByName<std::int64_t>{{"ann", 5000000000}, {"bob", 16500}}));
    EXPECT_FALSE(journal.recall(facts::roles_made, facts::roles_made.of(Side::green)));
}

TEST(Journal, KeepsRunsApart) {
    const Folder folder;
    auto one = Journal::open(folder.path(), "one", "prepare");
    auto two = Journal::open(folder.path(), "two", "prepare");
    one.append(event(EventKind::intent, "claim"));
    EXPECT_EQ(one.events().size(), 1U);
    EXPECT_TRUE(two.events().empty());
}

TEST(Journal, RefusesASecondControllerAndNamesTheFirst) {
    const Folder folder;
    const auto first = Journal::open(folder.path(), "shop", "prepare");
    const auto error = error_of([&] { Journal::open(folder.path(), "shop", "cutover"); });
    EXPECT_EQ(error.code(), ErrorCode::busy);
    EXPECT_THAT(error.what(), HasSubstr("pgteal prepare, pid " + std::to_string(::getpid()) + " on "));
    EXPECT_THAT(error.what(), HasSubstr(", since 20"));
    EXPECT_THAT(error.hint(), HasSubstr("pgteal resume"));
}

TEST(Journal, LetsTheNextOneInOnceClosed) {
    const Folder folder;
    {
        const auto first =
            Journal::open(folder.path(), "shop", "prepare, with a long name that leaves text behind");
    }
    const auto second = Journal::open(folder.path(), "shop", "abort");
    const auto error = error_of([&] { Journal::open(folder.path(), "shop", "cutover"); });
    EXPECT_THAT(error.what(), HasSubstr("pgteal abort, pid"));
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("long name")));
}

TEST(Journal, OutlivesAKilledControllerAndItsLockDoesNot) {
    const Folder folder;
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const auto pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
        auto journal = Journal::open(folder.path(), "shop", "cutover");
        journal.append(event(EventKind::intent, "fence"));
        const char ready = 'x';
        static_cast<void>(::write(pipe[1], &ready, 1) == 1);
        while (true) {
            ::pause();
        }
    }
    char ready = 0;
    ASSERT_EQ(::read(pipe[0], &ready, 1), 1);
    const auto busy = error_of([&] { Journal::open(folder.path(), "shop", "resume"); });
    EXPECT_EQ(busy.code(), ErrorCode::busy);
    EXPECT_THAT(busy.what(), HasSubstr("pgteal cutover, pid " + std::to_string(pid) + " on "));

    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::close(pipe[0]);
    ::close(pipe[1]);
    const auto journal = Journal::open(folder.path(), "shop", "resume");
    ASSERT_EQ(journal.events().size(), 1U);
    EXPECT_EQ(journal.events()[0].step, "fence");
}

TEST(Journal, IsAllOrNothing) {
    const Folder folder;
    auto journal = Journal::open(folder.path(), "shop", "cutover");
    std::vector<Event> three{event(EventKind::intent, "a"), event(EventKind::intent, "b"),
                             event(EventKind::intent, "c")};
    journal.append(three);
    EXPECT_EQ(journal.events().size(), 3U);
}

TEST(Journal, RecordsNothingOnAFullDiskAndGoesOnOnceThereIsRoom) {
    const Folder folder;
    { Journal::open(folder.path(), "shop", "cutover").append(event(EventKind::run_begun, "")); }
    const bool refused = in_child([&] {
        std::signal(SIGXFSZ, SIG_IGN); // the write fails with EFBIG, as it would with ENOSPC on a full disk
        auto journal = Journal::open(folder.path(), "shop", "cutover");
        rlimit before{};
        ::getrlimit(RLIMIT_FSIZE, &before);
        rlimit full = before;
        full.rlim_cur = 1;
        ::setrlimit(RLIMIT_FSIZE, &full);
        bool threw = false;
        try {
            journal.append({event(EventKind::intent, "a"), event(EventKind::intent, "b")});
        } catch (const Error& error) {
            threw = error.code() == ErrorCode::file && !error.hint().empty();
        }
        const bool none = journal.events().size() == 1;
        ::setrlimit(RLIMIT_FSIZE, &before);
        journal.append(event(EventKind::intent, "later"));
        return threw && none && journal.events().size() == 2;
    });
    EXPECT_TRUE(refused);
    const auto events = Journal::open(folder.path(), "shop", "status").events();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[1].step, "later");
}

TEST(Journal, SaysWhichFolderCannotBeUsed) {
    const Folder folder;
    toys::write_file(folder.file("in-the-way"), "a file");
    const auto error = error_of([&] { Journal::open(folder.file("in-the-way"), "shop", "prepare"); });
    EXPECT_EQ(error.code(), ErrorCode::file);
    EXPECT_THAT(error.what(), HasSubstr(folder.file("in-the-way")));
    EXPECT_FALSE(error.hint().empty());
}

TEST(Journal, DoesNotGuessAtEventsOfAnotherVersion) {
    const Folder folder;
    std::string path;
    {
        auto journal = Journal::open(folder.path(), "shop", "prepare");
        journal.append(event(EventKind::intent, "claim"));
        path = journal.path();
    }
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, "UPDATE event SET kind = 'teleported'", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(db);
    const auto journal = Journal::open(folder.path(), "shop", "resume");
    const auto error = error_of([&] { static_cast<void>(journal.events()); });
    EXPECT_EQ(error.code(), ErrorCode::file);
    EXPECT_THAT(error.what(), HasSubstr("teleported"));
    EXPECT_THAT(error.hint(), HasSubstr("version"));
}

TEST(Journal, SaysThatADamagedFileIsDamaged) {
    const Folder folder;
    std::filesystem::create_directories(folder.file("shop"));
    toys::write_file(folder.file("shop/journal.db"), std::string(8192, 'x'));
    const auto error = error_of([&] { Journal::open(folder.path(), "shop", "resume"); });
    EXPECT_EQ(error.code(), ErrorCode::file);
    EXPECT_THAT(error.what(), HasSubstr("journal.db"));
}

TEST(Peek, FindsNothingWhereNothingIsAndMakesNothing) {
    const Folder folder;
    EXPECT_FALSE(Journal::peek(folder.path(), "shop"));
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Peek, ReadsBesideAControllerThatWorks) {
    const Folder folder;
    auto journal = Journal::open(folder.path(), "shop", "cutover");
    journal.append(event(EventKind::intent, "fence"));
    const auto peek = Journal::peek(folder.path(), "shop");
    ASSERT_TRUE(peek);
    EXPECT_EQ(peek->events().size(), 1U);
    journal.append(event(EventKind::done, "fence"));
    EXPECT_EQ(peek->events().size(), 2U);
}

TEST(Peek, NeverWrites) {
    const Folder folder;
    // A controller that crashes leaves its last events in the write-ahead log beside the file.
    ASSERT_TRUE(in_child([&] {
        static auto journal = Journal::open(folder.path(), "shop", "cutover");
        journal.append(event(EventKind::intent, "fence"));
        return true;
    }));
    const auto path = folder.file("shop/journal.db");
    const auto file = toys::read_file(path);
    const auto log = toys::read_file(path + "-wal");
    ASSERT_FALSE(log.empty());
    {
        auto peek = Journal::peek(folder.path(), "shop");
        ASSERT_TRUE(peek);
        EXPECT_EQ(peek->events().size(), 1U);
        EXPECT_EQ(error_of([&] { peek->append(event(EventKind::done, "fence")); }).code(), ErrorCode::file);
        EXPECT_EQ(error_of([&] { peek->remember(facts::keep_green, true); }).code(), ErrorCode::file);
    }
    EXPECT_TRUE(toys::read_file(path) == file);
    EXPECT_TRUE(toys::read_file(path + "-wal") == log);
    EXPECT_EQ(Journal::open(folder.path(), "shop", "resume").events().size(), 1U);
}

} // namespace
} // namespace pgteal::cutover
