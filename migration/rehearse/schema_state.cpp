#include "migration/rehearse/schema_state.hpp"

#include "migration/schema/compare.hpp"
#include "migration/schema/read.hpp"
#include "postgres/server.hpp"

namespace pgteal::migration::rehearse {

namespace {

constexpr auto patience = std::chrono::minutes(5);

Task<void> read_into(postgres::Dsn database, std::string side, schema::Objects* objects) {
    postgres::Server server(side, database.with_database(""));
    *objects = co_await schema::read(server, database.get("dbname").value_or(""), after(patience));
}

std::string in_words(const schema::Difference& difference) {
    const auto what = difference.kind + " " + difference.identity;
    if (difference.what == schema::Difference::What::missing) {
        return what + " is missing";
    }
    if (difference.what == schema::Difference::What::extra) {
        return what + " is there still";
    }
    std::string text = what;
    for (const auto& change : difference.changes) {
        text += (&change == &difference.changes.front() ? " has another " : " and ") + change.attribute;
    }
    return text;
}

} // namespace

struct SchemaState::Impl {
    schema::Objects objects;
};

SchemaState SchemaState::read(const postgres::Dsn& database, const std::string& side) {
    auto impl = std::make_shared<Impl>();
    run_here([&] { return read_into(database, side, &impl->objects); });
    SchemaState state;
    state.impl_ = std::move(impl);
    return state;
}

std::vector<std::string> SchemaState::differences(const SchemaState& now) const {
    std::vector<std::string> found;
    for (const auto& difference : schema::compare(impl_->objects, now.impl_->objects, {})) {
        if (difference.drift) {
            found.push_back(in_words(difference));
        }
    }
    return found;
}

} // namespace pgteal::migration::rehearse
