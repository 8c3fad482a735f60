// Blue, green and what the migrations say.
#include <filesystem>

#include "migration/apply/apply.hpp"
#include "tests/migration/schema/world.hpp"

namespace pgteal::migration::schema {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Expected : public BothSides {
protected:
    Expected() : folder_("/tmp/pgteal-drift-test-" + std::to_string(::getpid())) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
    }
    ~Expected() override { std::filesystem::remove_all(folder_); }

    void file(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ + "/" + name) << text;
    }
    /// Up to that many files.
    void migrate(const std::string& side, std::size_t count) const {
        auto files = find_migrations(folder_);
        files.resize(std::min(count, files.size()));
        Options options;
        options.side = side;
        apply(dsn(side), files, options, nullptr);
    }
    [[nodiscard]] Report report() const {
        return drifted([this](Request& request) { request.folder = folder_; });
    }
    static std::vector<std::string> objects(const std::vector<Finding>& findings) {
        std::vector<std::string> list;
        for (const auto& one : findings) {
            list.push_back(one.object + " " + one.what);
        }
        return list;
    }

    std::string folder_;
};

const std::string first =
    "CREATE TABLE a (id integer PRIMARY KEY, name varchar(10) CHECK (name IN ('x', 'y')));\n"
    "CREATE VIEW v AS SELECT a.id, a.name FROM a WHERE a.name IN ('x', 'y');";
const std::string second = "ALTER TABLE a ADD note text;\nCREATE INDEX CONCURRENTLY a_name ON a (name);\n"
                           "CREATE TABLE b (id integer PRIMARY KEY);";

} // namespace

TEST_F(Expected, what_the_migrations_of_green_make_is_explained) {
    file("V1__a.sql", first);
    file("V2__b.sql", second);
    migrate("blue", 1);
    migrate("green", 2);
    const auto result = report();
    EXPECT_TRUE(result.equal()) << words(result);
    EXPECT_EQ(result.basis, "replayed");
    EXPECT_THAT(objects(result.explained),
                ElementsAre("public.b only on green, not on blue", "public.a.note only on green, not on blue",
                            "public.a_name only on green, not on blue"));
    EXPECT_TRUE(result.remarks.empty()) << words(result);
}

TEST_F(Expected, what_they_do_not_make_is_drift_on_the_side_that_has_it) {
    file("V1__a.sql", first);
    file("V2__b.sql", second);
    migrate("blue", 1);
    migrate("green", 2);
    sql("green", "CREATE INDEX by_hand ON a (note)");
    sql("blue", "ALTER TABLE a ALTER name SET DEFAULT 'x'");
    both("DROP VIEW v");
    const auto result = report();
    EXPECT_THAT(objects(result.drift), ElementsAre("public.a.name differs: default",
                                                   "public.by_hand only on green, not in the migrations",
                                                   "public.v missing on both sides"))
        << words(result);
    EXPECT_EQ(result.drift.at(0).side, "blue");
    EXPECT_EQ(result.drift.at(0).sql, "ALTER TABLE public.a ALTER COLUMN name DROP DEFAULT;");
    EXPECT_EQ(result.drift.at(0).expected, "character varying(10); default: none");
    EXPECT_EQ(result.drift.at(1).expected, std::nullopt);
    EXPECT_EQ(result.drift.at(2).blue, std::nullopt);
    EXPECT_EQ(result.drift.at(2).green, std::nullopt);
    EXPECT_TRUE(result.drift.at(2).expected);
}

TEST_F(Expected, a_database_older_than_its_first_migration_is_its_own_base) {
    // As an application made it, long ago, and as a clone has it: the array's cast has moved.
    sql("blue", "CREATE TABLE old (id integer PRIMARY KEY, state varchar(5) CHECK (state IN ('p', 'q')))");
    sql("blue", "CREATE TABLE older (id integer)");
    sql("green",
        "CREATE TABLE old (id integer PRIMARY KEY, state varchar(5), CONSTRAINT old_state_check CHECK "
        "(state::text = ANY (ARRAY['p'::varchar::text, 'q'::varchar::text])))");
    sql("green", "CREATE TABLE older (id integer)");
    file("V1__extra.sql", "ALTER TABLE old ADD extra text; CREATE TABLE fresh (id integer);");
    migrate("green", 1);
    auto result = report();
    EXPECT_TRUE(result.equal()) << words(result);
    EXPECT_EQ(result.basis, "blue");
    EXPECT_THAT(objects(result.explained), ElementsAre("public.fresh only on green, not on blue",
                                                       "public.old.extra only on green, not on blue"));
    sql("green", "DROP TABLE older; ALTER TABLE old ALTER extra SET DEFAULT 'no'");
    result = report();
    EXPECT_THAT(objects(result.drift),
                ElementsAre("public.older missing on green", "public.old.extra differs: default"))
        << words(result);
    EXPECT_THAT(objects(result.explained), ElementsAre("public.fresh only on green, not on blue"));
}

TEST_F(Expected, pending_files_say_nothing) {
    file("V1__a.sql", first);
    migrate("blue", 1);
    migrate("green", 1);
    file("V2__b.sql", second);
    const auto result = report();
    EXPECT_TRUE(result.equal()) << words(result);
    EXPECT_THAT(result.remarks, ElementsAre("1 migration is pending on both sides: not looked at"));
}

