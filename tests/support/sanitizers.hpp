// sanitizers.hpp: __SANITIZE_ADDRESS__ and __SANITIZE_THREAD__ as GCC defines them, from clang too; SANITIZED: either.
#ifndef ARTHUR_TESTS_SUPPORT_SANITIZERS_HPP
#define ARTHUR_TESTS_SUPPORT_SANITIZERS_HPP

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#elif __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#endif
