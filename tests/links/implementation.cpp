// implementation.cpp: the runtime, for whichever part of a program brings it.
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>
