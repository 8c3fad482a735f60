// The fake is held to the contract, and counts what would have been dangerous with PgBouncer.
#include <gtest/gtest.h>

#include "tests/pooler/fake_pooler.hpp"
#include "tests/pooler/pooler_contract.hpp"

namespace pgteal::pooler {
namespace {

const std::string text =
    "[databases]\napp = host=127.0.0.1 port=5501 dbname=app\nother = host=127.0.0.1 port=5501 dbname=app\n"
    "[pgbouncer]\npool_mode = transaction\n";

class FakeWorld final : public PoolerWorld {
public:
    Pooler& pooler() override { return fake_; }
    Target blue() override { return {"127.0.0.1", "5501", "app"}; }
    Target green() override { return {"127.0.0.1", "5502", "app"}; }
    std::string config_text() override { return fake_.config_text; }
    void install(const std::string& new_text) override { fake_.config_text = new_text; }
    void restart() override { fake_.restart(); }
    Task<std::optional<Target>> query(std::string entry, Clock::duration patience) override {
        return fake_.query(std::move(entry), patience);
    }
    Task<void> begin_transaction(std::string entry) override {
        fake_.begin_transaction(entry);
        co_return;
    }
    Task<void> end_transaction(std::string entry) override {
        fake_.end_transaction(entry);
        co_return;
    }

private:
    FakePooler fake_{"fake", text};
};

INSTANTIATE_TEST_SUITE_P(Fake, PoolerContract,
                         ::testing::Values(MakeWorld([] { return std::make_unique<FakeWorld>(); })));

Task<void> reload_exposed(FakePooler* pooler) {
    co_await pooler->pause("app", soon());
    pooler->config_text = rewrite(text, {{"app", Target{"10.0.0.9", "5432", "app"}}});
    co_await pooler->reload(soon());
}

TEST(FakePooler, CountsReloadsWithoutShield) {
    FakePooler pooler("fake", text);
    run_here([&] { return reload_exposed(&pooler); });
    EXPECT_EQ(pooler.exposed_reloads, 1);
    EXPECT_EQ(pooler.calls, (std::vector<std::string>{"PAUSE app", "RELOAD"}));
}

TEST(FakePooler, FailsBeforeOrAfterItsEffect) {
    FakePooler pooler("fake", text);
    const auto lose = [](const std::string& call) { throw ConnectionLost("fake", "lost at " + call, true); };
    pooler.before_call = lose;
    EXPECT_THROW(run_here([&] { return pooler.pause("app", soon()); }), ConnectionLost);
    EXPECT_FALSE(pooler.paused("app"));
    pooler.before_call = nullptr;
    pooler.after_call = lose;
    EXPECT_THROW(run_here([&] { return pooler.pause("app", soon()); }), ConnectionLost);
    EXPECT_TRUE(pooler.paused("app"));
}

} // namespace
} // namespace pgteal::pooler
