// A tool of the user's: what it gets, what becomes of what it says.
#include "migration/apply/external.hpp"

#include <filesystem>
#include <fstream>

#include <stdlib.h>

#include "tests/migration/shared.hpp"

namespace pgteal::migration {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Task<void> run_to_end(External external, std::vector<std::string>* lines, Clock::duration limit) {
    std::function<void(const std::string&)> listener = [lines](const std::string& line) {
        lines->push_back(line);
    };
    co_await run_external(std::move(external), after(limit), listener);
}

class Externals : public OnGreen {
protected:
    Externals() {
        std::string name = testing::TempDir() + "pgteal-external-XXXXXX";
        folder_ = mkdtemp(name.data());
    }
    ~Externals() override { std::filesystem::remove_all(folder_); }

    void run(std::vector<std::string> command, Clock::duration limit = 30s) {
        External external;
        external.command = std::move(command);
        external.folder = folder_;
        external.dsn = dsn();
        external.lock_timeout = 1234ms;
        lines_.clear();
        run_here([&] { return run_to_end(external, &lines_, limit); });
    }

    std::string folder_;
    std::vector<std::string> lines_;
};

TEST_F(Externals, PsqlMigratesBehindTheFence) {
    maintenance("ALTER DATABASE " + database_ + " SET default_transaction_read_only = on");
    std::ofstream(folder_ + "/tool.sql")
        << "CREATE TABLE a(id int);\n"
           "SELECT current_setting('pgteal.ddl') || ' ' || current_setting('lock_timeout');\n";
    run({"psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-f", "tool.sql"});
    EXPECT_THAT(lines_, ElementsAre("on 1234ms"));
    EXPECT_TRUE(exists("a"));
    EXPECT_EQ(rows(), "") << "the record is the tool's";
    run({"sh", "-c",
         "psql -X -At \"$PGTEAL_DSN\" -c 'SELECT current_database()'; echo \"$PGTEAL_SIDE $PGTEAL_PHASE\" "
         ">&2; sleep 0.3; printf 'no end'"});
    EXPECT_THAT(lines_, testing::UnorderedElementsAre(database_, "green expand", "no end"));
}

TEST_F(Externals, ItsFailureIsOurs) {
    std::ofstream(folder_ + "/tool.sql") << "CREATE TABLE a(id int);\nSELECT nothing;\n";
    const auto error = error_of([&] { run({"psql", "-X", "-v", "ON_ERROR_STOP=1", "-f", "tool.sql"}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::migration);
    EXPECT_EQ(error->side(), "green");
    EXPECT_THAT(error->what(), HasSubstr("psql -X -v ON_ERROR_STOP=1 -f tool.sql ended with exit code 3: "
                                         "psql:tool.sql:2: ERROR: column \"nothing\" does not exist"));
    EXPECT_THAT(error->hint(), HasSubstr("pgteal prepare"));
    expect_error(ErrorCode::migration, "ended with exit code 137", [&] { run({"sh", "-c", "kill -9 $$"}); });
    expect_error(ErrorCode::program, "no-such-tool is not in PATH", [&] { run({"no-such-tool"}); });
    expect_error(ErrorCode::deadline, "did not end in time", [&] { run({"sleep", "60"}, 300ms); });
}

TEST(External, PasswordsAreInOneVariableOnly) {
    External external;
    external.command = {"sh", "-c", "echo wrong password: $PGPASSWORD >&2; exit 1"};
    external.folder = "/";
    external.dsn = postgres::Dsn::parse("host=127.0.0.1 port=5499 user=pgteal dbname=app password='hunter 2' "
                                        "options='-c work_mem=1MB' sslmode=prefer");
    external.phase = Phase::contract;
    const auto program = program_of(external);
    for (const auto& [name, value] : program.environment) {
        EXPECT_EQ(value.find("hunter") != std::string::npos, name == "PGPASSWORD") << name;
    }
    EXPECT_EQ(program.environment.at("PGHOST"), "127.0.0.1");
    EXPECT_EQ(program.environment.at("PGPORT"), "5499");
    EXPECT_EQ(program.environment.at("PGDATABASE"), "app");
    EXPECT_EQ(program.environment.at("PGSSLMODE"), "prefer");
    EXPECT_EQ(program.environment.at("PGTEAL_PHASE"), "contract");
    EXPECT_THAT(program.environment.at("PGOPTIONS"),
                testing::StartsWith("-c work_mem=1MB -c default_transaction_"));
    const auto error = error_of([&] {
        std::vector<std::string> lines;
        run_here([&] { return run_to_end(external, &lines, 10s); });
    });
    ASSERT_TRUE(error);
    EXPECT_THAT(error->what(), HasSubstr("wrong password: ***"));
}

} // namespace
} // namespace pgteal::migration
