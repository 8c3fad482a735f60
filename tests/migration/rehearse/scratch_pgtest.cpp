// Scratch databases: nothing of them stays, whatever happens to the one that made them.
#include "migration/rehearse/scratch.hpp"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/migration/rehearse/rehearsal_world.hpp"

namespace pgteal::migration::rehearse {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class Scratches : public RehearsalWorld {};

TEST_F(Scratches, AreMadeAndDropped) {
    std::string name;
    {
        Scratch scratch(server(), "run", "green");
        name = scratch.name();
        EXPECT_FALSE(database_exists(name)) << "nothing before create()";
        scratch.make_roles({{"scratch_owner", false, {}}, {"pgteal", false, {}}});
        scratch.create({"CREATE DATABASE " + ident(name) + " OWNER scratch_owner"});
        EXPECT_TRUE(database_exists(name));
        EXPECT_TRUE(role_exists("scratch_owner"));
        pqxx::connection guest(scratch.dsn().conninfo()); // a session in it is no obstacle
    }
    EXPECT_FALSE(database_exists(name));
    EXPECT_FALSE(role_exists("scratch_owner"));
    EXPECT_TRUE(role_exists("pgteal")) << "it was there before";
}

TEST_F(Scratches, OfTheLivingAreLeftAlone) {
    Scratch mine(server(), "run", "green");
    mine.create({"CREATE DATABASE " + ident(mine.name())});
    Scratch other(server(), "run", "green");
    const auto swept = other.sweep();
    EXPECT_THAT(swept.databases, IsEmpty());
    EXPECT_THAT(swept.alive, ElementsAre(mine.name()));
    EXPECT_TRUE(database_exists(mine.name()));
}

TEST_F(Scratches, ThatOnlyLookAlikeAreLeftAlone) {
    maintenance("CREATE DATABASE pgteal_rehearse_mine");
    Scratch scratch(server(), "run", "green");
    EXPECT_THAT(scratch.sweep().databases, IsEmpty());
    EXPECT_TRUE(database_exists("pgteal_rehearse_mine"));
    maintenance("DROP DATABASE pgteal_rehearse_mine");
}

/// Makes a scratch database with a role, and a session that is busy in it, in a process that is killed then.
std::string killed_in_the_middle(const postgres::Dsn& server) {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe(pipe.data()), 0);
    const auto pid = ::fork();
    if (pid == 0) {
        Scratch scratch(server, "killed", "green");
        scratch.make_roles({{"killed_role", false, {}}});
        scratch.create({"CREATE DATABASE " + ident(scratch.name()) + " OWNER killed_role"});
        const auto name = scratch.name();
        pqxx::connection busy(scratch.dsn().conninfo());
        if (::write(pipe[1], name.data(), name.size()) < 0) {
            ::_exit(1);
        }
        ::close(pipe[1]);
        pqxx::nontransaction(busy).exec("SELECT pg_sleep(60)");
        ::_exit(1);
    }
    ::close(pipe[1]);
    std::string name(63, '\0');
    const auto length = ::read(pipe[0], name.data(), name.size());
    name.resize(length > 0 ? static_cast<std::size_t>(length) : 0U);
    ::close(pipe[0]);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return name;
}

TEST_F(Scratches, OfTheKilledAreSweptByTheNext) {
    const auto name = killed_in_the_middle(server());
    ASSERT_TRUE(is_scratch_name(name)) << name;
    EXPECT_TRUE(database_exists(name));
    Scratch next(server(), "next", "green");
    Swept swept;
    // The server may need a moment to see that its client is gone.
    for (int i = 0; i < 100 && swept.databases.empty(); ++i) {
        swept = next.sweep();
        std::this_thread::sleep_for(50ms);
    }
    EXPECT_THAT(swept.databases, ElementsAre(name));
    EXPECT_THAT(swept.roles, Contains("killed_role"));
    EXPECT_FALSE(database_exists(name)) << "although a session was busy in it";
    EXPECT_FALSE(role_exists("killed_role"));
    EXPECT_THAT(next.sweep().databases, IsEmpty());
}

