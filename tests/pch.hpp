// What nearly every test includes besides: half of what it takes to compile one.
#pragma once
#include "cmake/pch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
