// Rewriting touches host, port and dbname of the named entries and nothing else.
#include <gtest/gtest.h>

#include <random>

#include "base/error.hpp"
#include "pooler/file/config_file.hpp"

namespace pgteal::pooler {
namespace {

const Target green{"10.0.0.9", "5433", "app"};

std::string rewritten(const std::string& line, const Target& to = green, const std::string& name = "app") {
    const std::string head = "[databases]\n";
    return rewrite(head + line, {{name, to}}).substr(head.size());
}

TEST(ConfigRewrite, ReplacesValuesInPlace) {
    EXPECT_EQ(rewritten("app = host=10.0.0.5 port=5432 dbname=old user=u"),
              "app = host=10.0.0.9 port=5433 dbname=app user=u");
}

TEST(ConfigRewrite, EveryOtherByteStays) {
    EXPECT_EQ(rewritten("; host=10.0.0.5\r\n\tapp\t= \tuser=u  host = a   port=1 connect_query=x;c  "
                        "\r\n#x\r\nb=host=a port=1",
                        green),
              "; host=10.0.0.5\r\n\tapp\t= \tuser=u  host = 10.0.0.9   port=5433 connect_query=x;c  "
              "\r\n#x\r\nb=host=a port=1");
}

TEST(ConfigRewrite, QuotingStyleIsKept) {
    EXPECT_EQ(rewritten("app = host='a' dbname=old", {"b", "5432", "app"}), "app = host='b' dbname=app");
    EXPECT_EQ(rewritten("app = host=a dbname='o''ld'", {"b", "5432", "n'ew"}), "app = host=b dbname='n''ew'");
    EXPECT_EQ(rewritten("app = host=a dbname=old", {"b", "5432", "two words"}),
              "app = host=b dbname='two words'");
    EXPECT_EQ(rewritten("app = host=a dbname=old", {"b", "5432", "'q"}), "app = host=b dbname='''q'");
    EXPECT_EQ(rewritten("app = host=a dbname=old", {"b", "5432", "a\tb"}), "app = host=b dbname='a\tb'");
}

TEST(ConfigRewrite, MissingKeysAreAddedAtTheEnd) {
    EXPECT_EQ(rewritten("app ="), "app =host=10.0.0.9 port=5433");
    EXPECT_EQ(rewritten("app = user=u  \r\nb="), "app = user=u host=10.0.0.9 port=5433  \r\nb=");
    EXPECT_EQ(rewritten("app = host='a'", {"b", "7", "other"}), "app = host='b' port=7 dbname=other");
}

TEST(ConfigRewrite, ADefaultIsNotSpelledOut) {
    EXPECT_EQ(rewritten("app = host=a", {"b", "5432", "app"}), "app = host=b");
}

TEST(ConfigRewrite, ADefaultReplacesAnotherValue) {
    EXPECT_EQ(rewritten("app = host=a port=5433 dbname=x", {"b", "5432", "app"}),
              "app = host=b port=5432 dbname=app");
}

TEST(ConfigRewrite, TheDefaultSocketMeansNoHost) {
    EXPECT_EQ(rewritten("app = host=a port=5433", {"", "5433", "app"}), "app = port=5433");
    EXPECT_EQ(rewritten("app = port=5433 host=a user=u", {"", "5433", "app"}), "app = port=5433 user=u");
    EXPECT_EQ(rewritten("app = port=5433 host='a'\tuser=u", {"", "5433", "app"}), "app = port=5433 user=u");
    EXPECT_EQ(rewritten("app = port=5433 host=a", {"", "5433", "app"}), "app = port=5433");
    EXPECT_EQ(rewritten("app = host=a\n", {"", "5432", "app"}), "app = \n");
}

TEST(ConfigRewrite, AllEntriesOfANameAndAllPairsOfAKey) {
    EXPECT_EQ(rewritten("app=host=a host=b port=1\nb=\napp=host=c port=1"),
              "app=host=10.0.0.9 host=10.0.0.9 port=5433\nb=\napp=host=10.0.0.9 port=5433");
}

TEST(ConfigRewrite, TheFallbackEntryKeepsTheClientsDatabase) {
    EXPECT_EQ(rewritten("* = host=a port=1", {"b", "2", ""}, "*"), "* = host=b port=2");
    EXPECT_EQ(rewritten("app = host=a\n* = host=a", {"b", "5432", ""}, "*"), "app = host=a\n* = host=b");
}

TEST(ConfigRewrite, SocketsAndHostLists) {
    EXPECT_EQ(rewritten("app=host=/var/run/pg dbname=app", {"a,b", "5432", "app"}),
              "app=host=a,b dbname=app");
    EXPECT_EQ(rewritten("app=host=a,b,c dbname=app", {"/run/my pg", "5432", "app"}),
              "app=host='/run/my pg' dbname=app");
}

TEST(ConfigRewrite, RefusesAnEntryThatIsNotThere) {
    try {
        rewrite("[databases]\n%include more.ini\napp = host=a", {{"other", green}});
        FAIL() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::config);
        EXPECT_NE(std::string(error.what()).find("other"), std::string::npos);
        EXPECT_NE(error.hint().find("more.ini"), std::string::npos);
    }
}

TEST(ConfigRewrite, RefusesAValueThatALineCannotHold) {
    EXPECT_THROW(rewritten("app = host=a", {"b\nother = host=c", "5432", "app"}), Error);
    EXPECT_THROW(rewritten("app = host=a", {std::string("b\0", 2), "5432", "app"}), Error);
}

// Random files of everything the grammar allows.
class RandomFile {
public:
    explicit RandomFile(unsigned seed) : random_(seed) {}

