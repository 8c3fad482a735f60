#include "cutover/gate/comments.hpp"

#include "cutover/gate/changed_schema.hpp"
#include "cutover/gate/role_digests.hpp"
#include "migration/schema/statement.hpp"

namespace pgteal::cutover {

namespace {

Comments comments_of(const migration::schema::Objects& objects) {
    Comments comments;
    for (const auto& object : objects.list) {
        // An extension's is its control file's, a publication's stays where it is.
        if (object.kind == "extension" || object.kind == "publication") {
            continue;
        }
        comments[migration::schema::named(object)]; // it is there
        for (const auto& [attribute, value] : object.attributes) {
            const auto [what, column] = migration::schema::split_attribute(attribute);
            if (what == "comment") {
                comments[column.empty() ? migration::schema::named(object)
                                        : "COLUMN " + object.name + "." + column] = value;
            }
        }
    }
    return comments;
}

} // namespace

Task<Comments> read_comments(Estate* estate, Side side, std::string database, Deadline deadline) {
    const auto objects = co_await schema_objects(estate, side, std::move(database), deadline);
    co_return comments_of(objects);
}

boost::json::object comment_digests(const Comments& comments) {
    boost::json::object object;
    for (const auto& [name, text] : comments) {
        if (!text.empty()) {
            object[name] = digest_of(text);
        }
    }
    return object;
}

} // namespace pgteal::cutover
