// send_https.cpp: send.cpp in a program that brings TLS.
#include "support/httplib.hpp"

#define ARTHUR_WITH_HTTPLIB
#include "send.cpp"
