// What an approval is bound to: the meaning of the config, and the bytes of the migrations.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.hpp"
#include "cutover/config/views.hpp"
#include "cutover/record/approvals.hpp"
#include "cutover/record/digest.hpp"
#include "migration/files/layout.hpp"

namespace pgteal::cutover {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void unreadable(const fs::path& path, const std::string& why) {
    throw Error(ErrorCode::file, "controller", "can't read " + path.string() + ": " + why,
                "make it readable, then run the command again");
}

std::string digest_of_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (!in || in.bad()) {
        unreadable(path, "it can't be opened or read");
    }
    return sha256(bytes);
}

/// What find_migrations() reads; for another tool, whatever is there.
void add_folder(Subject& subject, const std::string& database, const fs::path& folder, bool every_file) {
    for (const auto& path : migration::files_below(folder.string())) {
        std::error_code ignored;
        if ((every_file || migration::is_sql(path)) && fs::is_regular_file(folder / path, ignored)) {
            subject.files[database + "/" + path] = digest_of_file(folder / path);
        }
    }
}

} // namespace

Subject subject_of(const Config& config) {
    Subject subject;
    subject.config = sha256(boost::json::serialize(meaning_of(config)));
    for (const auto& database : config.databases) {
        if (!database.migrations.empty()) {
            add_folder(subject, database.name, database.migrations, !config.migrate.command.empty());
        }
    }
    return subject;
}

} // namespace pgteal::cutover
