// images.hpp: images in a body, taken out of its text where they aren't to be recorded: out of a request's before it is parsed.
#ifndef ARTHUR_PROVIDERS_IMAGES_HPP
#define ARTHUR_PROVIDERS_IMAGES_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "../config.hpp"
#include "../openinference/masking.hpp"
#include "route.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// Which images stay.
struct image_rules {
  bool hide;          // none, also none that is a URL
  std::size_t limit;  // those whose data: URL has no more characters
};

/// Finds the images in a JSON text, which may be broken off: in data: URLs anywhere, Anthropic's `source`, Gemini's
/// `inlineData` and `fileData`, Ollama's `images`. By the text, as a photo would make the body too long to be parsed.
class image_finder {
 public:
  image_finder(std::string_view text, image_rules rules) noexcept : text_(text), rules_(rules) {}

  /// The text with "__REDACTED__" for each image that mustn't stay; empty if there is none. May throw std::bad_alloc.
  std::string replaced() {
    levels_.resize(1);
    for (std::size_t n = 0; n < text_.size(); ++n) {
      const char c = text_[n];
      if (c == '"') n = string_at(n + 1);
      else if (c == '{' || c == '[') open();
      else if (c == '}' || c == ']') close();
    }
    while (levels_.size() > 1) close();
    // An object's image is settled at its end, behind those inside.
    std::sort(found_.begin(), found_.end(), [](const range& a, const range& b) { return a.begin < b.begin; });
    std::string out;
    std::size_t done = 0;
    for (const range& one : found_) {
      out.append(text_.substr(done, one.begin - done)).append(redacted);
      done = one.end;
    }
    return found_.empty() ? out : out.append(text_.substr(done));
  }

 private:
  struct range {
    std::size_t begin = 0, end = 0;
  };
  /// What is open. A list passes its key on to what is in it.
  struct level {
    std::string_view own, key;  // its own name; the last member's
    std::string_view type, mime_type;
    range data, url;  // images if the mime type says so, which may come behind them
  };

  void open() {
    if (levels_.size() > 200) {
      ++deeper_;  // isn't parsed, see json.hpp
      return;
    }
    const std::string_view name = levels_.back().key;
    levels_.push_back({});
    levels_.back().own = levels_.back().key = name;
  }
  void close() {
    if (deeper_ != 0) {
      --deeper_;
      return;
    }
    if (levels_.size() == 1) return;
    const level ended = levels_.back();
    levels_.pop_back();
    if (!starts_with(ended.mime_type, "image")) return;
    const std::size_t around = ended.mime_type.size() + std::string_view("data:;base64,").size();
    if (ended.data.end != 0 && !stays(ended.data, around)) found_.push_back(ended.data);
    if (ended.url.end != 0 && rules_.hide) found_.push_back(ended.url);
  }

  /// Returns where the text that begins here ends.
  std::size_t string_at(std::size_t begin) {
    std::size_t end = begin;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? std::size_t{2} : std::size_t{1};
    end = (std::min)(end, text_.size());
    std::size_t behind = end + 1;
    while (behind < text_.size() && (text_[behind] == ' ' || text_[behind] == '\n' || text_[behind] == '\r' || text_[behind] == '\t')) ++behind;
    if (behind < text_.size() && text_[behind] == ':') levels_.back().key = text_.substr(begin, end - begin);
    else value({begin, end});
    return end;
  }
  void value(range at) {
    level& in = levels_.back();
    const std::string_view text = text_.substr(at.begin, at.end - at.begin);
    if (starts_with(text, "data:image") && contains(text.substr(0, 100), "base64")) {
      if (!stays(at, 0)) found_.push_back(at);
    } else if (in.key == "images" && in.own == "images") {
      if (!stays(at, 0)) found_.push_back(at);
    } else if (in.key == "media_type" || in.key == "mimeType" || in.key == "mime_type") {
      in.mime_type = text;
    } else if (in.key == "type") {
      in.type = text;
    } else if (in.key == "data") {
      in.data = at;
    } else if (in.key == "fileUri" || in.key == "file_uri") {
      in.url = at;
    } else if (rules_.hide && (in.key == "image_url" || (in.key == "url" && is_image(in)))) {
      found_.push_back(at);
    }
  }
  /// Whether an object with a URL is one of an image: OpenAI's, Anthropic's.
  bool is_image(const level& in) const noexcept {
    const std::string_view around = levels_.size() > 1 ? levels_[levels_.size() - 2].type : std::string_view();
    return in.own == "image_url" || (in.own == "source" && (around.empty() || around == "image"));
  }
  bool stays(range image, std::size_t around) const noexcept {
    return !rules_.hide && !masking::longer(text_.substr(image.begin, image.end - image.begin), rules_.limit - (std::min)(rules_.limit, around));
  }

  std::string_view text_;
  image_rules rules_;
  std::vector<level> levels_;
  std::vector<range> found_;
  std::size_t deeper_ = 0;
};

/// See image_finder::replaced().
inline std::string without_images(std::string_view body, image_rules rules) {
  if (!rules.hide && body.size() <= rules.limit) return {};
  return image_finder(body, rules).replaced();
}

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
