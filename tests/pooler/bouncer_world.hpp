// A PgBouncer of the shared lab, restarted with a file of the test's own in front of blue and green.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "pooler/file/config_file.hpp"
#include "pooler/pgbouncer.hpp"
#include "postgres/connection.hpp"
#include "postgres/quote.hpp"
#include "tests/pooler/pooler_world.hpp"
#include "tests/support/lab.hpp"

namespace pgteal::pooler {

/// Gives green the role and the database that the lab makes on blue only. Registered behind SharedLab.
class GreenDatabase final : public ::testing::Environment {
public:
    void SetUp() override;
};

class BouncerWorld final : public PoolerWorld {
public:
    /// `databases`: lines of the [databases] section; BLUE and GREEN stand for their ports. `settings`: more
    /// lines of [pgbouncer].
    explicit BouncerWorld(std::string databases = default_databases, const std::string& settings = {});
    ~BouncerWorld() override;

    Pooler& pooler() override { return *pooler_; }
    Target blue() override { return at("blue"); }
    Target green() override { return at("green"); }
    std::string config_text() override { return read_config(path_).text; }
    void install(const std::string& text) override;
    void restart() override;
    Task<std::optional<Target>> query(std::string entry, Clock::duration patience) override;
    Task<void> begin_transaction(std::string entry) override;
    Task<void> end_transaction(std::string entry) override {
        return end_transaction(std::move(entry), false);
    }
    /// The client may stay connected.
    Task<void> end_transaction(std::string entry, bool stay);
    [[nodiscard]] const std::string& path() const { return path_; }
    void leave() override;

    [[nodiscard]] postgres::Dsn client_dsn(const std::string& entry) const {
        return lab().app_dsn("pgb1", entry);
    }
    static support::Lab& lab() { return support::shared_lab(); }

    static constexpr const char* default_databases = "app = host=127.0.0.1 port=BLUE dbname=app\n"
                                                     "other = host=127.0.0.1 port=BLUE dbname=app\n";

private:
    static Target at(const std::string& side) { return {"127.0.0.1", lab().port(side), "app"}; }

    std::string path_;
    std::string original_;
    std::unique_ptr<Pooler> pooler_;
    std::map<std::string, postgres::Connection> transactions_;
};

} // namespace pgteal::pooler
