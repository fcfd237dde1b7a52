// variable.hpp: an environment variable that is set, or known to be unset, while the object lives.
#ifndef ARTHUR_TESTS_SUPPORT_VARIABLE_HPP
#define ARTHUR_TESTS_SUPPORT_VARIABLE_HPP

#include <cstdlib>

#if defined(_WIN32)
#include <windows.h>
#endif

namespace support {

inline void set_variable(const char* name, const char* value) {
#if defined(_WIN32)
  ::SetEnvironmentVariableA(name, value);
#else
  value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
#endif
}

class variable {
 public:
  variable(const char* name, const char* value) : name_(name) { set_variable(name, value); }
  ~variable() { set_variable(name_, nullptr); }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;

 private:
  const char* name_;
};

}  // namespace support

#endif
