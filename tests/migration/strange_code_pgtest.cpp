// Nobody becomes a superuser by what pgteal reads or writes as the record of migrations.
#include "tests/migration/shared.hpp"

namespace pgteal::migration {
namespace {

using testing::HasSubstr;

class StrangeCode : public OnGreen {
protected:
    StrangeCode() {
        role_ = database_ + "_eve";
        maintenance("CREATE ROLE " + role_);
        maintenance("ALTER DATABASE " + database_ + " OWNER TO " + role_);
        as_eve("CREATE SCHEMA e; CREATE FUNCTION e.act() RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF (SELECT "
               "rolsuper "
               "FROM pg_roles WHERE rolname = current_user) THEN ALTER ROLE " +
               role_ +
               " SUPERUSER; END IF; RETURN 1; END $$; CREATE FUNCTION e.z() RETURNS int IMMUTABLE LANGUAGE "
               "plpgsql "
               "AS $$ BEGIN PERFORM e.act(); RETURN 1; END $$; CREATE FUNCTION e.t() RETURNS trigger "
               "LANGUAGE plpgsql "
               "AS $$ BEGIN PERFORM e.act(); RETURN NEW; END $$");
    }

    void as_eve(const std::string& text) const { sql("SET ROLE " + role_ + "; " + text); }

    /// Refused on its way, with SQL that mends it.
    void expect_refused(const std::function<void()>& call, const std::string& what) const {
        const auto error = error_of(call);
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), ErrorCode::migration);
        EXPECT_THAT(error->what(), HasSubstr(what));
        EXPECT_EQ(value("SELECT rolsuper FROM pg_roles WHERE rolname = '" + role_ + "'"), "f");
        const auto hint = error->hint();
        const auto from = hint.find(":  ");
        const auto to = hint.find(" Then run");
        ASSERT_NE(from, std::string::npos);
        ASSERT_NE(to, std::string::npos);
        as_eve(hint.substr(from + 3, to - from - 3));
    }

    std::string role_;
};

TEST_F(StrangeCode, PgtealsOwnTablesAreASuperusers) {
    const auto read = [this] { history(dsn()); };
    as_eve("CREATE SCHEMA pgteal_migrations");
    expect_refused(read, "schema pgteal_migrations on green belongs to " + role_);
    as_eve("DROP SCHEMA pgteal_migrations_of_others");
    as_eve(
        "CREATE SCHEMA pgteal_migrations; CREATE VIEW pgteal_migrations.history AS SELECT e.act()::text AS "
        "version, "
        "''::text AS name, ''::text AS script, ''::text AS checksum, now() AS applied_at, 0::float8 AS ms, "
        "'applied'::text AS state, 0 AS statements_done, ''::text AS done_checksum");
    expect_refused([this] { apply_texts({"SELECT 1;"}); }, "belongs to " + role_);
    EXPECT_FALSE(exists("pgteal_migrations.history"));
    EXPECT_EQ(apply_texts({"SELECT 1;"}).size(), 1U) << "once it is out of the way";
    sql("GRANT ALL ON SCHEMA pgteal_migrations TO " + role_);
    sql("DROP TABLE pgteal_migrations.progress");
    as_eve("CREATE VIEW pgteal_migrations.progress AS SELECT e.act()");
    const auto error = error_of(read);
    ASSERT_TRUE(error);
    EXPECT_THAT(error->what(), HasSubstr("pgteal_migrations.progress on green belongs to"));
}

TEST_F(StrangeCode, FlywaysTableIsPlain) {
    options_.history = history_table("flyway", "public.flyway_schema_history");
    sql("GRANT CREATE ON SCHEMA public TO " + role_);
    const std::vector<std::string> one{"SELECT 1;"};
    apply_texts(one); // as Flyway makes it, and eve's
    const std::string table = "ALTER TABLE public.flyway_schema_history ";
    const std::vector<std::pair<std::string, std::string>> strange{
        {table + "ALTER installed_on SET DEFAULT now() + e.z() * interval '0'", "has a default"},
        {table + "ALTER description SET DEFAULT query_to_xml('SELECT e.act()', true, true, '')::text",
         "has a default"},
        {table + "ADD CHECK (e.z() = 1)", "has a CHECK"},
        {table + "ADD made int GENERATED ALWAYS AS (installed_rank + e.z()) STORED",
         "has a generated column"},
        {"CREATE RULE r AS ON INSERT TO public.flyway_schema_history DO ALSO SELECT e.act()", "has a rule"},
        {"CREATE TRIGGER t BEFORE INSERT ON public.flyway_schema_history FOR EACH ROW EXECUTE FUNCTION "
         "e.t(); " +
             table + "ENABLE ALWAYS TRIGGER t",
         "has a trigger"},
        {"CREATE INDEX i ON public.flyway_schema_history ((installed_rank + e.z()))", "has an index"},
        {"CREATE INDEX i ON public.flyway_schema_history (installed_rank) WHERE installed_rank > e.z()",
         "has an index"},
        {"CREATE STATISTICS public.s ON (installed_rank + e.z()), version FROM public.flyway_schema_history",
         "has extended statistics"},
        {"CREATE TABLE public.child () INHERITS (public.flyway_schema_history)", "that inherit from it"},
        {"CREATE TABLE public.other (r int PRIMARY KEY, CHECK (e.z() = 1)); INSERT INTO public.other SELECT "
         "1; " +
             table + "ADD FOREIGN KEY (installed_rank) REFERENCES public.other",
         "has a foreign key"},
        {"CREATE TYPE e.moment AS (t timestamp); " + table + "ADD more e.moment",
         "has a column of a user's type"},
        {table + "ENABLE ROW LEVEL SECURITY", "has row security"},
        {table +
             "RENAME TO real; CREATE VIEW public.flyway_schema_history AS SELECT installed_rank, version, "
             "description, type, script, checksum, installed_by, installed_on, execution_time, e.act() = 1 "
             "AS "
             "success FROM public.real",
         "is no ordinary table"}};
    for (const auto& [text, what] : strange) {
        SCOPED_TRACE(text);
        as_eve(text);
        expect_refused([&] { history(dsn(), "green", options_.history); }, what);
        if (HasFatalFailure()) {
            return;
        }
    }
    as_eve("ALTER TABLE public.real RENAME TO flyway_schema_history");
    EXPECT_EQ(apply_texts({"SELECT 1;", "SELECT 2;"}).size(), 1U);
}

TEST_F(StrangeCode, FlywaysTableIsPlainAtTheMomentOfTheWrite) {
    options_.history = history_table("flyway", "public.flyway_schema_history");
    apply_texts({"SELECT 1;"});
    // What was read was plain; the file itself stands for an owner who is quick.
    for (const std::string mode : {"", "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON x(a);\n"}) {
        sql("CREATE TABLE IF NOT EXISTS public.x (a int)");
        const auto error = error_of([&] {
            apply_texts(
                {"SELECT 1;",
                 mode + "SET ROLE " + role_ +
                     "; ALTER TABLE public.flyway_schema_history ADD CHECK (e.z() = 1); RESET ROLE;"});
        });
        ASSERT_TRUE(error);
        EXPECT_THAT(error->what(), HasSubstr("public.flyway_schema_history on green has a CHECK"));
        EXPECT_EQ(value("SELECT rolsuper FROM pg_roles WHERE rolname = '" + role_ + "'"), "f");
    }
}

} // namespace
} // namespace pgteal::migration
