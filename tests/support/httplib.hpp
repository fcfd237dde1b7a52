// httplib.hpp: includes cpp-httplib the way Debian built it.
#ifndef ARTHUR_TESTS_SUPPORT_HTTPLIB_HPP
#define ARTHUR_TESTS_SUPPORT_HTTPLIB_HPP

// The split library is compiled with OpenSSL, and the switch changes the layout of httplib::Request: a program that
// leaves it out reads the wrong members.
#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_OPENSSL_SUPPORT
#endif

#include <httplib.h>

#endif
