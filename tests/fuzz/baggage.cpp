// baggage.cpp: baggage of other processes: what is taken is by the W3C's grammar, within its limits, and passes on the same.
#include <arthur/propagation/baggage.hpp>

#include <string>
#include <vector>

#include "fuzz.hpp"

using namespace arthur::detail;

namespace {

// By the words of the specification, with none of the library's code.
const std::string token_characters = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string trim(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  return text.erase(0, (std::min)(text.find_first_not_of(" \t"), text.size()));
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at) parts.emplace_back();
    else parts.back() += c;
  }
  return parts;
}

bool is_key(const std::string& text) { return !text.empty() && text.find_first_not_of(token_characters) == std::string::npos; }

bool is_value(const std::string& text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool octet = byte == 0x21 || (byte >= 0x23 && byte <= 0x2b) || (byte >= 0x2d && byte <= 0x3a) ||
                       (byte >= 0x3c && byte <= 0x5b) || (byte >= 0x5d && byte <= 0x7e);
    if (!octet) return false;
  }
  return true;
}

bool is_pair(const std::string& text, bool may_lack_value) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return may_lack_value && is_key(trim(text));
  return is_key(trim(text.substr(0, equals))) && is_value(trim(text.substr(equals + 1)));
}

bool is_member(const std::string& text) {
  std::vector<std::string> parts = split(text, ';');
  if (parts.size() > 1 && trim(parts.back()).empty() && text.back() == ';') parts.pop_back();  // a last ';' is forgiven
  for (std::size_t n = 0; n < parts.size(); ++n) {
    if (!is_pair(parts[n], n != 0)) return false;
  }
  return true;
}

std::string written(const std::string& header, const std::string& key, const std::string& value, bool& added) {
  std::string out;
  for (int round = 0; round < 2; ++round) {
    w3c::baggage_writer to(round == 0 ? nullptr : out.data());
    to.add_all(header, key);
    added = !key.empty() && to.add(key, value);
    if (round == 0) out.resize(to.size());
    fuzz::promise(to.size() == out.size(), "what is measured is what is written");
  }
  return out;
}

}  // namespace

FUZZ_TARGET(baggage) {
  fuzz::taker in(data, size);
  const std::string key = in.text(), value = in.text(), header = in.rest();

  std::vector<std::string> expected;
  std::size_t room = 8192 + 1;
  for (const std::string& part : split(header, ',')) {
    const std::string member = trim(part);
    if (!is_member(member) || expected.size() == 64 || member.size() + 1 > room) continue;
    expected.push_back(member);
    room -= member.size() + 1;
  }
  std::string joined;
  for (const std::string& member : expected) joined += (joined.empty() ? "" : ",") + member;
  bool added = false;
  const std::string kept = written(header, "", "", added);
  fuzz::promise(kept == joined, "the members that the specification allows pass on, and no others", kept);
  fuzz::promise(written(kept, "", "", added) == kept, "baggage passes on the same", kept);

  const std::string with = written(kept, key, value, added);
  fuzz::promise(with.size() <= 8192, "baggage has its limit");
  fuzz::promise(!added || is_key(key), "a key is a token", key);
  std::string_view rest = with;
  std::size_t count = 0, own = 0;
  for (w3c::baggage_member member; w3c::next_baggage_member(rest, member); ++count) {
    std::string decoded(member.value.size(), 0);
    decoded.resize(w3c::decode_baggage_value(member.value, decoded.data()));
    if (member.key != key) continue;
    ++own;
    fuzz::promise(added && decoded == value, "a value is read again as it was put in", value);
  }
  fuzz::promise(count <= 64, "64 members at most");
  fuzz::promise(own == (added ? 1 : 0), "an own member stands once");
}
