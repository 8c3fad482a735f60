#include "migration/files/layout.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration {

namespace {

namespace fs = std::filesystem;

constexpr const char* another_way = "Give what pgteal applies a folder of its own (names that begin with a "
                                    "dot are left out), or let the tool "
                                    "migrate with command = [...] in [migrate]. Nothing was applied.";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string file_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// The folder that holds it, without those above; "" at the top.
std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : file_of(path.substr(0, slash));
}

/// Prisma's, Diesel's and Hasura's: the folder around it is the migration.
bool is_of_folder(const std::string& path) {
    const auto file = file_of(path);
    return !folder_of(path).empty() && (file == "migration.sql" || file == "up.sql" || file == "down.sql");
}

bool has_letter_of_flyway(const std::string& path) {
    const auto file = file_of(path);
    return file.size() > 2 && std::string_view("VUR").find(file[0]) != std::string_view::npos &&
           file.find("__") != std::string::npos && (is_digit(file[1]) || file[1] == '_');
}

/// In the place of the first ending that fits, another one.
std::optional<std::string> with_ending(const std::string& path,
                                       std::initializer_list<std::string_view> endings,
                                       std::string_view instead) {
    for (const auto ending : endings) {
        if (path.size() > ending.size() && path.ends_with(ending)) {
            return path.substr(0, path.size() - ending.size()) + std::string(instead);
        }
    }
    return std::nullopt;
}

/// postgrator's 001.do.name.sql and 001.undo.name.sql.
std::optional<std::string> without_do(const std::string& file) {
    const auto dot = file.find_first_not_of("0123456789");
    if (dot == 0 || dot == std::string::npos) {
        return std::nullopt;
    }
    for (const std::string_view word : {".do.", ".undo."}) {
        if (file.compare(dot, word.size(), word) == 0) {
            auto rest = file.substr(dot + word.size());
            rest = rest == "sql" ? std::string() : "." + rest.substr(0, rest.size() - 4);
            return file.substr(0, dot) + rest + (word == ".do." ? ".up.sql" : ".down.sql");
        }
    }
    return std::nullopt;
}

std::string tool_of_code(std::string_view ending) {
    struct Known {
        std::string_view ending, tool;
    };
    constexpr Known known[] = {{".rb", "Rails"},
                               {".py", "Django, Alembic or yoyo"},
                               {".exs", "Ecto"},
                               {".php", "a PHP tool"},
                               {".java", "Flyway in Java"},
                               {".kt", "Flyway in Kotlin"},
                               {".js", "a Node tool"},
                               {".ts", "a Node tool"},
                               {".mjs", "a Node tool"},
                               {".cjs", "a Node tool"},
                               {".go", "goose in Go"},
                               {".cs", "Entity Framework"},
                               {".xml", "Liquibase"},
                               {".yaml", "Liquibase or another"},
                               {".yml", "Liquibase or another"},
                               {".json", "Liquibase, pgroll or another"},
                               {".rs", "SeaORM or another"},
                               {".edn", "Migratus"},
                               {".clj", "Migratus"},
                               {".hcl", "Atlas"},
                               {".scala", "a Scala tool"},
                               {".gz", "packed SQL"},
                               {".pgsql", "SQL of another ending"},
                               {".psql", "SQL of another ending"}};
    const auto* found = std::find_if(std::begin(known), std::end(known),
                                     [ending](const Known& one) { return one.ending == ending; });
    return found == std::end(known) ? std::string() : std::string(found->tool);
}

/// "" for a file that is no migration of code: its name has no number, and it is no list of changes.
std::string tool_of(const std::string& path, bool any_sql) {
    const auto file = file_of(path);
    const auto dot = file.rfind('.');
    auto tool = dot == std::string::npos ? std::string() : tool_of_code(std::string_view(file).substr(dot));
    const bool numbered = is_digit(file[0]) || has_letter_of_flyway(path);
    const bool at_top = path.find('/') == std::string::npos;
    return (numbered && at_top) || !any_sql || file.starts_with("changelog") ? tool : std::string();
}

[[noreturn]] void refuse(const std::string& why, const std::string& hint = another_way) {
    throw Error(ErrorCode::migration, "", why, hint);
}

