#include "cutover/cli/cli.hpp"

#include "cutover/config/keys.hpp"
#include "cutover/engine/refused.hpp"
#include "cutover/runbook/runbook.hpp"
#include "tests/cutover/toy.hpp"

namespace pgteal::cutover {
namespace {

using testing::HasSubstr;
using testing::Not;

Parsed parse(std::vector<std::string> words) {
    words.insert(words.begin(), "pgteal");
    std::vector<char*> pointers;
    for (auto& word : words) {
        pointers.push_back(word.data());
    }
    return parse_command_line(static_cast<int>(pointers.size()), pointers.data());
}

const std::vector<std::string> all_commands{"check",   "plan",        "prepare", "status",  "compare",
                                            "cutover", "switch-back", "resume",  "abort",   "finish",
                                            "migrate", "serve",       "docs",    "approve", "audit"};

TEST(CommandLine, HelpIsNoError) {
    const auto help = parse({"--help"});
    EXPECT_EQ(help.exit, Exit::done);
    EXPECT_FALSE(help.options);
    for (const auto& command : all_commands) {
        EXPECT_THAT(help.text, HasSubstr("  " + command + " ")) << command;
    }
    EXPECT_THAT(help.text, HasSubstr("Exit codes: 0 done"));
    const auto of_one = parse({"cutover", "--help"});
    EXPECT_EQ(of_one.exit, Exit::done);
    EXPECT_THAT(of_one.text, HasSubstr("--dry-run"));
}

TEST(CommandLine, KnowsItsVersion) {
    const auto version = parse({"--version"});
    EXPECT_EQ(version.exit, Exit::done);
    EXPECT_THAT(version.text, testing::MatchesRegex("pgteal [0-9]+[.][0-9]+[.][0-9]+\n"));
}

TEST(CommandLine, WhatMakesNoSenseIsAUsageError) {
    const std::vector<std::vector<std::string>> mistakes{{},
                                                         {"cut-over"},
                                                         {"--jsn", "status"},
                                                         {"status", "--dry-run"},
                                                         {"cutover", "--watch"},
                                                         {"cutover", "now"},
                                                         {"migrate"},
                                                         {"migrate", "everything"},
                                                         {"docs"},
                                                         {"docs", "poem"},
                                                         {"status", "-c"},
                                                         {"status", "cutover"}};
    for (const auto& words : mistakes) {
        const auto parsed = parse(words);
        EXPECT_EQ(parsed.exit, Exit::usage) << testing::PrintToString(words);
        EXPECT_FALSE(parsed.options) << testing::PrintToString(words);
        EXPECT_FALSE(parsed.text.empty()) << testing::PrintToString(words);
    }
}

TEST(CommandLine, TakesEveryCommand) {
    for (const auto& command : all_commands) {
        auto words = std::vector<std::string>{command};
        if (command == "migrate") {
            words.emplace_back("apply");
        } else if (command == "docs") {
            words.emplace_back("runbook");
        } else if (command == "approve") {
            words.insert(words.end(), {"--as", "Ada"});
        }
        const auto parsed = parse(words);
        ASSERT_TRUE(parsed.options) << command << ": " << parsed.text;
        EXPECT_EQ(parsed.options->command, command);
        EXPECT_NE(find_command(command), nullptr) << command;
    }
    EXPECT_EQ(find_command("explode"), nullptr);
}

TEST(CommandLine, TakesOptionsBeforeAndAfterTheCommand) {
    for (const auto& words :
         {std::vector<std::string>{"--json", "-q", "-v", "-c", "/x.toml", "cutover", "--dry-run"},
          std::vector<std::string>{"cutover", "--dry-run", "-c", "/x.toml", "--quiet", "--verbose",
                                   "--json"}}) {
        const auto parsed = parse(words);
        ASSERT_TRUE(parsed.options) << parsed.text;
        EXPECT_EQ(parsed.options->command, "cutover");
        EXPECT_EQ(parsed.options->config_path, "/x.toml");
        EXPECT_TRUE(parsed.options->json);
        EXPECT_TRUE(parsed.options->quiet);
        EXPECT_TRUE(parsed.options->verbose);
        EXPECT_TRUE(parsed.options->dry_run);
        EXPECT_FALSE(parsed.options->watch);
    }
    const auto plain = parse({"status"});
    EXPECT_FALSE(plain.options->json || plain.options->quiet || plain.options->verbose ||
                 plain.options->dry_run || plain.options->watch);
    EXPECT_TRUE(parse({"status", "--watch"}).options->watch);
    EXPECT_TRUE(parse({"switch-back", "--dry-run"}).options->dry_run);
    EXPECT_EQ(parse({"migrate", "status"}).options->argument, "status");
}

TEST(CommandLine, FindsTheConfigInTheEnvironment) {
    ::unsetenv("PGTEAL_CONFIG");
    EXPECT_EQ(parse({"status"}).options->config_path, "pgteal.toml");
    ::setenv("PGTEAL_CONFIG", "/etc/other.toml", 1);
    EXPECT_EQ(parse({"status"}).options->config_path, "/etc/other.toml");
    EXPECT_EQ(parse({"status", "-c", "/mine.toml"}).options->config_path, "/mine.toml");
    ::setenv("PGTEAL_CONFIG", "", 1);
    EXPECT_EQ(parse({"status"}).options->config_path, "pgteal.toml");
    ::unsetenv("PGTEAL_CONFIG");
}

TEST(ExitCode, FollowsFromTheKindOfErrorAndWhetherAnythingWasTouched) {
    struct Row {
        ErrorCode code;
        Exit untouched;
        Exit touched;
    };
    const std::vector<Row> table{
        {ErrorCode::usage, Exit::usage, Exit::usage},
        {ErrorCode::config, Exit::usage, Exit::failed},
        {ErrorCode::refused, Exit::refused, Exit::failed},
        {ErrorCode::wrong_state, Exit::refused, Exit::failed},
        {ErrorCode::busy, Exit::refused, Exit::failed},
        {ErrorCode::file, Exit::refused, Exit::failed},
        {ErrorCode::unreachable, Exit::refused, Exit::failed},
        {ErrorCode::privilege, Exit::refused, Exit::failed},
        {ErrorCode::server, Exit::refused, Exit::failed},
        {ErrorCode::connection_lost, Exit::refused, Exit::failed},
        {ErrorCode::deadline, Exit::refused, Exit::failed},
        {ErrorCode::program, Exit::failed, Exit::failed},
        {ErrorCode::conflict, Exit::refused, Exit::failed},
        {ErrorCode::migration, Exit::failed, Exit::failed},
        {ErrorCode::damage, Exit::failed, Exit::failed},
        {ErrorCode::internal, Exit::failed, Exit::failed},
    };
    for (const auto& row : table) {
        EXPECT_EQ(exit_code(row.code, false), row.untouched) << name(row.code);
        EXPECT_EQ(exit_code(row.code, true), row.touched) << name(row.code);
    }
}

TEST(ErrorDocument, HasCodeMessageSideHintAndWhatElseRefuses) {
    const auto document =
        error_document(Error(ErrorCode::refused, "blue", "it said \"no\"", "pgteal status"));
    EXPECT_EQ(
        boost::json::serialize(document),
        R"({"error":{"code":"refused","message":"it said \"no\"","side":"blue","hint":"pgteal status","others":[]}})");
    const Refused more("blue", "one", "do", {{"pgb1", "two", "mend"}});
    EXPECT_EQ(boost::json::serialize(error_document(more).at("error").at("others")),
              R"([{"side":"pgb1","message":"two","hint":"mend"}])");
}

