// implementation.hpp: the heavy half, compiled where ARTHUR_IMPLEMENTATION is defined.
#ifndef ARTHUR_IMPLEMENTATION_HPP
#define ARTHUR_IMPLEMENTATION_HPP

#include "call_sites.hpp"
#include "carrying.hpp"
#include "contexts.hpp"
#include "exceptions.hpp"
#include "joining.hpp"
#include "linking.hpp"
#include "runtime/api.hpp"
#include "runtime/c_api.hpp"
#include "runtime/check.hpp"
#include "runtime/replay.hpp"
#include "streaming.hpp"
#include "transport/httplib.hpp"
#include "unwinding.hpp"

#endif
