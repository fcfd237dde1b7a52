// tool_definition.hpp: a tool as one JSON text, in the form that the engine's UI reads.
#ifndef ARTHUR_OPENINFERENCE_TOOL_DEFINITION_HPP
#define ARTHUR_OPENINFERENCE_TOOL_DEFINITION_HPP

#include <cstddef>
#include <string_view>

#include "../config.hpp"
#include "../record/writer.hpp"
#include "sequence.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// {"type":"function","function":{"name":..,"description":..,"parameters":..}}
class tool_definition {
 public:
  tool_definition(std::string_view name, std::string_view description, std::string_view parameters) noexcept
      : name_(name), description_(description), parameters_(parameters.empty() ? std::string_view("{}") : parameters) {}

  std::size_t size() const noexcept {
    return open.size() + quoted(name_, nullptr) + middle.size() + quoted(description_, nullptr) + last.size() + parameters_.size() + close.size();
  }
  void write(writer& to) const noexcept {
    const auto put = [&to](std::string_view piece) { to.append(piece.data(), piece.size()); };
    put(open);
    quoted(name_, &to);
    put(middle);
    quoted(description_, &to);
    put(last);
    put(parameters_);
    put(close);
  }

 private:
  static constexpr std::string_view open = R"({"type":"function","function":{"name":)", middle = R"(,"description":)",
                                    last = R"(,"parameters":)", close = "}}";

  static std::size_t quoted(std::string_view s, writer* to) noexcept {
    sequence_sink sink(to == nullptr ? sequence_sink::mode::measure_json : sequence_sink::mode::write_json, to);
    sink.quoted(s);
    return sink.size;
  }

  std::string_view name_, description_, parameters_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