/// Whole commands that end before they connect to anything.
struct Ran {
    Exit exit = Exit::done;
    std::string out;
    std::string err;
};
Ran run(const std::vector<std::string>& words) {
    const auto parsed = parse(words);
    EXPECT_TRUE(parsed.options) << parsed.text;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Ran ran;
    ran.exit = run_command(*parsed.options);
    ran.out = testing::internal::GetCapturedStdout();
    ran.err = testing::internal::GetCapturedStderr();
    return ran;
}

class Commands : public testing::Test {
protected:
    Commands() {
        auto text = toys::small_config;
        text.replace(text.find("/nowhere"), 8, folder.file("state"));
        toys::write_file(config, text);
    }
    toys::Folder folder;
    std::string config = folder.file("pgteal.toml");
};

TEST_F(Commands, WithoutAConfigSayWhereItIsLookedFor) {
    const auto ran = run({"status", "-c", "/no/such/pgteal.toml"});
    EXPECT_EQ(ran.exit, Exit::usage);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "  error       can't read the config file /no/such/pgteal.toml\n"
                       "              Nothing was changed; clients are served as before.\n"
                       "              name it with -c FILE or $PGTEAL_CONFIG\n");
}

TEST_F(Commands, ThatNeedARunAreRefusedWithoutOne) {
    for (const auto* command : {"cutover", "switch-back", "finish"}) {
        const auto ran = run({command, "-c", config});
        EXPECT_EQ(ran.exit, Exit::refused) << command;
        EXPECT_EQ(ran.out, "") << command;
        EXPECT_EQ(ran.err, "  refused     " + std::string(command) +
                               " needs a prepared run, and there is none\n"
                               "              Nothing was changed; clients are served as before.\n"
                               "              pgteal prepare\n");
    }
    EXPECT_THAT(run({"abort", "-c", config}).err, HasSubstr("refused     there is no run to abort"));
    EXPECT_THAT(run({"resume", "-c", config}).err, HasSubstr("refused     there is no run to resume"));
}

