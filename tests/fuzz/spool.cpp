// spool.cpp: any bytes as a spooled file or its name: what is read can be written and reads the same, what was damaged is told.
#include <arthur/spool/file_content.hpp>
#include <arthur/spool/file_name.hpp>

#include <string>
#include <vector>

#include "fuzz.hpp"
#include "support/otlp_decode.hpp"

using namespace arthur::detail;

namespace {

struct reading {
  // A copy of exactly that size; the content points into it.
  std::vector<char> bytes;
  spool_content content;
  text_line why;
  spool_reading result;

  reading(const std::string& from, bool file) : bytes(from.begin(), from.end()) {
    result = file ? read_spool_file(bytes.data(), bytes.size(), content, why) : read_spool_request(bytes.data(), bytes.size(), content, why);
    fuzz::promise(result != spool_reading::no_memory, "there is memory");
    fuzz::promise((result == spool_reading::good) == why.empty() && (result == spool_reading::good) == !content.spans.empty(), "what is damaged says why, and holds nothing");
    for (std::size_t n = 0; n < content.spans.size(); ++n) {
      const span_piece& span = content.spans[n];
      fuzz::promise(span.group < content.groups.size(), "a span has a resource");
      fuzz::promise(span.data >= bytes.data() && span.data + span.size <= bytes.data() + bytes.size(), "a span lies in the file");
    }
  }

  std::string written() const {
    buffer out;
    fuzz::promise(append_request(out, encoding::protobuf, &content.spans[0], content.spans.size(), &content.groups[0], content.groups.size()), "what was read can be written");
    return {out.data(), out.size()};
  }
};

void check_file(std::string file, std::size_t place, unsigned flip) {
  char end[checksum_size];
  put_checksum(end, file.data(), file.size());
  file.append(end, sizeof end);
  fuzz::promise(reading(file, true).result == spool_reading::good, "a file reads as its request");
  fuzz::promise(reading(file.substr(0, place % file.size()), true).result == spool_reading::damaged, "a file that was cut off is told");
  if (flip == 0) return;
  char& changed = file[place % file.size()];
  changed = static_cast<char>(static_cast<unsigned char>(changed) ^ flip);
  fuzz::promise(reading(file, true).result == spool_reading::damaged, "a file that was changed is told");
}

}  // namespace

FUZZ_TARGET(spool) {
  fuzz::taker in(data, size);
  const unsigned high = in.byte(), low = in.byte(), flip = in.byte();
  const std::string bytes = in.rest();

  spool_name name{};
  if (parse_spool_name(bytes, name)) fuzz::promise(to_text(name).text == bytes, "a name reads back the same", bytes);

  static_cast<void>(reading(bytes, true));
  const reading first(bytes, false);
  if (first.result != spool_reading::good) return;
  std::string why;
  const auto theirs = support::decode_protobuf(bytes, &why);
  fuzz::promise(!theirs || theirs->span_count() == first.content.spans.size(), "a decoder finds as many spans");

  const std::string once = first.written();
  const reading second(once, false);
  fuzz::promise(second.result == spool_reading::good && second.content.spans.size() == first.content.spans.size(), "all spans are written");
  fuzz::promise(second.written() == once, "written twice is written once");
  check_file(once, high << 8 | low, flip);
}