/// Hasura has a folder for each database.
void refuse_several(const std::string& folder, const std::vector<std::string>& nested) {
    std::set<std::string> above;
    for (const auto& path : nested) {
        const auto own = fs::path(path).parent_path().parent_path().generic_string();
        above.insert(own);
    }
    if (above.size() > 1) {
        const auto& one = above.begin()->empty() ? *std::next(above.begin()) : *above.begin();
        refuse(folder + " holds migrations at more than one place, such as " + excerpt(one, 80),
               "Name the one that is meant: migrations = \"" + folder + "/" + excerpt(one, 80) +
                   "\". Nothing was applied.");
    }
}

} // namespace

bool is_sql(const std::string& path) {
    auto ending = path.substr(path.size() - std::min<std::size_t>(4, path.size()));
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending == ".sql";
}

Layout::Layout(const std::vector<std::string>& scripts)
    : scripts_(scripts.begin(), scripts.end()), naming_(Naming::plain) {
    std::vector<std::string> files;
    for (const auto& script : scripts) {
        if (is_of_folder(script)) {
            return; // a folder's name is a number and a word
        }
        files.push_back(file_of(script));
    }
    naming_ = naming_of(files);
}

std::string Layout::spelled(const std::string& script) const {
    const auto file = file_of(script);
    if (is_of_folder(script)) {
        return folder_of(script) + (file == "migration.sql" ? ".sql" : "." + file);
    }
    if (auto done = without_do(file)) {
        return *done;
    }
    if (auto down = with_ending(file, {".rollback.sql", ".undo.sql", ".revert.sql"}, ".down.sql")) {
        return *down;
    }
    for (const std::string separator : {"_", "-"}) {
        const auto before = script.substr(0, script.size() - file.size());
        for (const auto& [own, others] : {std::pair{"up" + separator, "down" + separator},
                                          std::pair{"down" + separator, "up" + separator}}) {
            if (file.starts_with(own) && scripts_.contains(before + others + file.substr(own.size()))) {
                const auto rest = file.substr(own.size(), file.size() - own.size() - 4);
                return rest + (own[0] == 'u' ? ".up.sql" : ".down.sql");
            }
        }
        const auto up = with_ending(script, {separator + "up.sql"}, separator + "down.sql");
        const auto down = with_ending(script, {separator + "down.sql"}, separator + "up.sql");
        if (up && scripts_.contains(*up)) {
            return *with_ending(file, {separator + "up.sql"}, ".up.sql");
        }
        if (down && scripts_.contains(*down)) {
            return *with_ending(file, {separator + "down.sql"}, ".down.sql");
        }
    }
    return file;
}

FileName Layout::name_of(const std::string& script) const {
    return parse_file_name(spelled(script), naming_);
}

void refuse_what_is_left_out(const std::string& folder, const std::vector<std::string>& all) {
    std::vector<std::string> sql;
    std::vector<std::string> nested;
    for (const auto& path : all) {
        if (file_of(path) == "sqitch.plan") {
            refuse(folder + " is Sqitch's: " + path + " has the order, not the names");
        }
        if (is_sql(path)) {
            sql.push_back(path);
        }
    }
    std::copy_if(sql.begin(), sql.end(), std::back_inserter(nested),
                 [](const std::string& path) { return path.find('/') != std::string::npos; });
    for (const auto& path : all) {
        if (const auto tool = is_sql(path) ? std::string() : tool_of(path, !sql.empty()); !tool.empty()) {
            refuse(folder + "/" + path + " is a migration that is no .sql file (" + tool +
                   "), and pgteal applies nothing else");
        }
    }
    if (nested.empty() || std::all_of(sql.begin(), sql.end(), has_letter_of_flyway)) {
        return;
    }
    const auto strange = std::find_if_not(sql.begin(), sql.end(), is_of_folder);
    if (strange == sql.end()) {
        refuse_several(folder, nested);
        return;
    }
    const auto& path = strange->find('/') == std::string::npos ? nested.front() : *strange;
    refuse(path + " of " + folder +
           " lies in a sub-folder, and pgteal knows those of Flyway (V2__x.sql), Prisma (*/migration.sql), "
           "Diesel and Hasura (*/up.sql) only");
}

std::vector<std::string> files_below(const std::string& folder) {
    std::vector<std::string> files;
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        std::error_code ignored;
        if (it->path().filename().string().starts_with('.')) {
            it.disable_recursion_pending();
        } else if (!it->is_directory(ignored)) {
            files.push_back(it->path().lexically_relative(folder).generic_string());
        }
    }
    if (error) {
        throw Error(ErrorCode::file, "controller", "can't read " + folder + ": " + error.message(),
                    "Nothing was applied. Make it readable and run the command again.");
    }
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace pgteal::migration
