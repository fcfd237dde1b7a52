// attribute_list.hpp: the attributes that were found in a body, in the order in which they matter.
#ifndef ARTHUR_PROVIDERS_ATTRIBUTE_LIST_HPP
#define ARTHUR_PROVIDERS_ATTRIBUTE_LIST_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../config.hpp"
#include "../wire_call.hpp"
#include "json.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// Absent and empty values aren't added: OpenInference has no empty attributes. Nor is what comes behind more than any span
/// has: a body of empty parts, each named by a long key, would take fifty times its size.
class attribute_list {
 public:
  template <class Value>
  void add(std::string key, Value value) {
    if (found_.size() < 65536) found_.push_back({std::move(key), std::move(value)});
  }
  void text(std::string key, std::string_view value) {
    if (!value.empty()) add(std::move(key), std::string(value));
  }
  void text(std::string key, const json* value) { text(std::move(key), text_of(value)); }
  /// The text of a JSON value.
  void as_json(std::string key, const json* value) {
    if (value != nullptr) add(std::move(key), dump(*value));
  }
  /// A count of tokens: what is no integer, or negative, isn't one.
  void count(std::string key, const json* value) {
    std::int64_t number = 0;
    if (integer_of(value, number)) count(std::move(key), number);
  }
  void count(std::string key, std::int64_t number) {
    if (number >= 0) add(std::move(key), number);
  }

  std::vector<wire_attribute>& found() noexcept { return found_; }
  const std::vector<wire_attribute>& found() const noexcept { return found_; }

 private:
  std::vector<wire_attribute> found_;
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
