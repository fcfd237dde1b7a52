// implementation.hpp: the heavy half, compiled where ARTHUR_IMPLEMENTATION is defined.
#ifndef ARTHUR_IMPLEMENTATION_HPP
#define ARTHUR_IMPLEMENTATION_HPP

#include "spans/call_sites.hpp"
#include "spans/carrying.hpp"
#include "spans/contexts.hpp"
#include "spans/exceptions.hpp"
#include "spans/joining.hpp"
#include "spans/linking.hpp"
#include "runtime/api.hpp"
#include "runtime/c_api.hpp"
#include "runtime/check.hpp"
#include "runtime/replay.hpp"
#include "spans/streaming.hpp"
#include "transport/httplib.hpp"
#include "spans/unwinding.hpp"

#if defined(ARTHUR_WITH_JSON) && !defined(ARTHUR_NO_HEAP)
#include "providers/exchange.hpp"
#endif

#endif