TEST_F(Commands, AreRefusedWhileAnotherControllerWorks) {
    const auto held = Journal::open(folder.file("state"), "toy", "prepare");
    for (const auto* command : {"prepare", "cutover", "switch-back", "resume", "abort", "finish"}) {
        const auto ran = run({command, "-c", config});
        EXPECT_EQ(ran.exit, Exit::refused) << command;
        EXPECT_THAT(ran.err, HasSubstr("another pgteal works on this run: pgteal prepare, pid " +
                                       std::to_string(::getpid())))
            << command;
    }
}

TEST_F(Commands, WithJsonGiveOneDocumentOnStdoutAndNothingElse) {
    const auto ran = run({"cutover", "--json", "-c", config});
    EXPECT_EQ(ran.exit, Exit::refused);
    EXPECT_EQ(ran.err, "");
    const auto document = boost::json::parse(ran.out);
    EXPECT_EQ(document.at("error").at("code").as_string(), "wrong_state");
    EXPECT_EQ(document.at("error").at("hint").as_string(), "pgteal prepare");
}

TEST_F(Commands, DocsRunbookHasEveryStepOnce) {
    const auto ran = run({"docs", "runbook", "-c", "/no/such/file"});
    EXPECT_EQ(ran.exit, Exit::done);
    EXPECT_EQ(ran.err, "");
    const auto estate = toys::estate_of(toys::small_config);
    auto journal = Journal::scratch();
    Executor executor(*estate, journal);
    Context context{*estate, journal, executor};
    Steps steps;
    for (const auto& row : runbook()) {
        steps.push_back(step_of(row.id, context));
    }
    std::size_t before = 0;
    for (const auto& step : steps) {
        const auto row = "\n| `" + step.id + "` | ";
        const auto at = ran.out.find(row);
        ASSERT_NE(at, std::string::npos) << step.id;
        EXPECT_EQ(ran.out.find(row, at + 1), std::string::npos) << step.id << " is there twice";
        EXPECT_GT(at, before) << step.id << " is out of order";
        before = at;
        EXPECT_STRNE(step.title, "") << step.id;
        EXPECT_STRNE(step.makes_true, "") << step.id;
        EXPECT_TRUE(step.observe && step.unseen.todo) << step.id;
        EXPECT_TRUE(!step.unseen.back || step.recovery == Recovery::undo)
            << step.id << " has an undo that is never called";
    }
}

TEST_F(Commands, DocsConfigAndSchemaHaveEveryKey) {
    const auto page = run({"docs", "config"});
    const auto schema = run({"docs", "schema"});
    EXPECT_EQ(page.exit, Exit::done);
    EXPECT_EQ(schema.exit, Exit::done);
    const auto properties = boost::json::parse(schema.out).at("properties").as_object();
    EXPECT_EQ(properties.size(), config_sections().size());
    for_each_section([&](const auto& section) {
        EXPECT_THAT(page.out, HasSubstr("\n## " + section.title() + "\n"));
        const auto& found = properties.at(section.name);
        const auto& keys = (section.many == nullptr ? found : found.at("items")).at("properties");
        EXPECT_EQ(keys.as_object().size(), section.keys.size()) << section.name;
        for (const auto& key : section.keys) {
            EXPECT_THAT(page.out, HasSubstr("| `" + std::string(key.name) + "` | ")) << key.name;
            EXPECT_TRUE(keys.as_object().contains(key.name)) << key.name;
        }
    });
}

} // namespace
} // namespace pgteal::cutover