/// What a migration's code can make of the database it is in, so that DROP DATABASE refuses.
void hold_fast(const Scratch& scratch) {
    pqxx::connection inside(scratch.dsn().conninfo());
    pqxx::nontransaction(inside).exec(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I IS_TEMPLATE true', current_database());"
        " EXECUTE 'CREATE SUBSCR' || 'IPTION held CONNECTION ''host=127.0.0.1 port=1 dbname=x'' PUBLICATION p"
        " WITH (connect = false, slot_name = ''none_such'')';"
        " EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', current_database());"
        " EXECUTE format('ALTER DATABASE %I SET session_replication_role = local', current_database());"
        " END $$;"
        "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;"
        "CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no()");
}

TEST_F(Scratches, AreDroppedWhateverAMigrationMadeOfThem) {
    Scratch scratch(server(), "run", "green");
    scratch.create({"CREATE DATABASE " + ident(scratch.name())});
    hold_fast(scratch);
    scratch.drop();
    EXPECT_FALSE(database_exists(scratch.name()));
}

TEST_F(Scratches, OfEarlierRehearsalsAreSweptWhateverAMigrationMadeOfThem) {
    const auto name = scratch_name("earlier");
    maintenance("CREATE DATABASE " + ident(name));
    value_on(server().with_database(name),
             "CREATE SUBSCRIPTION held CONNECTION 'host=127.0.0.1 port=1 dbname=x' PUBLICATION p"
             " WITH (connect = false, slot_name = 'none_such')");
    maintenance("ALTER DATABASE " + ident(name) + " IS_TEMPLATE true");
    maintenance("ALTER DATABASE " + ident(name) + " ALLOW_CONNECTIONS false");
    Scratch next(server(), "next", "green");
    const auto swept = next.sweep();
    EXPECT_THAT(swept.databases, ElementsAre(name));
    EXPECT_THAT(swept.stuck, IsEmpty());
    EXPECT_FALSE(database_exists(name));
}

TEST_F(Scratches, ThatCantBeDroppedAreNamedAndNoObstacle) {
    const auto name = scratch_name("stuck");
    maintenance("CREATE DATABASE " + ident(name));
    maintenance("CREATE ROLE makes_databases LOGIN CREATEDB PASSWORD 'm'");
    Scratch next(server().with("user", "makes_databases").with("password", "m"), "next", "green");
    const auto swept = next.sweep();
    ASSERT_THAT(swept.stuck, testing::SizeIs(1));
    EXPECT_THAT(swept.stuck.front().what(), testing::HasSubstr(name + " can't be dropped"));
    EXPECT_THAT(swept.stuck.front().hint(), testing::HasSubstr("DROP DATABASE IF EXISTS " + ident(name)));
    next.create({"CREATE DATABASE " + ident(next.name())});
    EXPECT_TRUE(database_exists(next.name()));
    next.drop();
    EXPECT_FALSE(database_exists(next.name()));
    maintenance("DROP DATABASE " + ident(name));
    maintenance("DROP ROLE makes_databases");
}

TEST_F(Scratches, TellWhichRolesAreLeft) {
    maintenance("CREATE ROLE there_before");
    Scratch other(server(), "run", "green");
    Scratch scratch(server(), "run", "green");
    scratch.make_roles({{"made_and_dropped", false, {}}, {"made_and_kept", false, {}}});
    maintenance("CREATE ROLE appeared_meanwhile");
    maintenance("ALTER ROLE there_before RENAME TO renamed_meanwhile");
    const auto app = server().with_database("postgres");
    value_on(app, "CREATE TABLE kept(); ALTER TABLE kept OWNER TO made_and_kept");
    scratch.drop();
    const auto left = scratch.left_roles();
    EXPECT_THAT(left.appeared, ElementsAre("appeared_meanwhile"));
    EXPECT_THAT(left.kept, ElementsAre("made_and_kept"));
    EXPECT_FALSE(role_exists("made_and_dropped"));
    EXPECT_THAT(other.left_roles().appeared, ElementsAre("appeared_meanwhile")) << "not another rehearsal's";
    value_on(app, "DROP TABLE kept");
    maintenance("DROP ROLE made_and_kept, appeared_meanwhile, renamed_meanwhile");
}

TEST_F(Scratches, SayWhenTheRoleMayMakeNone) {
    maintenance("CREATE ROLE no_databases LOGIN PASSWORD 'n'");
    const auto dsn = server().with("user", "no_databases").with("password", "n");
    const auto error = error_of([&] {
        Scratch scratch(dsn, "run", "green");
        scratch.create({"CREATE DATABASE " + ident(scratch.name())});
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::privilege);
    maintenance("DROP ROLE no_databases");
}

} // namespace
} // namespace pgteal::migration::rehearse
