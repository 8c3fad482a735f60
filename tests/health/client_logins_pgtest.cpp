// A pg_hba.conf that keeps the application out while it lets pgteal in: found by reading it.
#include "health/logins/client_logins.hpp"

#include <fstream>
#include <iterator>

#include "facts_fixture.hpp"
#include "postgres/connection.hpp"
#include "preflight_run.hpp"
#include "tests/support/advice.hpp"

namespace pgteal::health {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

/// Green's pg_hba.conf with `lines` before its own, as long as this lives. The view reads the file, so that
/// nothing has to be reloaded.
class HbaLines {
public:
    explicit HbaLines(const std::string& lines) : path_(support::shared_lab().dir() + "/green/pg_hba.conf") {
        std::ifstream in(path_);
        before_.assign(std::istreambuf_iterator<char>(in), {});
        std::ofstream(path_) << lines << before_;
    }
    ~HbaLines() { std::ofstream(path_) << before_; }
    HbaLines(const HbaLines&) = delete;
    HbaLines& operator=(const HbaLines&) = delete;

private:
    std::string path_, before_;
};

Task<CheckResult> check(std::vector<ForcedUser> forced, bool swapped = false) {
    auto& lab = support::shared_lab();
    postgres::Server blue("blue", lab.dsn("blue"));
    postgres::Server green("green", lab.dsn("green"));
    LoginInput input;
    input.databases = {"app"};
    input.forced = std::move(forced);
    auto& from = swapped ? green : blue;
    auto& to = swapped ? blue : green;
    auto result = co_await check_client_logins(from, to, std::move(input), soon());
    co_return result;
}

Task<postgres::Connection> app_on_blue() {
    auto connection =
        co_await postgres::Connection::open(support::shared_lab().app_dsn("blue", "app"), "blue", soon());
    co_return connection;
}

CO_TEST(ClientLogins, of_the_labs_own_files_pass) {
    const auto client = co_await app_on_blue();
    const std::vector<ForcedUser> nobody;
    const auto result = co_await check(nobody);
    expect_ok(result);
    EXPECT_EQ(result.summary, "1 client login");
    const auto back = co_await check(nobody, true);
    expect_ok(back);
}

CO_TEST(ClientLogins, that_green_rejects_are_refused_with_the_line) {
    const auto client = co_await app_on_blue();
    const HbaLines planted("# a comment\nhost  app  app  127.0.0.0/8  reject\n");
    const std::vector<ForcedUser> nobody;
    const auto result = co_await check(nobody);
    const auto finding = only(result, Level::error, "green");
    EXPECT_TRUE(finding.check == "client-logins");
    EXPECT_EQ(finding.object, "app");
    EXPECT_THAT(finding.message, HasSubstr("role app (database app, from 127.0.0.1): line 2 of "));
    EXPECT_THAT(finding.message, HasSubstr("/green/pg_hba.conf rejects it"));
    expect_ok(co_await check(nobody, true));
    // Typed as it is printed; the view reads the file itself.
    const auto begin = finding.fix.find("pg_hba.conf:  ");
    const auto end = finding.fix.find("   then SELECT pg_reload_conf();");
    EXPECT_NE(end, std::string::npos) << finding.fix;
    const HbaLines typed(finding.fix.substr(begin + 14, end - begin - 14) + "\n");
    const auto mended = co_await check(nobody);
    expect_ok(mended);
}

CO_TEST(ClientLogins, of_a_role_that_an_entry_forces_need_no_session) {
    co_await run_sql("blue", "postgres",
                     "CREATE ROLE crew; CREATE ROLE sailor LOGIN PASSWORD 'aye' IN ROLE crew");
    const HbaLines planted("host  all  +crew  all  reject\n");
    const std::vector<ForcedUser> forced{{"sailor", "app"}};
    const auto result = co_await check(forced);
    EXPECT_EQ(only(result, Level::error, "green").object, "sailor");
    co_await run_sql("blue", "postgres", "DROP ROLE sailor; DROP ROLE crew");
}

CO_TEST(ClientLogins, lines_that_green_can_not_read_are_a_warning) {
    const HbaLines planted("host  all  all  10.0.0.0/99  md5\n");
    const std::vector<ForcedUser> nobody;
    const auto result = co_await check(nobody);
    const auto finding = only(result, Level::warning, "green");
    EXPECT_EQ(finding.object, "pg_hba.conf");
    const auto begin = finding.fix.find(":  sed ");
    const auto end = finding.fix.find("   then SELECT pg_reload_conf();");
    EXPECT_NE(end, std::string::npos) << finding.fix;
    support::shell(finding.fix.substr(begin + 3, end - begin - 3));
    const auto mended = co_await check(nobody);
    expect_ok(mended);
}

CO_TEST(ClientLogins, that_can_not_be_read_are_a_warning) {
    postgres::Server blue("blue", support::shared_lab().dsn("blue"));
    postgres::Server nobody("green", support::shared_lab().app_dsn("green", "postgres").with("dbname", ""));
    LoginInput input;
    input.databases = {"app"};
    const auto result = co_await check_client_logins(blue, nobody, std::move(input), soon());
    only(result, Level::warning, "green");
}

} // namespace
} // namespace pgteal::health
