#include <gtest/gtest.h>

#include "base/error.hpp"
#include "postgres/dsn.hpp"

namespace pgteal::postgres {
namespace {

TEST(Dsn, ReadsKeywordsAndUris) {
    const auto pairs = Dsn::parse("host=10.0.0.5 port=6543 user=pgteal password='it\\'s'");
    EXPECT_EQ(pairs.address(), "10.0.0.5:6543");
    const auto uri = Dsn::parse("postgresql://pgteal:hun%20ter@db.example:6543/app?sslmode=require");
    EXPECT_EQ(uri.get("password"), "hun ter");
    EXPECT_EQ(uri.get("dbname"), "app");
    EXPECT_EQ(uri.get("sslmode"), "require");
    EXPECT_EQ(uri.address(), "db.example:6543");
    EXPECT_FALSE(uri.get("hostaddr"));
}

TEST(Dsn, HasAnAddressWhateverIsGiven) {
    EXPECT_EQ(Dsn::parse("").address(), "local socket:5432");
    EXPECT_EQ(Dsn::parse("host=/run/pg port=1").address(), "/run/pg:1");
    EXPECT_EQ(Dsn::parse("hostaddr=::1").address(), "[::1]:5432");
    EXPECT_EQ(Dsn::parse("host=a,b port=1,2").address(), "a,b:1,2");
}

TEST(Dsn, SurvivesItsOwnConninfo) {
    const auto dsn = Dsn::parse("host=h").with("password", "a'b\\c d=e").with("application_name", "");
    EXPECT_EQ(Dsn::parse(dsn.conninfo()), dsn);
    EXPECT_EQ(dsn.with("password", ""), Dsn::parse("host=h"));
    EXPECT_EQ(dsn.with_database("my db").get("dbname"), "my db");
}

TEST(Dsn, KeepsSecretsOutOfDisplay) {
    const auto dsn = Dsn::parse("host=h user=u password=hunter2 sslpassword=hunter3 passfile=/etc/pass");
    EXPECT_EQ(dsn.display().find("hunter"), std::string::npos);
    EXPECT_NE(dsn.display().find("passfile='/etc/pass'"), std::string::npos);
    const std::map<std::string, std::string> environment{{"PGPASSWORD", "hunter2"}};
    EXPECT_EQ(dsn.secrets_environment(), environment);
    EXPECT_TRUE(Dsn::parse("host=h").secrets_environment().empty());
}

TEST(Dsn, ComplainsWithoutQuotingValues) {
    const std::vector<std::string> wrong{"host=h password=hunter2 nosuchword=hunter2",
                                         "password='hunter2",
                                         "password=x hunter2",
                                         "postgresql://u:hunter2%zz@h/",
                                         "postgresql://u:hunter2@[::1/",
                                         "postgresql://h/?hunter2=1&x"};
    for (const auto& text : wrong) {
        try {
            Dsn::parse(text);
            ADD_FAILURE() << "accepted: " << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::config);
            if (text.find("?hunter2") == std::string::npos) { // there it is the keyword
                EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
            }
            EXPECT_FALSE(error.hint().empty());
        }
    }
}

TEST(Dsn, NamesTheUnknownKeyword) {
    try {
        Dsn::parse("host=h databse=x");
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("'databse'"), std::string::npos);
    }
}

} // namespace
} // namespace pgteal::postgres
