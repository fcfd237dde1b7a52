// arthur.cpp: the one file with ARTHUR_IMPLEMENTATION, for builds that want the runtime as a library (arthur::compiled).
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>
