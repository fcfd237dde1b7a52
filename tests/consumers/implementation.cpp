// implementation.cpp: the one file with the runtime in it. Programs with the compiled library have none.
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>
