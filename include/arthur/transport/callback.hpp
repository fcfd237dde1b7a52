// callback.hpp: hands encoded requests to options::on_batch.
#ifndef ARTHUR_TRANSPORT_CALLBACK_HPP
#define ARTHUR_TRANSPORT_CALLBACK_HPP

#include <cstdint>
#include <string>

#include "../config.hpp"
#include "../options.hpp"
#include "transport.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Status 200 where the callback took the batch. A refusal is 400, final: the callback was asked once and said no.
class callback_transport final : public transport {
 public:
  using function = bool (*)(void* user, const batch_view& batch);

  callback_transport(function on_batch, void* user) : on_batch_(on_batch), user_(user) {}

  transport_result send(const request& what, std::uint64_t, response& out, std::string& error) override {
    out.clear();
    error.clear();
    const batch_view batch{what.body, what.body_size, what.content_type, what.spans};
    bool taken = false;
#if ARTHUR_HAS_EXCEPTIONS
    // The worker has nobody to pass an exception to; it would end the program.
    try {
      taken = on_batch_(user_, batch);
    } catch (...) {
      error = "options.on_batch threw an exception; it must not";
    }
#else
    taken = on_batch_(user_, batch);
#endif
    out.status = taken ? 200 : 400;
    if (!taken && error.empty()) error = "options.on_batch returned false";
    return transport_result::answered;
  }

 private:
  function on_batch_;
  void* user_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
