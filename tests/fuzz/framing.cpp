// framing.cpp: answers taken apart: the same pieces however the bytes are cut, none beyond the limit.
#include <arthur/providers/framing.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz.hpp"

using namespace arthur::detail::providers;

namespace {

constexpr std::size_t limit = 300;

struct seen {
  std::vector<std::string> pieces;
  std::size_t left_out = 0;
  bool operator==(const seen& other) const { return pieces == other.pieces && left_out == other.left_out; }
};

/// `steps`: how many bytes come at a time, again and again; none: all at once.
template <class Feed>
void feed_in(std::string_view bytes, std::string_view steps, Feed&& feed) {
  for (std::size_t n = 0; !bytes.empty(); ++n) {
    const std::size_t step = steps.empty() ? bytes.size() : static_cast<unsigned char>(steps[n % steps.size()]);
    feed(std::string(bytes.substr(0, step)));  // of its own, so that a sanitizer sees what reads behind it
    bytes.remove_prefix((std::min)(step, bytes.size()));
    if (n > 2000) steps = {};
  }
}

seen events(std::string_view bytes, std::string_view steps) {
  seen out;
  sse_splitter splitter(limit);
  const auto use = [&out](std::string_view name, std::string_view data) {
    fuzz::promise(data.size() <= limit && name.size() <= limit, "a piece is within the limit", data);
    out.pieces.push_back(std::string(name) + '\n' + std::string(data));
  };
  feed_in(bytes, steps, [&](std::string_view part) { splitter.feed(part, use); });
  splitter.finish(use);
  out.left_out = splitter.left_out();
  return out;
}

seen values(std::string_view bytes, std::string_view steps) {
  seen out;
  json_splitter splitter(limit);
  feed_in(bytes, steps, [&](std::string_view part) {
    splitter.feed(part, [&out](std::string_view text) {
      fuzz::promise(text.size() <= limit, "a piece is within the limit", text);
      fuzz::promise(text.size() >= 2 && (text.front() == '{' || text.front() == '['), "a value begins with its bracket", text);
      fuzz::promise(text.back() == '}' || text.back() == ']', "a value ends with its bracket", text);
      out.pieces.emplace_back(text);
    });
  });
  out.left_out = splitter.left_out();
  return out;
}

}  // namespace

FUZZ_TARGET(framing) {
  fuzz::taker from(data, size);
  std::string steps = from.text().substr(0, 8);
  for (char& step : steps) {
    if (step == 0) step = 1;
  }
  const std::string bytes = from.rest();
  const seen as_events = events(bytes, {});
  fuzz::promise(as_events == events(bytes, "\1"), "events come out the same byte by byte", bytes);
  fuzz::promise(as_events == events(bytes, steps), "events come out the same at any cuts", bytes);
  const seen as_values = values(bytes, {});
  fuzz::promise(as_values == values(bytes, "\1"), "values come out the same byte by byte", bytes);
  fuzz::promise(as_values == values(bytes, steps), "values come out the same at any cuts", bytes);
}
