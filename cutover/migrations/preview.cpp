#include "cutover/migrations/preview.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cutover/record/digest.hpp"

namespace pgteal::cutover {

namespace {

namespace lint = migration::lint;

std::string_view word_of(lint::Level level) {
    return level == lint::Level::error ? "error" : level == lint::Level::warning ? "warning" : "info";
}

/// One line of text in a table or a list: what would be markup is shown as it is.
std::string plain(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n' || c == '\r') {
            out += ' ';
            continue;
        }
        const bool markup = std::string_view("\\`*_[]<>|#").find(c) != std::string_view::npos;
        out += markup ? std::string("\\") + c : std::string(1, c);
    }
    return out;
}

std::string fenced(const std::string& text) {
    const auto fence = fence_for(text);
    const bool ended = text.empty() || text.back() == '\n';
    return fence + "sql\n" + text + (ended ? "" : "\n") + fence + "\n";
}

/// Below an item of a list.
std::string indented(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        out += i == 0 || text[i - 1] == '\n' ? "    " : "";
        out += text[i];
    }
    return out;
}

std::string counted(std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string findings_word(const PreviewedFile& one) {
    std::string text;
    for (const auto level : {lint::Level::error, lint::Level::warning, lint::Level::info}) {
        const auto count = static_cast<std::size_t>(
            std::ranges::count_if(one.findings, [&](const auto& f) { return f.level == level; }));
        if (count > 0) {
            text += (text.empty() ? "" : ", ") + (level == lint::Level::info
                                                      ? std::to_string(count) + " info"
                                                      : counted(count, std::string(word_of(level))));
        }
    }
    if (!one.not_analysed.empty()) {
        text += (text.empty() ? "" : ", ") + std::to_string(one.not_analysed.size()) + " not analysed";
    }
    return text.empty() ? "none" : text;
}

/// "one" | "statement by statement"
std::string transaction_word(const migration::File& file) {
    return file.transactional ? "one" : "statement by statement";
}

std::string table_row(const std::string& database, const PreviewedFile& one) {
    const auto& file = one.file;
    return fmt::format("| {}{} | {} | {} | {} | {} | {} |\n", database.empty() ? "" : plain(database) + ": ",
                       plain(file.script),
                       file.repeatable ? "repeatable" : std::string(migration::to_string(file.phase)),
                       file.statements.size(), transaction_word(file),
                       file.down ? plain(file.down->script) : "none", findings_word(one));
}

std::string finding_text(const lint::Finding& finding) {
    auto text = fmt::format("- **{}** line {}, `{}`: {}", word_of(finding.level), finding.line, finding.rule,
                            plain(finding.why));
    if (finding.lock != lint::Lock::none) {
        text += fmt::format(" ({}{}{})", lint::to_string(finding.lock),
                            finding.relation.empty() ? "" : " on " + plain(finding.relation),
                            finding.rewrite ? ", rewrite"
                            : finding.scan  ? ", scan"
                                            : "");
    }
    if (!finding.in_place.empty()) {
        text += "\n  - in place: " + plain(finding.in_place);
    }
    if (!finding.on_green.empty()) {
        text += "\n  - on green: " + plain(finding.on_green);
    }
    if (!finding.stream_why.empty()) {
        text += "\n  - replication: " + plain(finding.stream_why);
    }
    if (finding.fix.find(';') != std::string::npos) { // SQL
        text += "\n  - safe form:\n\n" + indented(fenced(finding.fix));
    } else if (!finding.fix.empty()) {
        text += "\n  - safe form: " + plain(finding.fix);
    }
    return text + "\n";
}

std::string section(const std::string& database, const PreviewedFile& one) {
    auto text =
        fmt::format("\n## {}{}\n\n", database.empty() ? "" : plain(database) + ": ", plain(one.file.script));
    for (const auto& finding : one.findings) {
        text += finding_text(finding);
    }
    for (const auto& unknown : one.not_analysed) {
        text += fmt::format("- **not analysed** line {}: {}\n", unknown.line, plain(unknown.why));
    }
    text += (one.findings.empty() && one.not_analysed.empty() ? "" : "\n") + fenced(one.file.text);
    if (one.file.down) {
        text += "\nThe way back, " + plain(one.file.down->script) + ":\n\n" + fenced(one.file.down->text);
    }
    return text;
}

} // namespace

std::string fence_for(const std::string& text) {
    std::size_t longest = 2;
    std::size_t run = 0;
    for (const char c : text) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return std::string(longest + 1, '`');
}

Preview make_preview(std::string database, std::vector<migration::File> files, const lint::Report& report,
                     bool offline) {
    Preview preview{std::move(database), {}, offline};
    for (auto& file : files) {
        PreviewedFile one;
        const auto& name = file.path.empty() ? file.script : file.path; // as the linter names it
        for (const auto& finding : report.findings) {
            if (finding.file == name && finding.suppressed.empty()) {
                one.findings.push_back(finding);
            }
        }
        for (const auto& unknown : report.not_analysed) {
            if (unknown.file == name) {
                one.not_analysed.push_back(unknown);
            }
        }
        one.file = std::move(file);
        preview.files.push_back(std::move(one));
    }
    return preview;
}

std::string hash_of(const std::vector<Preview>& previews) {
    std::string all;
    const auto add = [&all](const std::string& name, const std::string& text) {
        all += std::to_string(name.size()) + " " + name + " " + sha256(text) + "\n";
    };
    for (const auto& preview : previews) {
        for (const auto& one : preview.files) {
            add(preview.database + "/" + one.file.script, one.file.text);
            if (one.file.down) {
                add(preview.database + "/" + one.file.down->script, one.file.down->text);
            }
        }
    }
    return sha256(all);
}

std::string markdown_of(const std::vector<Preview>& previews) {
    std::string table;
    std::string sections;
    std::size_t files = 0;
    bool offline = false;
    for (const auto& preview : previews) {
        offline = offline || preview.offline;
        files += preview.files.size();
        for (const auto& one : preview.files) {
            table += table_row(preview.database, one);
            sections += section(preview.database, one);
        }
    }
    if (files == 0) {
        return "# Migrations\n\nNothing is pending.\n";
    }
    return "# Migrations\n\n" + counted(files, "file") + ", in this order. SHA-256 of all of them: `" +
           hash_of(previews) + "`\n\n" +
           "| file | phase | statements | transaction | way back | findings |\n"
           "| --- | --- | --- | --- | --- | --- |\n" +
           table +
           (offline ? "\nThe findings were made without the database's catalogs: what depends on them is "
                      "guessed.\n"
                    : "") +
           sections;
}

} // namespace pgteal::cutover