    std::string text(bool whole_targets) {
        std::string text = one_of({"", ";; a file\r\n", "\n\n  # x\n"});
        text += "[databases]" + eol();
        for (int i = 0; i < 6; ++i) {
            text += one_of({"", "", "; app1 = host=no" + eol(), eol(), "%include other.ini" + eol(),
                            "[users]" + eol() + "[databases]"});
            text +=
                one_of({"", " ", "\t"}) + "app" + std::to_string(i) + one_of({"=", " = ", "\t=\t", "=  "});
            text += entry(whole_targets) + one_of({"", " ", "\t"}) + eol();
        }
        return text + "[pgbouncer]" + eol() + "pool_mode = transaction" + one_of({"", eol()});
    }

    Target target() {
        return {one_of({"10.0.0.9", "/run/pg", "a,b", "db.example.com", "/with space", "it's"}),
                std::to_string(1 + random_() % 65535), one_of({"app", "other db", "x'y", "tab\there"})};
    }

    std::mt19937 random_;

private:
    std::string one_of(std::initializer_list<std::string> choices) {
        return *(choices.begin() + static_cast<std::ptrdiff_t>(random_() % choices.size()));
    }
    std::string eol() { return one_of({"\n", "\r\n", " \n"}); }

    std::string entry(bool whole_target) {
        std::vector<std::string> pairs;
        const auto maybe = [&](const std::string& pair) {
            if (whole_target || random_() % 2 == 0) {
                pairs.push_back(pair);
            }
        };
        maybe(one_of({"host=10.0.0.5", "host='10.0.0.5'", "host = /tmp", "host='/a b'", "host='o''k'"}));
        maybe(one_of({"port=5432", "port='6000'", "port= 7"}));
        maybe(one_of({"dbname=app", "dbname='a b'", "dbname='it''s'"}));
        pairs.push_back(
            one_of({"user=u", "user='host=x'", "pool_size=5", "connect_query='select ''port=1'''"}));
        std::shuffle(pairs.begin(), pairs.end(), random_);
        std::string text;
        for (const auto& pair : pairs) {
            text += (text.empty() ? "" : one_of({" ", "  "})) + pair;
        }
        return text;
    }
};

class ConfigRewriteRandom : public ::testing::TestWithParam<unsigned> {};

TEST_P(ConfigRewriteRandom, ThereAndBackGivesTheSameBytesWhenTheKeysWereThere) {
    RandomFile file(GetParam());
    const std::string before = file.text(true);
    const auto old_targets = targets_in(before);
    auto targets = old_targets;
    std::erase_if(targets, [&](const auto&) { return file.random_() % 3 == 0; });
    for (auto& [name, target] : targets) {
        target = file.target();
    }
    const std::string after = rewrite(before, targets);
    auto expected = old_targets;
    for (const auto& [name, target] : targets) {
        expected[name] = target;
    }
    EXPECT_EQ(targets_in(after), expected) << before;
    // The quoting style does not come back when a bare word was replaced by one that needs quotes: bytes are
    // compared elsewhere.
    bool quotes_added = false;
    for (const auto& [name, target] : targets) {
        quotes_added =
            quotes_added || (target.host + target.database).find_first_of(" '\t") != std::string::npos;
    }
    const std::string back = rewrite(after, old_targets);
    EXPECT_EQ(targets_in(back), old_targets);
    EXPECT_TRUE(same_except_targets(before, after)) << before << after;
    EXPECT_TRUE(same_except_targets(before, back));
    if (!quotes_added) {
        EXPECT_EQ(back, before);
    }
}

TEST_P(ConfigRewriteRandom, MissingKeysStayWhenRewrittenBackAndMeanTheSame) {
    RandomFile file(GetParam());
    const std::string before = file.text(false);
    const auto old_targets = targets_in(before);
    auto targets = old_targets;
    for (auto& [name, target] : targets) {
        target = file.target();
    }
    const std::string after = rewrite(before, targets);
    EXPECT_EQ(targets_in(after), targets);
    const std::string back = rewrite(after, old_targets);
    EXPECT_EQ(targets_in(back), old_targets);
    EXPECT_TRUE(same_except_targets(before, back));
    EXPECT_EQ(rewrite(before, old_targets), before);
    EXPECT_EQ(rewrite(after, targets), after);
}

TEST_P(ConfigRewriteRandom, DamagedFilesAreRefusedOrKeptWhole) {
    RandomFile file(GetParam());
    std::string text = file.text(false);
    for (int i = 0; i < 3; ++i) {
        text[file.random_() % text.size()] = "='[]%; \t\r\n\\\"x"[file.random_() % 13];
    }
    try {
        const auto targets = targets_in(text);
        EXPECT_EQ(rewrite(text, targets), text);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::config);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ConfigRewriteRandom, ::testing::Range(0U, 300U));

} // namespace
} // namespace pgteal::pooler
