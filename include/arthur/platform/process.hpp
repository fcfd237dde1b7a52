// process.hpp: the program's name and variables, and what the end of a process does to code and threads.
#ifndef ARTHUR_PLATFORM_PROCESS_HPP
#define ARTHUR_PLATFORM_PROCESS_HPP

#include <atomic>
#include <cstdlib>
#if defined(_WIN32)
#include <forward_list>
#endif
#include <string>

#include "../config.hpp"
#include "windows.hpp"

#if defined(__GLIBC__)
#include <errno.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

#if defined(_WIN32)

/// The executable's name without its path.
inline std::string program_name() {
  wchar_t path[MAX_PATH + 1] = {};
  ::GetModuleFileNameW(nullptr, path, MAX_PATH);
  const std::string whole = to_utf8(path);
  return whole.substr(whole.find_last_of('\\') + 1);
}

/// Environment variables in UTF-8; what get() returned lives as long as the reader.
class variable_reader {
 public:
  const char* get(const char* name) {
    const std::wstring wide = to_wide(name);
    const DWORD size = ::GetEnvironmentVariableW(wide.c_str(), nullptr, 0);
    if (size == 0) return nullptr;
    std::wstring value(size, L'\0');
    if (::GetEnvironmentVariableW(wide.c_str(), &value[0], size) >= size) return nullptr;
    kept_.push_front(to_utf8(value.c_str()));
    return kept_.front().c_str();
  }

 private:
  std::forward_list<std::string> kept_;
};

/// Keeps the module around `code` loaded to the end: a DLL with a thread of ours in it must not vanish under it.
template <class Function>
void keep_loaded(Function* code) noexcept {
  HMODULE module = nullptr;
  ::GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, reinterpret_cast<LPCWSTR>(code), &module);
}

/// Tells whether a thread was killed. Windows does that to all threads but one before the last handlers of DLLs run.
class thread_watch {
 public:
  /// Before a thread is made: the former one is over, which says nothing about the new one.
  void forget() noexcept { keep(nullptr); }
  /// Called by the thread itself.
  void begin() noexcept { keep(::OpenThread(SYNCHRONIZE, FALSE, ::GetCurrentThreadId())); }
  bool over() const noexcept {
    const HANDLE h = handle_.load(std::memory_order_acquire);
    return h != nullptr && ::WaitForSingleObject(h, 0) == WAIT_OBJECT_0;
  }

 private:
  void keep(HANDLE handle) noexcept {
    const HANDLE before = handle_.exchange(handle, std::memory_order_acq_rel);
    if (before != nullptr) ::CloseHandle(before);
  }
  std::atomic<HANDLE> handle_{nullptr};
};

#else

inline std::string program_name() {
#if defined(__GLIBC__)
  return program_invocation_short_name;
#elif defined(__APPLE__) || defined(__FreeBSD__)
  return ::getprogname();
#else
  return {};
#endif
}

class variable_reader {
 public:
  const char* get(const char* name) { return std::getenv(name); }
};

template <class Function>
void keep_loaded(Function*) noexcept {}

class thread_watch {
 public:
  void forget() noexcept {}
  void begin() noexcept {}
  bool over() const noexcept { return false; }
};

#endif

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
