// What judge_streams() has to say, and the parts it is made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migration/lint/judges/streams.hpp"

namespace pgteal::migration::lint {

/// One thing that a statement means for the lanes.
struct StreamSaying {
    std::string what;     ///< rule "stream-<what>", when no other rule speaks of it
    std::string relation; ///< "schema.table"
    Stream forward = Stream::ok, reverse = Stream::ok;
    bool certain = true; ///< false: only once certain data comes
    std::string why;
    std::string fix;
    std::vector<std::string_view> beside; ///< rules whose finding carries it, when there is one
    std::size_t at = 0;
};

class Streams {
public:
    Streams(const View& view, const World& world, std::vector<Finding>& findings)
        : view_(view), world_(world), findings_(findings) {}

    [[nodiscard]] const View& view() const { return view_; }
    [[nodiscard]] const World& world() const { return world_; }
    void say(StreamSaying saying);

    /// A table that lanes carry already: not made by these files, no view.
    [[nodiscard]] bool carried(const std::string& table) const;
    /// Every one of them was added by these files: nothing is sent for them.
    [[nodiscard]] bool all_new(const std::string& table, const std::vector<std::string>& columns) const;
    /// Trees of the statements that come after this one in its file.
    [[nodiscard]] std::vector<Tree> later() const;

private:
    const View& view_;
    const World& world_;
    std::vector<Finding>& findings_;
};

inline constexpr const char* at_next_write = "at blue's next write to the table";

// One family of statements each.
void stream_alter_table(Streams& streams);
void stream_rename(Streams& streams);
void stream_drop(Streams& streams);
void stream_types(Streams& streams);
void stream_composites(Streams& streams);
void stream_new_objects(Streams& streams);
void stream_rows(Streams& streams);

/// ALTER COLUMN TYPE.
void stream_change_type(Streams& streams, const std::string& table, const Node& command);
/// The tables that foreign keys in `definition` (a table's or a column's) reference: blue can't truncate them
/// alone.
void stream_truncated_parents(Streams& streams, const std::string& table, const Node& definition);
/// ADD or DROP of a constraint.
void stream_add_constraint(Streams& streams, const std::string& table, const Node& command);
void stream_drop_constraint(Streams& streams, const std::string& table, const Node& command);

} // namespace pgteal::migration::lint
