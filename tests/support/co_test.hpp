// Tests whose body is a coroutine. ASSERT_* can't be used in one (it returns); EXPECT_* and exceptions can.
#pragma once

#include <gtest/gtest.h>

#include "base/async.hpp"

#define CO_TEST(suite, name)                                                                                 \
    static ::pgteal::Task<void> suite##_##name##_body();                                                     \
    TEST(suite, name) { ::pgteal::run_here(suite##_##name##_body); }                                         \
    static ::pgteal::Task<void> suite##_##name##_body()
