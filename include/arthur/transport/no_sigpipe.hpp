// no_sigpipe.hpp: keeps a peer that went away from ending the program while something is written to it.
#ifndef ARTHUR_TRANSPORT_NO_SIGPIPE_HPP
#define ARTHUR_TRANSPORT_NO_SIGPIPE_HPP

#if !defined(_WIN32)
#include <cerrno>

#include <signal.h>
#endif

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

#if defined(_WIN32)
struct no_sigpipe {
  no_sigpipe() {}  // not trivial: an object of it counts as used
};
#else
/// Blocks SIGPIPE on this thread; one that comes meanwhile is taken away, one that waited before is left.
class no_sigpipe {
 public:
  no_sigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~no_sigpipe() {
    const int kept = errno;
    sigset_t pending;
    sigpending(&pending);
    if (!was_pending_ && sigismember(&pending, SIGPIPE) == 1) {
      int which = 0;
      ::sigwait(&pipe_, &which);
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = kept;
  }
  no_sigpipe(const no_sigpipe&) = delete;
  no_sigpipe& operator=(const no_sigpipe&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_;
};
#endif

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
