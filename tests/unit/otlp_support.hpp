// otlp_support.hpp: spans put together byte by byte, and read back, without the library's own code.
#ifndef ARTHUR_TESTS_OTLP_SUPPORT_HPP
#define ARTHUR_TESTS_OTLP_SUPPORT_HPP

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace otlp_test {

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(static_cast<unsigned char>((value & 0x7f) | 0x80));
  return out += static_cast<char>(value);
}
inline std::string fixed(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  return out;
}
inline std::string bytes_field(unsigned number, const std::string& content) {
  return varint(number << 3 | 2) + varint(content.size()) + content;
}
inline std::string varint_field(unsigned number, std::uint64_t value) { return varint(number << 3) + varint(value); }
inline std::string fixed64_field(unsigned number, std::uint64_t value) {
  return varint(number << 3 | 1) + fixed(value, 8);
}
inline std::string fixed32_field(unsigned number, std::uint32_t value) {
  return varint(number << 3 | 5) + fixed(value, 4);
}

// AnyValue messages.
inline std::string text_any(const std::string& value) { return bytes_field(1, value); }
inline std::string boolean(bool value) { return varint_field(2, value); }
inline std::string integer(std::int64_t value) { return varint_field(3, static_cast<std::uint64_t>(value)); }
inline std::string number(double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return fixed64_field(4, bits);
}
inline std::string binary(const std::string& value) { return bytes_field(7, value); }
inline std::string key_value(const std::string& key, const std::string& value) {
  return bytes_field(1, key) + bytes_field(2, value);
}
inline std::string array(const std::vector<std::string>& values) {
  std::string content;
  for (const auto& value : values) content += bytes_field(1, value);
  return bytes_field(5, content);
}
inline std::string map(const std::vector<std::pair<std::string, std::string>>& values) {
  std::string content;
  for (const auto& value : values) content += bytes_field(1, key_value(value.first, value.second));
  return bytes_field(6, content);
}

// Fields of a Span message.
inline std::string attribute(const std::string& key, const std::string& value) {
  return bytes_field(9, key_value(key, value));
}
inline std::string span_start(const std::string& name = "n", std::uint64_t start = 10, std::uint64_t end = 20) {
  return bytes_field(1, "0123456789abcdef") + bytes_field(2, "01234567") + bytes_field(5, name) +
         fixed64_field(7, start) + fixed64_field(8, end);
}

struct field {
  unsigned number = 0;
  unsigned type = 0;
  std::uint64_t value = 0;
  std::string content;
};

// All fields of a message; `good` turns false where the bytes are damaged.
inline std::vector<field> fields(const std::string& message, bool& good) {
  std::vector<field> found;
  std::size_t at = 0;
  const auto read_varint = [&]() -> std::uint64_t {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (at >= message.size()) break;
      const auto byte = static_cast<unsigned char>(message[at++]);
      if (shift < 64) value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    good = false;
    return 0;
  };
  while (good && at < message.size()) {
    field one;
    const std::uint64_t tag = read_varint();
    one.number = static_cast<unsigned>(tag >> 3);
    one.type = tag & 7;
    std::size_t size = one.type == 1 ? 8 : one.type == 5 ? 4 : 0;
    if (one.type == 0) one.value = read_varint();
    if (one.type == 2) size = static_cast<std::size_t>(read_varint());
    if (size > message.size() - at) good = false;
    if (!good) break;
    one.content = message.substr(at, size);
    if (one.type == 1 || one.type == 5) {
      for (std::size_t i = 0; i < size; ++i) {
        one.value |= std::uint64_t{static_cast<unsigned char>(one.content[i])} << (8 * i);
      }
    }
    at += size;
    found.push_back(one);
  }
  return found;
}

// A deterministic source of test data.
class dice {
 public:
  explicit dice(unsigned seed) : engine_(seed) {}
  unsigned below(unsigned limit) { return static_cast<unsigned>(engine_() % limit); }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(static_cast<unsigned>(from.size()))];
  }
  // Bytes of which many are special to JSON or UTF-8.
  std::string bytes(unsigned most) {
    static const std::string special(
        "\0\x01\x1f\"\\/.[]\x7f\x80\xbf\xc0\xc2\xc3\xa9\xe0\xa0\xed\x9f\xef\xbb\xf0\x90\xf4\x8f\xff", 27);
    std::string out;
    for (unsigned left = below(most + 1); left != 0; --left) {
      switch (below(4)) {
        case 0: out += static_cast<char>(static_cast<unsigned char>(below(256))); break;
        case 1: out += special[below(static_cast<unsigned>(special.size()))]; break;
        case 2: out += pick<std::string>({"\xe4\xba\xba", "\xd0\x96", "\xf0\x9f\x98\x80", "plain text", "\n"}); break;
        default: out += static_cast<char>('a' + below(26)); break;
      }
    }
    return out;
  }

 private:
  std::mt19937 engine_;
};

}  // namespace otlp_test

#endif
