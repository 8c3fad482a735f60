#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/setting_text.hpp"
#include "replication/clone/clone.hpp"

namespace pgteal::replication {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

DatabaseProperties shop() {
    DatabaseProperties properties;
    properties.name = "My \"shop\"";
    properties.owner = "o'wner";
    properties.encoding = "UTF8";
    properties.collate = properties.ctype = "C.UTF-8";
    properties.provider = "c";
    return properties;
}

TEST(CreateDatabase, QuotesNamesAndNamesTheProvider) {
    const auto statements = create_database(shop());
    ASSERT_EQ(statements.size(), 1U);
    EXPECT_EQ(statements[0].database, "");
    EXPECT_EQ(statements[0].text.display(),
              "CREATE DATABASE \"My \"\"shop\"\"\" TEMPLATE template0 OWNER \"o'wner\" ENCODING 'UTF8' "
              "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER libc");
    EXPECT_THAT(create_database(shop(), 140000)[0].text.display(), Not(HasSubstr("PROVIDER")));
}

TEST(CreateDatabase, IcuAndBuiltinLocales) {
    DatabaseProperties icu = shop();
    icu.provider = "i";
    icu.icu_locale = "de-AT";
    icu.icu_rules = "&a < b";
    EXPECT_THAT(create_database(icu)[0].text.display(),
                HasSubstr("LOCALE_PROVIDER icu ICU_LOCALE 'de-AT' ICU_RULES '&a < b'"));
    DatabaseProperties builtin = shop();
    builtin.provider = "b";
    builtin.icu_locale = "C.UTF-8";
    EXPECT_THAT(create_database(builtin)[0].text.display(),
                HasSubstr("LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"));
}

TEST(CreateDatabase, SettingsGrantsAndCommentFollow) {
    DatabaseProperties properties = shop();
    properties.name = "shop";
    properties.connection_limit = 7;
    properties.settings = {{"search_path", "a, \"B c\""}, {"app.title", "it's"}};
    properties.grants = {"REVOKE ALL ON DATABASE \"shop\" FROM PUBLIC"};
    properties.comment = R"({"a":"b"})";
    const auto statements = create_database(properties);
    ASSERT_EQ(statements.size(), 5U);
    EXPECT_THAT(statements[0].text.display(), HasSubstr("CONNECTION LIMIT 7"));
    EXPECT_EQ(statements[1].text.display(), "ALTER DATABASE \"shop\" SET \"search_path\" TO 'a', 'B c'");
    EXPECT_EQ(statements[2].text.plain(), "ALTER DATABASE \"shop\" SET \"app.title\" TO 'it''s'");
    EXPECT_EQ(statements[2].text.display(), "ALTER DATABASE \"shop\" SET \"app.title\" TO :'value'");
    EXPECT_EQ(statements[3].text.display(), properties.grants[0]);
    EXPECT_EQ(statements[4].text.plain(), R"(COMMENT ON DATABASE "shop" IS '{"a":"b"}')");
    EXPECT_EQ(statements[4].text.display(), R"(COMMENT ON DATABASE "shop" IS :'comment')");
}

TEST(SplitList, TakesQuotesApart) {
    EXPECT_THAT(postgres::split_list(R"("$user", public,"a, ""b""")"),
                ElementsAre("$user", "public", "a, \"b\""));
    EXPECT_THAT(postgres::split_list("\"\""), ElementsAre(""));
    EXPECT_THAT(postgres::split_list(""), IsEmpty());
}

TEST(Setting, AnEmptySearchPathIsOneEmptyName) {
    EXPECT_EQ(postgres::setting_text("search_path", "\"\""), "\"search_path\" TO ''");
}
TEST(Setting, AListThatIsNoListOfNamesStaysOneValue) {
    EXPECT_EQ(postgres::setting_text("DateStyle", "ISO, DMY"), "\"DateStyle\" TO 'ISO, DMY'");
}

} // namespace
} // namespace pgteal::replication
