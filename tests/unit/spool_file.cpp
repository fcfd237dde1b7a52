// spool_file.cpp: names and content of spooled files, also damaged ones.
#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "../support/otlp_decode.hpp"
#include "spool_support.hpp"

using namespace spool_test;
using otlp_test::bytes_field;
using otlp_test::span_start;

namespace {

std::string text_of(const spool_name& name) { return to_text(name).text; }

std::string file_of(const std::string& body) {
  char end[checksum_size];
  put_checksum(end, body.data(), body.size());
  return body + std::string(end, sizeof end);
}
std::string file_of(const buffer& body) { return file_of(std::string(body.data(), body.size())); }

spool_reading read(const std::string& file, spool_content& out, std::string* why = nullptr) {
  // A copy of exactly this size: the address sanitizer sees a byte too far.
  const std::vector<char> bytes(file.begin(), file.end());
  text_line line;
  const spool_reading result = read_spool_file(bytes.data(), bytes.size(), out, line);
  if (why != nullptr) *why = line;
  CHECK((result == spool_reading::damaged) == !line.empty());
  return result;
}
std::string complaint(const std::string& file) {
  spool_content out;
  std::string why;
  CHECK(read(file, out, &why) == spool_reading::damaged);
  CHECK(out.spans.empty());
  CHECK(out.groups.empty());
  return why;
}

}  // namespace

TEST_CASE("a name tells time, writer, number and state, and sorts by time") {
  const spool_name name{1763749805123456789, 0x9f86d081884c7d65, 42, spool_state::pending};
  CHECK(text_of(name) == "arthur-20251121T183005.123456789Z-9f86d081884c7d65-0000000042.otlp");
  spool_name late = name;
  late.time += 1;
  spool_name sending = late;
  sending.state = spool_state::sending;
  CHECK(text_of(sending) == "arthur-20251121T183005.123456790Z-9f86d081884c7d65-0000000042.otlp.sending");
  CHECK(name < late);
  CHECK(text_of(name) < text_of(late));
}

TEST_CASE("every time is read back from its name") {
  std::mt19937_64 random(7);
  std::set<std::string> names;
  for (int i = 0; i < 20000; ++i) {
    spool_name name{random(), random(), static_cast<std::uint32_t>(random()), static_cast<spool_state>(random() % 5)};
    if (i == 0) name.time = 0;
    if (i == 1) name.time = 951782400 * second;  // 29 February 2000
    if (i == 2) name.time = UINT64_MAX;
    const std::string text = text_of(name);
    // What the C library makes of it.
    const auto seconds = static_cast<std::time_t>(name.time / second);
    char date[32];
    std::tm parts{};
    std::strftime(date, sizeof date, "arthur-%Y%m%dT%H%M%S.", ::gmtime_r(&seconds, &parts));
    if (static_cast<std::uint64_t>(seconds) == name.time / second) REQUIRE(text.substr(0, 23) == date);  // a time_t may have 32 bits
    spool_name back{};
    REQUIRE(parse_spool_name(text, back));
    CHECK(back.time == name.time);
    CHECK(back.token == name.token);
    CHECK(back.number == name.number);
    CHECK(back.state == name.state);
    names.insert(text);
  }
  CHECK(names.size() == 20000);
}

TEST_CASE("no other name is taken for one of ours") {
  const std::string good = "arthur-20251121T183005.123456789Z-9f86d081884c7d65-0000000042.otlp";
  spool_name name{};
  REQUIRE(parse_spool_name(good, name));
  for (const char* suffix : {".sending", ".unconfirmed", ".corrupt", ".tmp"}) CHECK(parse_spool_name(good + suffix, name));
  for (const std::string& bad : {std::string(), good + "x", good + ".bak", good + ".sending.tmp", good.substr(0, good.size() - 1), "x" + good,
                                 std::string("arthur-20251321T183005.123456789Z-9f86d081884c7d65-0000000042.otlp"),
                                 std::string("arthur-20250229T183005.123456789Z-9f86d081884c7d65-0000000042.otlp"),
                                 std::string("arthur-20251121T246005.123456789Z-9f86d081884c7d65-0000000042.otlp"),
                                 std::string("arthur-20251121T183005.123456789Z-9F86d081884c7d65-0000000042.otlp"),
                                 std::string("arthur-20251121T183005.123456789Z-9f86d081884c7d65-9999999999.otlp"),
                                 std::string("arthur-99999999T999999.999999999Z-9f86d081884c7d65-0000000042.otlp")}) {
    CAPTURE(bad);
    CHECK(!parse_spool_name(bad, name));
  }
  // Each place of the name matters.
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string other = good;
    other[i] = other[i] == '/' ? ':' : '/';
    CAPTURE(other);
    CHECK(!parse_spool_name(other, name));
  }
}

