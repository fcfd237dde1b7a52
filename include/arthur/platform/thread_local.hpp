// thread_local.hpp: how a variable becomes one per thread, or one per program where there are no threads.
#ifndef ARTHUR_PLATFORM_THREAD_LOCAL_HPP
#define ARTHUR_PLATFORM_THREAD_LOCAL_HPP

#include "../config.hpp"

// Only for constant-initialised objects without a destructor: then an access is one address computation, without an
// init-function test, and stays valid while other static objects are destroyed.
#ifdef ARTHUR_NO_THREADS
#define ARTHUR_THREAD_LOCAL
#else
#define ARTHUR_THREAD_LOCAL thread_local
#endif

#endif
