// sequence.hpp: ranges as values: an OTLP array, or a JSON list of texts.
#ifndef ARTHUR_OPENINFERENCE_SEQUENCE_HPP
#define ARTHUR_OPENINFERENCE_SEQUENCE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../attributes.hpp"
#include "../config.hpp"
#include "../record/wire.hpp"
#include "../record/writer.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// OpenTelemetry: an unsigned integer that doesn't fit int64 becomes text.
class unsigned_text {
 public:
  explicit unsigned_text(std::uint64_t value) noexcept : at_(digits_ + sizeof digits_) {
    do {
      *--at_ = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
  }
  std::string_view view() const noexcept { return {at_, static_cast<std::size_t>(digits_ + sizeof digits_ - at_)}; }
  static bool needed(std::uint64_t value) noexcept { return value > static_cast<std::uint64_t>(INT64_MAX); }

 private:
  char digits_[20];
  char* at_;
};

/// Receives the elements of a range: first to measure, then to write an OTLP ArrayValue, or a JSON list of texts.
class sequence_sink {
 public:
  enum class mode { measure_array, write_array, measure_json, write_json };
  sequence_sink(mode m, writer* to) noexcept : mode_(m), to_(to) {}
  std::size_t size = 0;

  void text_element(std::string_view value) noexcept;
  void number_element(std::uint8_t tag, std::uint64_t bits) noexcept;
  /// A JSON string.
  void quoted(std::string_view value) noexcept;

 private:
  void piece(const char* data, std::size_t n) noexcept {
    size += n;
    if (to_ != nullptr) to_->append(data, n);
  }
  mode mode_;
  writer* to_;
};

inline void sequence_sink::text_element(std::string_view value) noexcept {
  if (mode_ == mode::measure_json || mode_ == mode::write_json) {
    piece(size == 0 ? "[" : ",", 1);
    return quoted(value);
  }
  char start[32];
  char* at = wire::put_byte(start, wire::array_values);
  at = wire::put_varint(at, text_any_size(value.size()));
  at = wire::put_byte(at, wire::any_string);
  at = wire::put_varint(at, value.size());
  piece(start, static_cast<std::size_t>(at - start));
  piece(value.data(), value.size());
}

inline void sequence_sink::number_element(std::uint8_t tag, std::uint64_t bits) noexcept {
  const bool fixed = tag == wire::any_double;
  char start[16];
  char* at = wire::put_byte(start, wire::array_values);
  at = wire::put_byte(at, static_cast<std::uint8_t>(1 + (fixed ? 8 : wire::varint_size(bits))));
  at = wire::put_byte(at, tag);
  at = fixed ? wire::put_fixed64(at, bits) : wire::put_varint(at, bits);
  piece(start, static_cast<std::size_t>(at - start));
}

inline void sequence_sink::quoted(std::string_view value) noexcept {
  piece("\"", 1);
  std::size_t plain = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    piece(value.data() + plain, i - plain);
    plain = i + 1;
    static constexpr char hex[] = "0123456789abcdef";
    const char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    piece(escape, 6);
  }
  piece(value.data() + plain, value.size() - plain);
  piece("\"", 1);
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

ARTHUR_LINKED void add_text(sequence_sink& sink, text_arg value) noexcept { sink.text_element({value.data, value.size}); }
ARTHUR_LINKED void add_integer(sequence_sink& sink, std::int64_t value) noexcept {
  sink.number_element(wire::any_int, static_cast<std::uint64_t>(value));
}
ARTHUR_LINKED void add_unsigned(sequence_sink& sink, std::uint64_t value) noexcept {
  if (unsigned_text::needed(value)) return sink.text_element(unsigned_text(value).view());
  sink.number_element(wire::any_int, value);
}
ARTHUR_LINKED void add_number(sequence_sink& sink, double value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  sink.number_element(wire::any_double, bits);
}
ARTHUR_LINKED void add_boolean(sequence_sink& sink, bool value) noexcept { sink.number_element(wire::any_bool, value ? 1 : 0); }

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
