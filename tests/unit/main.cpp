// main.cpp: doctest's main, and the one unit-test file that brings the runtime.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>
