// python_json.hpp: what Python's json.loads makes of a text, and what of that the engine's database can't hold.
#ifndef ARTHUR_TESTS_SUPPORT_PYTHON_JSON_HPP
#define ARTHUR_TESTS_SUPPORT_PYTHON_JSON_HPP

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace support {

/// json.loads accepts NaN, Infinity, 1e400 and lone surrogate escapes, which PostgreSQL's jsonb then refuses.
struct python_json {
  enum class outcome {
    parsed,
    bad,      // JSONDecodeError: the engine keeps the text
    refused,  // another exception (recursion, an integer of more than 4300 digits): the engine rejects the span
  };

  outcome result = outcome::bad;
  std::string slash_key;  // the first name that contains '/', at any depth
  bool nul = false;
  bool lone_surrogate = false;
  bool not_finite = false;
  nlohmann::json tree;  // what jsonb can't hold is null or U+FFFD here
};

python_json python_loads(std::string_view text);

}  // namespace support

#endif
