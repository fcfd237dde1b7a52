// wire.cpp: hostile bytes for the readers that everything else stands on: what a quick one accepts, a plain one reads the same.
#include <arthur/otlp/attribute_view.hpp>
#include <arthur/otlp/cleaning_values.hpp>
#include <arthur/otlp/json_text.hpp>

#include <cstring>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "support/otlp_decode.hpp"
#include "unit/otlp_support.hpp"

using namespace arthur::detail;

namespace {

void check_reader(const char* data, std::size_t size) {
  bool good = true;
  const std::vector<otlp_test::field> plain = otlp_test::fields(std::string(data, size), good);
  wire::reader reader(data, size);
  wire::field at;
  std::size_t n = 0;
  const char* last = data;
  for (; reader.next(at); ++n) {
    fuzz::promise(at.begin == last && at.end > at.begin && at.end <= data + size, "fields lie side by side");
    last = at.end;
    fuzz::promise(n < plain.size() && at.tag == (plain[n].number << 3 | plain[n].type), "a field is a field");
    const bool bytes = (at.tag & 7U) == wire::type_bytes;
    fuzz::promise(bytes ? std::string(at.data, at.size) == plain[n].content : at.value == plain[n].value, "and holds the same");
    if (bytes) fuzz::promise(at.data + at.size == at.end, "and nothing behind");
  }
  if (reader.ok()) fuzz::promise(good && n == plain.size() && last == data + size, "all is read");
}

void check_attribute(const char* data, std::size_t size) {
  attribute_view quick;
  if (!read_attribute(data, size, quick)) return;
  key_value_view plain;
  fuzz::promise(read_key_value(data, size, plain) && !plain.odd && plain.has_value, "what the quick reader takes is whole");
  fuzz::promise(plain.value.tag == quick.tag && plain.key.data == quick.key && plain.key.size == quick.key_size, "key and type are the same");
  const bool bytes = (quick.tag & 7U) == wire::type_bytes;
  fuzz::promise(bytes ? plain.value.data == quick.data && plain.value.size == quick.size : plain.value.value == quick.number, "so is the value");
}

void check_text(const std::string& text) {
  const bool valid = support::valid_utf8(text);
  const bool nul = text.find('\0') != std::string::npos;
  fuzz::promise(is_valid_utf8(text.data(), text.size()) == valid, "UTF-8 is UTF-8", text);
  fuzz::promise(is_valid_utf8<nul::forbidden>(text.data(), text.size()) == (valid && text.find('\0') == std::string::npos), "without NUL, too", text);
  buffer out;
  fuzz::promise(append_valid_utf8(out, text.data(), text.size()), "there is memory");
  const std::string repaired(out.data() == nullptr ? "" : out.data(), out.size());
  fuzz::promise(support::valid_utf8(repaired) && (!valid || repaired == text), "what is repaired is good, what is good stays", text);
  buffer json;
  fuzz::promise(append_json_string(json, text.data(), text.size()), "there is memory");
  const std::string quoted(json.data(), json.size());
  fuzz::promise(support::valid_utf8(quoted), "a JSON string is UTF-8", quoted);
  // Taken back by hand: nothing but what has to be escaped is.
  std::string back;
  for (std::size_t n = 1; n + 1 < quoted.size(); ++n) {
    const char c = quoted[n];
    fuzz::promise(static_cast<unsigned char>(c) >= 0x20 && c != '"', "nothing ends a string but its quote", quoted);
    if (c != '\\') {
      back += c;
      continue;
    }
    const char next = quoted[++n];
    const char* const found = std::strchr("\"\\bfnrtu", next);
    fuzz::promise(found != nullptr && n + 1 < quoted.size(), "an escape is one", quoted);
    if (next == 'u') {
      back += static_cast<char>(std::stoi(quoted.substr(n + 1, 4), nullptr, 16));
      n += 4;
    } else {
      back += "\"\\\b\f\n\r\t"[found - "\"\\bfnrtu"];
    }
  }
  fuzz::promise(back == repaired, "a JSON string says its text", quoted);
  for (std::size_t limit = 0; limit < text.size(); limit += 7) {
    const std::size_t cut = utf8_truncate(text.data(), text.size(), limit);
    fuzz::promise(cut <= limit && cut + 4 > limit, "a cut is near its limit", text);
    if (valid && !nul) fuzz::promise(support::valid_utf8(text.substr(0, cut)), "and cuts no character", text);
  }
}

}  // namespace

FUZZ_TARGET(wire) {
  const std::vector<char> exact(data, data + size);
  check_reader(exact.data(), exact.size());
  check_attribute(exact.data(), exact.size());
  check_text(std::string(exact.begin(), exact.end()));
  // The same bytes as number and length.
  fuzz::taker in(data, size);
  const std::uint64_t number = in.number() >> in.below(64);
  char room[10];
  const char* const end = wire::put_varint(room, number);
  fuzz::promise(static_cast<std::size_t>(end - room) == wire::varint_size(number), "a varint has its size");
  const std::string field = otlp_test::varint_field(1, number);
  fuzz::promise(field.substr(1) == std::string(room, static_cast<std::size_t>(end - room)), "and its bytes");
}
