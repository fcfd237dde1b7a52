// arthur.hpp: the one include. In exactly one .cpp, define ARTHUR_IMPLEMENTATION before it.
#ifndef ARTHUR_ARTHUR_HPP
#define ARTHUR_ARTHUR_HPP

#include "attributes.hpp"
#include "carriers.hpp"
#include "check.hpp"
#include "config.hpp"
#include "context.hpp"
#include "links.hpp"
#include "llm_stream.hpp"
#include "macros.hpp"
#include "openinference/builders.hpp"
#include "openinference/keys.hpp"
#include "openinference/kinds.hpp"
#include "options.hpp"
#include "propagation.hpp"
#include "replay.hpp"
#include "runtime.hpp"
#include "span.hpp"
#include "traced.hpp"
#include "values.hpp"
#include "wire_call.hpp"

#endif

#if defined(ARTHUR_DISABLE)
#include "disabled.hpp"
#elif defined(ARTHUR_IMPLEMENTATION)
#include "implementation.hpp"
#endif
