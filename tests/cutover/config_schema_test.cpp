// The schema for editors says of a config what the reader says, asked of a validator that isn't ours.
#include <boost/json.hpp>

#include "base/program.hpp"
#include "cutover/config/views.hpp"
#include "tests/cutover/full_config.hpp"
#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string root = PGTEAL_SOURCE_DIR;

Task<void> run(postgres::Program program, postgres::ProgramOutput* output) {
    *output = co_await postgres::run_program(std::move(program), after(std::chrono::minutes(5)));
}

/// What the schema has against each text, "" when nothing.
std::vector<std::string> said_of(const std::vector<std::string>& texts) {
    const toys::Folder folder;
    std::vector<std::string> argv{"python3", root + "/tests/cutover/config_schema.py",
                                  folder.file("schema.json")};
    toys::write_file(argv.back(), config_schema());
    for (const auto& text : texts) {
        argv.push_back(folder.file(std::to_string(argv.size()) + ".toml"));
        toys::write_file(argv.back(), text);
    }
    postgres::ProgramOutput output;
    run_here([&] { return run({argv, {}}, &output); });
    EXPECT_EQ(output.exit_code, 0) << output.err << "scripts/setup installs python3-jsonschema";
    std::vector<std::string> said;
    if (output.exit_code == 0) {
        const auto answers = boost::json::parse(output.out);
        for (const auto& one : answers.as_array()) {
            said.emplace_back(one.as_string());
        }
    }
    said.resize(texts.size(), "it was not asked");
    return said;
}

/// The first block of that language.
std::string block_of(const std::string& page, const std::string& language) {
    const auto text = toys::read_file(root + "/" + page);
    const auto from = text.find("```" + language + "\n") + language.size() + 4;
    return text.substr(from, text.find("```", from) - from);
}

TEST(ConfigSchema, TakesWhatTheReaderTakes) {
    const std::vector<std::string> good{toys::full,
                                        toys::small_config,
                                        block_of("README.md", "toml"),
                                        toys::read_file(root + "/docker/pgteal.toml"),
                                        toys::changed(toys::full, "\"750ms\"", "\"00100 ms\""),
                                        toys::changed(toys::full, "\"750ms\"", "\"24d\"")};
    for (const auto& text : good) {
        EXPECT_NO_THROW(parse_config(text, "pgteal.toml")) << text;
    }
    EXPECT_THAT(said_of(good), testing::Each(IsEmpty()));
}

TEST(ConfigSchema, RefusesWhatTheReaderRefuses) {
    std::vector<std::string> bad{"", toys::small_config.substr(0, toys::small_config.find("[[pooler]]"))};
    for (const auto& mistake : toys::mistakes) {
        if (!mistake.for_the_reader) {
            bad.push_back(toys::changed(toys::full, mistake.from, mistake.to));
        }
    }
    const auto said = said_of(bad);
    for (std::size_t i = 0; i < bad.size(); ++i) {
        EXPECT_EQ(toys::error_of([&] { parse_config(bad[i], "pgteal.toml"); }).code(), ErrorCode::config);
        EXPECT_FALSE(said[i].empty()) << bad[i];
    }
    EXPECT_THAT(said[2], HasSubstr("'lane' was unexpected"));
}

} // namespace
} // namespace pgteal::cutover
