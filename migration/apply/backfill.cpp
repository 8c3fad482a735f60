#include "migration/apply/backfill.hpp"

#include "base/error.hpp"
#include "migration/apply/sql.hpp"
#include "postgres/quote.hpp"

namespace pgteal::migration {

namespace {

constexpr const char* statement_name = "pgteal_backfill";

} // namespace

BackfillRun::BackfillRun(Session& session, const Statement& statement, const std::string& where,
                         BackfillProgress from)
    : session_(session), ask_(statement.backfill.value()), progress_(std::move(from)) {
    pqxx::nontransaction work(session_.connection());
    session_.use_users_path(work);
    const auto oid =
        work.exec(bind("SELECT pg_catalog.to_regclass(:'table')::pg_catalog.oid", {{"table", ask_.table}}))
            .at(0)
            .at(0);
    Session::use_own_path(work);
    const auto found = work.exec(
        bind(sql::backfill_table, {{"oid", oid.is_null() ? "0" : oid.as<std::string>()}, {"key", ask_.key}}));
    if (found.empty()) {
        throw Error(ErrorCode::migration, "", where + ": there is no table " + ask_.table + " to fill",
                    "Name it in the backfill comment as SQL would, such as table=public.orders.");
    }
    const auto row = found.at(0);
    table_ = row.at("schema").as<std::string>() + "." + row.at("name").as<std::string>();
    if (row.at("key").is_null()) {
        const auto which =
            ask_.key.empty() ? " has no primary key of one column" : " has no column " + ask_.key;
        throw Error(ErrorCode::migration, "", where + ": " + table_ + which,
                    "Name a column that is NOT NULL and has a unique index of its own: key=id.");
    }
    key_ = postgres::quote_identifier(row.at("key").as<std::string>());
    if (!row.at("usable").as<bool>()) {
        throw Error(ErrorCode::migration, "",
                    where + ": ranges of " + table_ + " can't be cut by " + key_ +
                        ": it has to be NOT NULL and have a unique index of its own",
                    "Name another column in the backfill comment: key=id.");
    }
    type_ = row.at("type").as<std::string>();
    greater_ = row.at("greater").as<std::string>();
    rows_ = row.at("rows").as<std::int64_t>();
    select_ = "SELECT " + key_ + " AS k FROM " +
              postgres::quote_qualified(row.at("schema").as<std::string>(), row.at("name").as<std::string>());
    const auto mine = postgres::quote_literal(statement_name);
    if (!work.exec("SELECT 1 FROM pg_catalog.pg_prepared_statements WHERE name = " + mine).empty()) {
        work.exec(std::string("DEALLOCATE ") + statement_name); // of another backfill of the same file
    }
    session_.run_users_text(work, std::string("PREPARE ") + statement_name + " (" + type_ + ", " + type_ +
                                      ") AS " + statement.text);
}

bool BackfillRun::batch(const std::function<std::string(const BackfillProgress&)>& record,
                        const std::function<void()>& before_commit) {
    pqxx::work work(session_.connection());
    Session::use_own_path(work);
    const auto after = progress_.position ? " WHERE " + key_ + " " + greater_ + " " +
                                                postgres::quote_literal(*progress_.position) + "::" + type_
                                          : std::string();
    // "s.k": a bare k would be the text that is selected, and order as text does.
    const auto range = work.exec("WITH s AS MATERIALIZED (" + select_ + after + " ORDER BY " + key_ +
                                 " LIMIT " + std::to_string(ask_.batch) +
                                 ") SELECT (SELECT format('%s', k) FROM s ORDER BY s.k LIMIT 1),"
                                 " (SELECT format('%s', k) FROM s ORDER BY s.k DESC LIMIT 1),"
                                 " (SELECT count(*) FROM s)");
    const auto keys = range.at(0);
    if (keys.at(0).is_null()) {
        return false;
    }
    const auto first = keys.at(0).as<std::string>();
    const auto last = keys.at(1).as<std::string>();
    session_.use_users_path(work);
    const auto done = work.exec(std::string("EXECUTE ") + statement_name + "(" +
                                postgres::quote_literal(first) + ", " + postgres::quote_literal(last) + ")");
    auto now = progress_;
    now.position = last;
    now.passed += keys.at(2).as<std::int64_t>();
    now.changed += static_cast<std::int64_t>(done.affected_rows());
    if (const auto text = record(now); !text.empty()) {
        // The file may have changed the role; what is ours is written as who logged in.
        work.exec("SET LOCAL search_path = ''; SET LOCAL role TO DEFAULT");
        work.exec(text);
        session_.use_users_path(work);
    }
    before_commit();
    work.commit();
    progress_ = std::move(now);
    return true;
}

} // namespace pgteal::migration
