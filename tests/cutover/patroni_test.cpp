#include "cutover/estate/patroni.hpp"

#include <gtest/gtest.h>

namespace pgteal::cutover {
namespace {

TEST(Patroni, IsGivenTheSlotsOfAllLanesAsYaml) {
    EXPECT_EQ(ignore_slots({{"shop", "app", 1, "blue"}, {"shop", "app", 2, "blue"}}), R"(ignore_slots:
- name: pgteal_shop_app_1_blue
  type: logical
  plugin: pgoutput
- name: pgteal_shop_app_2_blue
  type: logical
  plugin: pgoutput)");
}

} // namespace
} // namespace pgteal::cutover