TEST_F(Expected, blue_is_compared_with_its_migrations_before_green_exists) {
    file("V1__a.sql", first);
    migrate("blue", 1);
    sql("green", "DROP DATABASE " + database_, "postgres");
    EXPECT_TRUE(report().equal());
    sql("blue", "ALTER TABLE a ADD by_hand integer");
    const auto result = report();
    EXPECT_FALSE(result.green_exists);
    EXPECT_THAT(objects(result.drift), ElementsAre("public.a.by_hand only on blue, not in the migrations"));
    EXPECT_EQ(result.drift.at(0).sql, "-- ALTER TABLE public.a DROP COLUMN by_hand;");
}

TEST_F(Expected, nothing_to_compare_with_is_an_error) {
    sql("green", "DROP DATABASE " + database_, "postgres");
    try {
        static_cast<void>(report());
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::wrong_state);
        EXPECT_THAT(error.what(), HasSubstr("nothing to compare with"));
        EXPECT_FALSE(error.hint().empty());
    }
}

TEST_F(Expected, migrations_that_reach_beyond_their_database_are_not_replayed) {
    file("V1__role.sql", "CREATE ROLE drift_test_role; CREATE TABLE a (id integer);");
    migrate("blue", 1);
    sql("blue", "DROP ROLE drift_test_role");
    sql("green", "CREATE TABLE a (id integer)");
    const auto result = report();
    EXPECT_TRUE(result.equal()) << words(result);
    EXPECT_EQ(result.basis, "none");
    EXPECT_THAT(result.remarks, ElementsAre(HasSubstr("V1__role.sql:1 changes more than its database")));
    EXPECT_EQ(value("green", "SELECT count(*) FROM pg_roles WHERE rolname = 'drift_test_role'"), "0");
}

TEST_F(Expected, owners_are_compared_between_the_sides_only) {
    file("V1__a.sql", first);
    migrate("blue", 1);
    migrate("green", 1);
    both("ALTER TABLE a OWNER TO app");
    EXPECT_TRUE(report().equal());
    sql("green", "ALTER TABLE a OWNER TO pgteal");
    const auto result = report();
    EXPECT_THAT(objects(result.drift), ElementsAre("public.a differs: owner")) << words(result);
}

TEST_F(Expected, a_scratch_database_without_its_maker_is_dropped_by_the_next) {
    both("CREATE TABLE t (id integer)");
    sql("green", "CREATE DATABASE pgteal_drift_4711_0badcafe", "postgres");
    sql("green", "CREATE DATABASE pgteal_drift_keep_this", "postgres");
    auto result = drifted();
    EXPECT_THAT(
        result.remarks,
        ElementsAre("dropped pgteal_drift_4711_0badcafe on green, which an interrupted drift had left"));
    EXPECT_EQ(scratch_databases(), "pgteal_drift_keep_this");
    sql("green", "DROP DATABASE pgteal_drift_keep_this", "postgres");
    // Somebody looks at it.
    sql("green", "CREATE DATABASE pgteal_drift_4711_0badcafe", "postgres");
    {
        pqxx::connection visitor(dsn("green", "pgteal_drift_4711_0badcafe").conninfo());
        result = drifted();
        EXPECT_THAT(result.remarks, ElementsAre(HasSubstr("somebody is connected")));
        EXPECT_EQ(scratch_databases(), "pgteal_drift_4711_0badcafe");
    }
    // Its maker is at work.
    {
        pqxx::connection maker(dsn("green", "postgres").conninfo());
        pqxx::nontransaction(maker).exec(
            "SELECT pg_advisory_lock(1885824114, hashtext('pgteal_drift_4711_0badcafe'))");
        result = drifted();
        EXPECT_TRUE(result.remarks.empty()) << words(result);
        EXPECT_EQ(scratch_databases(), "pgteal_drift_4711_0badcafe");
    }
    result = drifted();
    EXPECT_EQ(result.remarks.size(), 1U);
    EXPECT_EQ(scratch_databases(), "");
}

TEST_F(Expected, a_dump_without_its_maker_is_removed_by_the_next) {
    // The kernel gives no process this number (pid_max is at most 2^22).
    const std::string orphan = "/tmp/pgteal-drift-2147483000-aBcDeF";
    std::filesystem::create_directories(orphan + "/in");
    sql("blue", "CREATE TABLE old (id integer)");
    sql("green", "CREATE TABLE old (id integer)");
    file("V1__extra.sql", "ALTER TABLE old ADD extra text;");
    migrate("green", 1);
    EXPECT_EQ(report().basis, "blue");
    EXPECT_FALSE(std::filesystem::exists(orphan));
    for (const auto& entry : std::filesystem::directory_iterator("/tmp")) {
        EXPECT_FALSE(
            entry.path().filename().string().starts_with("pgteal-drift-" + std::to_string(::getpid()) + "-"))
            << entry.path();
    }
}

TEST_F(Expected, whatever_fails_the_scratch_database_goes) {
    file("V1__a.sql", first);
    file("V2__bad.sql", "CREATE TABLE c (id integer); SELECT 1;");
    migrate("blue", 2);
    migrate("green", 1);
    // A file that no longer does what it did: its history says it was applied.
    sql("blue", "DROP TABLE c");
    const auto stopped = [this](int at) {
        auto count = std::make_shared<int>(0);
        try {
            static_cast<void>(drifted([&](Request& request) {
                request.folder = folder_;
                request.stopped = [count, at] { return ++*count >= at; };
            }));
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::refused) << error.what();
            return true;
        }
        return false;
    };
    int points = 1;
    while (stopped(points)) {
        EXPECT_EQ(scratch_databases(), "") << "stopped at " << points;
        ++points;
    }
    EXPECT_GT(points, 3);
    EXPECT_EQ(scratch_databases(), "");
}

} // namespace pgteal::migration::schema
