// From a file's bytes to a migration.
#include <algorithm>

#include "base/error.hpp"
#include "migration/files/directive.hpp"
#include "migration/files/find.hpp"
#include "migration/files/halves.hpp"
#include "migration/files/text.hpp"

namespace pgteal::migration {

namespace {

/// Text that PostgreSQL can take, without byte order mark.
std::string readable(const std::string& script, const std::string& bytes) {
    auto refuse = [&script, &bytes](std::size_t offset, const std::string& why, std::string hint) {
        throw Error(ErrorCode::migration, "",
                    script + ":" + std::to_string(line_at(bytes, offset)) + ": " + why, std::move(hint));
    };
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
        refuse(0, "the file is UTF-16", "Save it as UTF-8; nothing was applied.");
    }
    if (const auto nul = bytes.find('\0'); nul != std::string::npos) {
        refuse(nul, "a NUL byte", "PostgreSQL can't take it. Mend the file; nothing was applied.");
    }
    if (const auto invalid = first_invalid_utf8(bytes)) {
        refuse(*invalid, "not valid UTF-8", "Save the file as UTF-8; nothing was applied.");
    }
    return std::string(without_bom(bytes));
}

/// One transaction can hold them all.
bool fit_together(const std::vector<Statement>& statements) {
    return std::all_of(statements.begin(), statements.end(),
                       [](const auto& one) { return one.transactional && !one.backfill; });
}

Down down_of(const std::string& script, std::string text) {
    Down down;
    down.path = script;
    down.script = script;
    down.text = std::move(text);
    down.statements = split_statements(script, down.text);
    const auto head = read_directives(script, down.text, 0, skip_blank(down.text), true);
    down.transactional = !head.no_transaction && fit_together(down.statements);
    return down;
}

} // namespace

File parse_file(const std::string& script, const std::string& bytes, const FileName& name) {
    if (name.down) {
        throw Error(ErrorCode::migration, "", script + ": takes a migration back and is none by itself",
                    "Give the forward file, or the folder that holds both.");
    }
    File file;
    file.script = script;
    file.path = script;
    file.version = name.version;
    file.name = name.name;
    file.repeatable = name.repeatable;
    const auto whole = readable(script, bytes);
    file.checksum = checksum(whole);
    auto halves = halves_of(script, whole);
    file.text = std::move(halves.up);
    file.statements = split_statements(script, file.text);
    if (file.statements.empty()) {
        throw Error(ErrorCode::migration, "", script + ": holds no statement",
                    "Write its SQL or remove the file; nothing was applied.");
    }
    const auto head = read_directives(script, file.text, 0, skip_blank(file.text), true);
    file.no_transaction_asked = head.no_transaction || halves.up_alone;
    file.transactional = !file.no_transaction_asked && fit_together(file.statements);
    file.phase = head.phase.value_or(Phase::expand);
    if (file.repeatable && file.phase == Phase::contract) {
        throw Error(ErrorCode::migration, "",
                    script + ": a repeatable migration is applied with every release: it has no phase",
                    "Give what has to wait for finish a version of its own; nothing was applied.");
    }
    if (halves.down) {
        file.down = down_of(script, std::move(*halves.down));
        file.down->transactional = file.down->transactional && !halves.down_alone;
    }
    return file;
}

File parse_file(const std::string& script, const std::string& bytes) {
    return parse_file(script, bytes, parse_file_name(script, naming_of({script})));
}

Down parse_down(const std::string& script, const std::string& bytes) {
    return down_of(script, readable(script, bytes));
}

} // namespace pgteal::migration
