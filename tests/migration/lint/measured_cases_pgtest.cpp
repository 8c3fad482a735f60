// Reading the suite's files.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "tests/migration/lint/measured.hpp"

namespace pgteal::migration::lint::test {

namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) {
        throw std::runtime_error("can't read " + path.string());
    }
    return text.str();
}

fs::path folder() {
    const char* const given = std::getenv("PGTEAL_MEASURED_DIR");
    return given != nullptr ? given : PGTEAL_SOURCE_DIR "/tests/migration/lint/measured";
}

/// "-- key: value" gives true.
bool header(const std::string& line, std::string* key, std::string* value) {
    static const std::set<std::string> keys{"case", "from", "to", "options", "hold", "setup", "file", "next"};
    if (!line.starts_with("-- ")) {
        return false;
    }
    const auto colon = line.find(':');
    if (colon == std::string::npos || !keys.contains(line.substr(3, colon - 3))) {
        return false;
    }
    *key = line.substr(3, colon - 3);
    const auto begin = line.find_first_not_of(' ', colon + 1);
    *value = begin == std::string::npos ? "" : line.substr(begin);
    return true;
}

struct Draft {
    Case made;
    std::vector<std::string> texts;
};

void finish(Draft& draft, std::vector<Case>& into) {
    if (draft.made.id.empty()) {
        return;
    }
    for (const auto& text : draft.texts) {
        draft.made.files.push_back(
            parse_file("V" + std::to_string(draft.made.files.size() + 1) + "__measured.sql", text));
    }
    if (draft.made.files.empty()) {
        throw std::runtime_error("case " + draft.made.id + " has no file:");
    }
    into.push_back(std::move(draft.made));
    draft = {};
}

} // namespace

std::vector<Case> parse_cases(const std::string& area, const std::string& text) {
    std::vector<Case> cases;
    Draft draft;
    std::string* body = nullptr;
    std::istringstream in(text);
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        std::string key, value;
        if (!header(line, &key, &value)) {
            if (body != nullptr) {
                *body += line + "\n";
            } else if (!line.empty() && !line.starts_with("--")) {
                throw std::runtime_error(area + ":" + std::to_string(number) +
                                         ": outside of setup: and file:");
            }
            continue;
        }
        if (key == "case") {
            finish(draft, cases);
            draft.made.area = area;
            draft.made.id = value;
            body = nullptr;
        } else if (key == "from") {
            draft.made.from_version = std::stoi(value);
        } else if (key == "to") {
            draft.made.to_version = std::stoi(value);
        } else if (key == "options") {
            draft.made.options = value;
        } else if (key == "hold") {
            draft.made.holds.push_back(value);
        } else if (key == "setup") {
            body = &draft.made.setup;
            *body += value + "\n";
        } else {
            body = &draft.texts.emplace_back();
            *body += value.empty() ? "" : value + "\n";
        }
    }
    finish(draft, cases);
    return cases;
}

std::vector<Case> read_cases() {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder())) {
        if (entry.path().extension() == ".sql" && entry.path().stem() != "fixture") {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Case> cases;
    for (const auto& path : paths) {
        for (auto& one : parse_cases(path.stem().string(), slurp(path))) {
            cases.push_back(std::move(one));
        }
    }
    return cases;
}

std::string read_fixture() { return slurp(folder() / "fixture.sql"); }

namespace {

TEST(MeasuredCases, AreReadWithEverythingTheySay) {
    const auto cases =
        parse_cases("some", "-- words\n\n-- case: one\n-- from: 17\n-- setup: CREATE TABLE a();\n"
                            "-- file:\n-- a comment\nDROP TABLE a;\n-- next:\nSELECT 1;\nSELECT 2;\n"
                            "-- case: two\n-- hold: LOCK TABLE a\n-- file: SELECT 1;\n");
    ASSERT_EQ(cases.size(), 2U);
    EXPECT_EQ(cases.at(0).id + "|" + cases.at(0).setup, "one|CREATE TABLE a();\n");
    EXPECT_EQ(cases.at(0).from_version, 17);
    ASSERT_EQ(cases.at(0).files.size(), 2U);
    EXPECT_EQ(cases.at(0).files.at(1).statements.size(), 2U);
    EXPECT_THAT(cases.at(1).holds, testing::ElementsAre("LOCK TABLE a"));
    EXPECT_THROW(parse_cases("some", "SELECT 1;"), std::runtime_error);
    EXPECT_THROW(parse_cases("some", "-- case: one\n-- case: two\n-- file: SELECT 1;"), std::runtime_error);
}

TEST(MeasuredCases, HaveDifferentNames) {
    std::set<std::string> seen;
    for (const auto& one : read_cases()) {
        EXPECT_TRUE(seen.insert(one.id).second) << one.id << " twice";
    }
    EXPECT_GE(seen.size(), 1U);
}

} // namespace

} // namespace pgteal::migration::lint::test
