#include "migration/files/find_against.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/program.hpp"
#include "migration/files/layout.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration {

namespace {

/// Words of git's answers are for us: no colours, no translation, no pager, no prompt.
postgres::Program git(const std::string& folder, std::vector<std::string> words) {
    postgres::Program program;
    program.argv = {"git", "-C", folder, "--no-pager", "--literal-pathspecs"};
    program.argv.insert(program.argv.end(), std::make_move_iterator(words.begin()),
                        std::make_move_iterator(words.end()));
    program.environment = {{"LC_ALL", "C"}, {"GIT_TERMINAL_PROMPT", "0"}, {"GIT_OPTIONAL_LOCKS", "0"}};
    return program;
}

Task<std::string> ask(std::string folder, std::vector<std::string> words, Deadline deadline) {
    auto program = git(folder, std::move(words));
    const auto output = co_await postgres::run_program(program, deadline);
    if (output.exit_code != 0) {
        throw Error(ErrorCode::program, "controller",
                    postgres::to_string(program) + " failed: " + excerpt(output.err, 300),
                    "Mend that, or leave --against out.");
    }
    co_return output.out;
}

/// The commit that the ref means. Everything after it works with that number.
Task<std::string> commit_of(std::string folder, std::string ref, Deadline deadline) {
    std::vector<std::string> where{"rev-parse", "--is-inside-work-tree"};
    auto inside = git(folder, std::move(where));
    const auto answer = co_await postgres::run_program(inside, deadline);
    if (answer.exit_code != 0) {
        throw Error(ErrorCode::usage, "controller",
                    folder + " is in no git repository: " + excerpt(answer.err, 200),
                    "--against compares with another branch of the repository that holds the migrations.");
    }
    std::vector<std::string> which{"rev-parse", "--verify", "--quiet", "--end-of-options", ref + "^{commit}"};
    auto resolve = git(folder, std::move(which));
    const auto found = co_await postgres::run_program(resolve, deadline);
    // git 2.30 to 2.43 print the option itself before the answer.
    const auto at = found.out.find_last_not_of('\n');
    const auto last = at == std::string::npos ? std::string() : found.out.substr(0, at + 1);
    const auto commit = last.substr(last.find('\n') == std::string::npos ? 0 : last.rfind('\n') + 1);
    const bool number =
        commit.size() >= 40 && commit.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (found.exit_code != 0 || !number) {
        throw Error(ErrorCode::usage, "controller",
                    "the repository of " + folder + " has no " + excerpt(ref, 80),
                    "Fetch it first, such as git fetch origin, and name it as git does: origin/main.");
    }
    co_return commit;
}

std::vector<std::string> split_at_nul(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\0', at), text.size());
        parts.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

/// Nothing for names that are none of a migration: what the other branch has wrong is not for us to refuse.
std::optional<FileName> name_there(const std::string& script, const Layout& layout) {
    try {
        return layout.name_of(script);
    } catch (const Error&) {
        return std::nullopt;
    }
}

} // namespace

std::vector<Collision> collisions(const std::vector<File>& files, const std::vector<Elsewhere>& there) {
    std::vector<std::string> scripts;
    for (const auto& one : there) {
        scripts.push_back(one.script);
    }
    for (const auto& file : files) {
        scripts.push_back(file.script);
    }
    const Layout layout(scripts);
    struct Version {
        std::string version;
        const Elsewhere* file;
    };
    std::vector<Version> versions;
    for (const auto& one : there) {
        const auto name = name_there(one.script, layout);
        if (name && !name->down && !name->repeatable) {
            versions.push_back({name->version, &one});
        }
    }
    const auto newest = std::max_element(versions.begin(), versions.end(), [](const auto& a, const auto& b) {
        return std::is_lt(compare_versions(a.version, b.version));
    });
    std::vector<Collision> found;
    for (const auto& file : files) {
        if (file.repeatable) {
            continue;
        }
        bool known = false;
        for (const auto& [version, other] : versions) {
            if (!std::is_eq(compare_versions(version, file.version))) {
                continue;
            }
            known = true;
            if (other->script != file.script) {
                found.push_back({file.script, other->script, "both have version " + file.version});
            } else if (other->differs && checksum(other->text) != file.checksum) {
                found.push_back({file.script, other->script, "the same version with another content"});
            }
        }
        if (!known && newest != versions.end() &&
            std::is_lt(compare_versions(file.version, newest->version))) {
            found.push_back({file.script, newest->file->script,
                             "version " + file.version + " is below the newest there, " + newest->version});
        }
    }
    return found;
}

Task<std::vector<Elsewhere>> read_ref(std::string folder, std::string ref, std::vector<File> files,
                                      Deadline deadline) {
    const auto commit = co_await commit_of(folder, ref, deadline);
    std::vector<std::string> list{"ls-tree", "-r", "-z", "--name-only", commit};
    const auto listed = co_await ask(folder, std::move(list), deadline);
    std::vector<std::string> diff{"diff",          "-z",           "--name-only", "--relative",
                                  "--no-ext-diff", "--no-renames", commit};
    const auto changed = co_await ask(folder, std::move(diff), deadline);
    const auto names = split_at_nul(changed);
    const std::set<std::string> different(names.begin(), names.end());
    std::set<std::string> here;
    for (const auto& file : files) {
        here.insert(file.script);
    }
    std::vector<Elsewhere> found;
    for (const auto& script : split_at_nul(listed)) {
        if (!script.ends_with(".sql") || ("/" + script).find("/.") != std::string::npos) {
            continue;
        }
        Elsewhere one;
        one.script = script;
        one.differs = !here.contains(script) || different.contains(script);
        if (one.differs && here.contains(script)) {
            std::vector<std::string> show{"cat-file", "blob", commit + ":./" + script};
            one.text = co_await ask(folder, std::move(show), deadline);
        }
        found.push_back(std::move(one));
    }
    co_return found;
}

} // namespace pgteal::migration