TEST_CASE("the checksum is CRC-32C") {
  // The examples of RFC 3720, B.4, and the catalogue's "123456789".
  CHECK(crc32c("123456789", 9) == 0xe3069283U);
  CHECK(crc32c(std::string(32, '\0').data(), 32) == 0x8a9136aaU);
  CHECK(crc32c(std::string(32, '\xff').data(), 32) == 0x62a8ab43U);
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  CHECK(crc32c(rising.data(), 32) == 0x46dd794eU);
  CHECK(crc32c("", 0) == 0);
  // Eight at a time gives what one at a time gives.
  std::uint32_t slow = 0xffffffffU;
  const std::string text = "any number of bytes, 8 or fewer left";
  for (std::size_t n = 0; n < text.size(); ++n) {
    slow ^= static_cast<unsigned char>(text[n]);
    for (int bit = 0; bit < 8; ++bit) slow = slow >> 1 ^ ((slow & 1U) != 0 ? 0x82f63b78U : 0U);
    CHECK(crc32c(text.data(), n + 1) == ~slow);
  }
}

TEST_CASE("what was written is read back, span for span and group for group") {
  const auto resource = [](const char* value) { return bytes_field(1, otlp_test::key_value("service.name", otlp_test::text_any(value))); };
  const std::vector<std::string> resources = {resource("first"), "", resource("third")};
  const std::vector<std::pair<std::uint32_t, std::string>> spans = {{0, span_start("a")}, {2, span_start("b")}, {2, span_start("c")}, {1, span_start("d")}};
  std::vector<span_piece> pieces;
  for (const auto& s : spans) pieces.push_back({s.first, s.second.data(), s.second.size()});
  std::vector<resource_view> views;
  for (const auto& r : resources) views.push_back({r.data(), r.size()});
  buffer out;
  REQUIRE(append_request(out, encoding::protobuf, pieces.data(), pieces.size(), views.data(), views.size()));

  const std::string file = file_of(out);
  spool_content back;
  text_line why;
  REQUIRE(read_spool_file(file.data(), file.size(), back, why) == spool_reading::good);
  CHECK(names_of(back) == list{"a", "d", "b", "c"});
  REQUIRE(back.groups.size() == 3);
  CHECK(std::string(back.groups[2].data, back.groups[2].size) == resources[2]);

  // It goes out again as it came, in either encoding.
  buffer again;
  REQUIRE(append_request(again, encoding::protobuf, back.spans.data(), back.spans.size(), back.groups.data(), back.groups.size()));
  CHECK(std::string(again.data(), again.size()) == std::string(out.data(), out.size()));
  // And any protobuf reader reads the file as it is.
  const auto decoded = support::decode_protobuf(file);
  REQUIRE(decoded);
  CHECK(decoded->span_count() == 4);
}

TEST_CASE("a file with any byte changed, or cut off anywhere, is found out") {
  const std::string file = file_of(request({"one", "two"}));
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string other = file;
    other[i] = static_cast<char>(other[i] ^ 0x10);
    CHECK(complaint(other) == "its checksum doesn't match: it was cut off or changed");
    CHECK(complaint(file.substr(0, i)) == "its checksum doesn't match: it was cut off or changed");
  }
  CHECK(complaint(file + "x") == "its checksum doesn't match: it was cut off or changed");
  CHECK(complaint(std::string(4096, '\0')) == "its checksum doesn't match: it was cut off or changed");
}

TEST_CASE("a right checksum doesn't make a request of anything") {
  CHECK(complaint(file_of(std::string())) == "it holds no spans");
  CHECK(complaint(file_of(std::string("hello"))) == "it is no OTLP request");
  CHECK(complaint(file_of(bytes_field(1, "\x0a\x7f"))) == "a resource can't be read");
  CHECK(complaint(file_of(bytes_field(1, bytes_field(2, "\x12\x7f")))) == "a group of spans can't be read");
  CHECK(complaint(file_of(bytes_field(1, bytes_field(2, bytes_field(2, span_start() + "\x0a"))))) == "a span can't be read");
  CHECK(complaint(file_of(bytes_field(1, bytes_field(2, bytes_field(2, bytes_field(5, "name")))))) == "a span has no id");
  CHECK(complaint(file_of(bytes_field(1, bytes_field(2, bytes_field(2, bytes_field(1, "short") + bytes_field(2, "01234567")))))) == "a span has no id");
  // What later versions of OTLP may add is passed over.
  spool_content out;
  CHECK(read(file_of(bytes_field(7, "x") + bytes_field(1, bytes_field(3, "schema") + bytes_field(2, bytes_field(3, "schema") + bytes_field(2, span_start()))) +
                     otlp_test::fixed32_field(999, 1)),
             out) == spool_reading::good);
  CHECK(out.spans.size() == 1);
}

TEST_CASE("no bytes bring the reader out of bounds") {
  std::mt19937 random(11);
  const buffer good = request({"one", "two", "three"});
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(good.data(), good.size());
    for (unsigned changes = random() % 8 + 1; changes > 0; --changes) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 2 == 0) bytes.resize(random() % bytes.size());
    spool_content out;
    const std::string file = file_of(bytes);
    text_line why;
    if (read_spool_file(file.data(), file.size(), out, why) != spool_reading::good) continue;
    for (std::size_t n = 0; n < out.spans.size(); ++n) {
      const span_piece& s = out.spans[n];
      REQUIRE(s.group < out.groups.size());
      REQUIRE(s.data >= file.data());
      REQUIRE(s.data + s.size <= file.data() + file.size());
    }
    for (std::size_t n = 0; n < out.groups.size(); ++n) {
      REQUIRE(out.groups[n].data >= file.data());
      REQUIRE(out.groups[n].data + out.groups[n].size <= file.data() + file.size());
    }
  }
}
