#include <algorithm>

#include "migration/lint/judges/stream_say.hpp"

namespace pgteal::migration::lint {

namespace {

/// As grave as the graver of its directions: what breaks for certain, or silently, is no advice.
Level level_of(const StreamSaying& saying) {
    const auto either = [&saying](Stream stream) {
        return saying.forward == stream || saying.reverse == stream;
    };
    if (either(Stream::stops) || either(Stream::diverges) || either(Stream::publisher) ||
        either(Stream::cannot_start)) {
        if (saying.certain) {
            return Level::error;
        }
        return either(Stream::diverges) ? Level::warning : Level::info;
    }
    return Level::info;
}

} // namespace

void Streams::say(StreamSaying saying) {
    const auto put = [&saying](Finding& finding) {
        finding.forward = saying.forward;
        finding.reverse = saying.reverse;
        finding.stream_why = saying.why;
        if (finding.on_green.empty() && (saying.forward != Stream::ok || saying.certain)) {
            finding.on_green = saying.why;
        }
    };
    for (auto& finding : findings_) {
        const bool free = finding.stream_why.empty() && finding.relation == saying.relation;
        if (free && std::ranges::find(saying.beside, finding.rule) != saying.beside.end()) {
            put(finding);
            return;
        }
    }
    const bool quiet = (saying.forward == Stream::ok || saying.forward == Stream::column_list) &&
                       (saying.reverse == Stream::ok || saying.reverse == Stream::column_list);
    if (quiet) {
        return; // worth a word beside a finding, not one of its own
    }
    auto finding = view_.finding("stream-" + saying.what, level_of(saying), saying.at);
    finding.relation = saying.relation;
    finding.why = saying.why;
    finding.fix = saying.fix;
    put(finding);
    findings_.push_back(std::move(finding));
}

bool Streams::carried(const std::string& table) const {
    const auto* known = world_.table(table);
    if (known == nullptr) {
        return true; // offline: most likely
    }
    const auto& kind = known->now.kind;
    return !world_.is_new(table) && (kind.empty() || kind == "r" || kind == "p") &&
           known->now.persistence != "t";
}

bool Streams::all_new(const std::string& table, const std::vector<std::string>& columns) const {
    return !columns.empty() && std::ranges::all_of(columns, [&](const auto& column) {
        return world_.is_new_column(table, column);
    });
}

std::vector<Tree> Streams::later() const {
    std::vector<Tree> trees;
    bool passed = false;
    for (const auto& statement : view_.file.statements) {
        constexpr std::size_t far_enough = 100; // each statement looks ahead: a file may hold thousands
        if (trees.size() >= far_enough) {
            break;
        }
        if (passed && statement.analysed) {
            trees.push_back(parse(statement.text));
        }
        passed = passed || (statement.line == view_.statement.line && statement.text == view_.statement.text);
    }
    return trees;
}

void judge_streams(const View& view, const World& world, std::vector<Finding>& findings) {
    if (view.file.phase == Phase::contract) {
        return; // after finish there are no lanes
    }
    Streams streams(view, world, findings);
    stream_alter_table(streams);
    stream_rename(streams);
    stream_drop(streams);
    stream_types(streams);
    stream_composites(streams);
    stream_new_objects(streams);
    stream_rows(streams);
}

} // namespace pgteal::migration::lint
