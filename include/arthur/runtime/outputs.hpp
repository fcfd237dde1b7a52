// outputs.hpp: makes the transports and displays that the settings ask for.
#ifndef ARTHUR_RUNTIME_OUTPUTS_HPP
#define ARTHUR_RUNTIME_OUTPUTS_HPP

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "../config.hpp"
#include "../options.hpp"
#include "../platform/clock.hpp"
#include "../policy/settings.hpp"
#include "../transport/callback.hpp"
#include "../transport/file.hpp"
#include "../transport/https.hpp"
#include "../transport/socket.hpp"
#include "../transport/terminal.hpp"
#include "delivery.hpp"
#include "diagnostics.hpp"
#include "side_outputs.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline std::unique_ptr<transport> make_transport(const settings& s, const url& where, const std::vector<header>& headers,
                                                 const proxy& via, const timing& t) {
  if (where.https) return the_https.load(std::memory_order_relaxed)->make(where, headers, t, via, s.tls);
  return std::unique_ptr<transport>(new socket_transport(where, headers, t, via));
}

struct transports {
  std::unique_ptr<transport> main;
  std::unique_ptr<transport> engine;  // for its other routes; may be null, like main
};

inline transports make_transports(const settings& s, const options& given, const timing& t) {
  transports made;
  switch (s.sink) {
    case sink::endpoint:
      made.main = make_transport(s, s.where.traces, s.where.headers, s.traces_proxy, t);
      if (s.where.has_engine) made.engine = make_transport(s, s.where.engine, s.where.engine_headers, s.engine_proxy, t);
      break;
    case sink::file:
      made.main.reset(new file_transport(given.output_file, t));
      break;
    case sink::callback:
      made.main.reset(new callback_transport(given.on_batch, given.on_batch_user));
      break;
    case sink::none:
      break;
  }
  return made;
}

/// `s`, `given` and `says` outlive `to`.
inline void give_outputs(delivery& to, const settings& s, const options& given, diagnostics& says, const timing& t) {
  transports made = make_transports(s, given, t);
  std::unique_ptr<side_outputs> sides;
  if (s.to_stdout || s.console) {
    sides.reset(new side_outputs(s, says, std::unique_ptr<transport>(new file_transport(1, t)), [] { return terminal_of(1); },
                                 steady_nanoseconds));
  }
  to.use(std::move(made.main), std::move(made.engine), std::move(sides));
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
