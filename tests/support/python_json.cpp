// python_json.cpp: a JSON scanner with Python's rules.
#include "python_json.hpp"

#include <cmath>
#include <cstdlib>

namespace support {
namespace {

constexpr int max_depth = 900;  // Python's recursion limit of 1000 less the frames of the engine
constexpr std::size_t max_integer_digits = 4300;

class scanner {
public:
  scanner(std::string_view text, python_json& out) : text_(text), out_(out) {}

  python_json::outcome run() {
    blank();
    if (!any(out_.tree, 0)) return refused_ ? python_json::outcome::refused : python_json::outcome::bad;
    blank();
    return at_ == text_.size() ? python_json::outcome::parsed : python_json::outcome::bad;
  }

private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void blank() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  bool take(std::string_view token) {
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  bool refuse() {
    refused_ = true;
    return false;
  }

  bool any(nlohmann::json& into, int depth) {
    if (depth > max_depth) return refuse();
    if (take("{")) return object(into, depth);
    if (take("[")) return array(into, depth);
    if (take("\"")) {
      std::string s;
      if (!string(s)) return false;
      into = s;
      return true;
    }
    if (take("null")) return into = nullptr, true;
    if (take("true")) return into = true, true;
    if (take("false")) return into = false, true;
    if (take("NaN") || take("Infinity") || take("-Infinity")) return out_.not_finite = true, into = nullptr, true;
    return number(into);
  }

  bool object(nlohmann::json& into, int depth) {
    into = nlohmann::json::object();
    blank();
    if (take("}")) return true;
    for (;;) {
      std::string name;
      if (!take("\"") || !string(name)) return false;
      if (out_.slash_key.empty() && name.find('/') != std::string::npos) out_.slash_key = name;
      blank();
      if (!take(":")) return false;
      blank();
      if (!any(into[name], depth + 1)) return false;
      blank();
      if (take("}")) return true;
      if (!take(",")) return false;
      blank();
    }
  }

  bool array(nlohmann::json& into, int depth) {
    into = nlohmann::json::array();
    blank();
    if (take("]")) return true;
    for (;;) {
      into.push_back(nullptr);
      if (!any(into.back(), depth + 1)) return false;
      blank();
      if (take("]")) return true;
      if (!take(",")) return false;
      blank();
    }
  }

  bool digits() {
    const std::size_t first = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > first;
  }

  bool number(nlohmann::json& into) {
    const std::size_t first = at_;
    take("-");
    if (!take("0") && !digits()) return false;
    const std::size_t integer_end = at_;
    bool whole = true;
    if (peek() == '.') {  // "1." is the integer 1 followed by something else, as in Python
      ++at_;
      if (digits()) whole = false;
      else at_ = integer_end;
    }
    const std::size_t mantissa_end = at_;
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (!take("+")) take("-");
      if (digits()) whole = false;
      else at_ = mantissa_end;
    }
    if (whole && at_ - first > max_integer_digits) return refuse();
    const std::string literal(text_.substr(first, at_ - first));
    const double real = std::strtod(literal.c_str(), nullptr);
    if (!whole && !std::isfinite(real)) return out_.not_finite = true, into = nullptr, true;
    into = nlohmann::json::parse(literal, nullptr, false);
    if (into.is_discarded()) into = literal;  // an integer that only Python can hold
    return true;
  }

  bool hex4(unsigned& unit) {
    if (text_.size() - at_ < 4) return false;
    unit = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = text_[at_++];
      if (c >= '0' && c <= '9') unit = unit * 16 + static_cast<unsigned>(c - '0');
      else if (c >= 'a' && c <= 'f') unit = unit * 16 + static_cast<unsigned>(c - 'a') + 10;
      else if (c >= 'A' && c <= 'F') unit = unit * 16 + static_cast<unsigned>(c - 'A') + 10;
      else return false;
    }
    return true;
  }

  static void append(std::string& into, unsigned code) {
    const auto tail = [&](unsigned shift) { into += static_cast<char>(0x80 | (code >> shift & 0x3f)); };
    if (code < 0x80) {
      into += static_cast<char>(code);
    } else if (code < 0x800) {
      into += static_cast<char>(0xc0 | code >> 6);
      tail(0);
    } else if (code < 0x10000) {
      into += static_cast<char>(0xe0 | code >> 12);
      tail(6);
      tail(0);
    } else {
      into += static_cast<char>(0xf0 | code >> 18);
      tail(12);
      tail(6);
      tail(0);
    }
  }

  bool unicode_escape(std::string& into) {
    unsigned unit = 0;
    if (!hex4(unit)) return false;
    if (unit >= 0xd800 && unit < 0xdc00) {
      const std::size_t after = at_;
      unsigned low = 0;
      if (take("\\u") && hex4(low) && low >= 0xdc00 && low < 0xe000) {
        append(into, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        return true;
      }
      at_ = after;
    }
    if (unit >= 0xd800 && unit < 0xe000) {
      out_.lone_surrogate = true;
      unit = 0xfffd;
    }
    if (unit == 0) out_.nul = true;
    append(into, unit);
    return true;
  }

  bool string(std::string& into) {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        into += c;
        continue;
      }
      if (at_ == text_.size()) return false;
      const char escape = text_[at_++];
      if (escape == 'u') {
        if (!unicode_escape(into)) return false;
        continue;
      }
      const std::size_t which = std::string_view("\"\\/bfnrt").find(escape);
      if (which == std::string_view::npos) return false;
      into += "\"\\/\b\f\n\r\t"[which];
    }
    return false;
  }

  std::string_view text_;
  python_json& out_;
  std::size_t at_ = 0;
  bool refused_ = false;
};

}  // namespace

python_json python_loads(std::string_view text) {
  python_json out;
  out.result = scanner(text, out).run();
  return out;
}

}  // namespace support
