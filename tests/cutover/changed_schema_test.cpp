// What of a schema is not as recorded, by name.
#include "cutover/gate/changed_schema.hpp"

namespace pgteal::cutover {
namespace {

using migration::schema::Object;
using migration::schema::Objects;

Object object(const std::string& kind, const std::string& name, const std::string& parent = {}) {
    Object one;
    one.kind = kind;
    one.identity = name;
    one.name = name;
    one.parent = parent;
    return one;
}

TEST(ChangedSchema, NamesWhatIsNewWithWhatTakesItAway) {
    Objects was{150000, {object("table", "public.t"), object("column", "public.t.id", "public.t")}};
    const auto recorded = fingerprints(was);
    EXPECT_EQ(name_changes(recorded, was).what, "");
    was.list.push_back(object("table", "public.x"));
    was.list.push_back(object("column", "public.x.a", "public.x"));
    const auto made = name_changes(recorded, was);
    EXPECT_EQ(made.what, "new: table public.x");
    EXPECT_EQ(made.drops, "DROP TABLE public.x;");
}

TEST(ChangedSchema, OffersNothingToTypeWhereSomethingElseChangedToo) {
    const Objects was{150000, {object("table", "public.t"), object("view", "public.v")}};
    Objects now{150000, {object("table", "public.t"), object("table", "public.x")}};
    now.list[0].attributes["owner"] = "eve";
    const auto change = name_changes(fingerprints(was), now);
    EXPECT_EQ(change.what,
              "new: table public.x; not as it was: table public.t (changed), view public.v (gone)");
    EXPECT_EQ(change.drops, "");
}

} // namespace
} // namespace pgteal::cutover
