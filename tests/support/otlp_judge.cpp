// otlp_judge.cpp: the judge behind otlp_judge.hpp.
#include "otlp_judge.hpp"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "../unit/otlp_support.hpp"

namespace otlp_test {
namespace {

// nlohmann refuses broken UTF-8 in a string.
bool good_text(const std::string& text) {
  return text.find('\0') == std::string::npos && text.size() < 1000000 &&
         nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).size() ==
             nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore).size();
}

std::vector<std::string> key_parts(const std::string& key) {
  std::vector<std::string> parts(1);
  for (const char c : key) {
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

bool all_of(const std::string& text, const char* allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string::npos;
}
constexpr char ascii_digits[] = "0123456789";

// The foreign digits that the tests use are superscript two and circled one.
bool is_digits(std::string part) {
  for (const std::string foreign : {"\xc2\xb2", "\xe2\x91\xa0"}) {
    for (std::size_t at; (at = part.find(foreign)) != std::string::npos;) part.replace(at, foreign.size(), "0");
  }
  return all_of(part, ascii_digits);
}

// "[n]" at the end, with quotes around n perhaps.
bool is_indexed(const std::string& part) {
  if (part.empty() || part.back() != ']') return false;
  const std::size_t open = part.rfind('[');
  return open != std::string::npos && all_of(part.substr(open + 1, part.size() - open - 2), "-'\"0123456789");
}

enum class number_kind { none, integer, real };

// JSON's grammar of numbers.
number_kind kind_of_number(const std::string& word) {
  std::size_t at = word.compare(0, 1, "-") == 0 ? 1 : 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < word.size() && word[at] >= '0' && word[at] <= '9') ++at;
    return at - from;
  };
  const std::size_t whole = at;
  const std::size_t count = digits();
  if (count == 0 || (word[whole] == '0' && count > 1)) return number_kind::none;
  if (at == word.size()) return number_kind::integer;
  if (word[at] == '.' && (++at, digits()) == 0) return number_kind::none;
  if (at < word.size() && (word[at] == 'e' || word[at] == 'E')) {
    ++at;
    if (at < word.size() && (word[at] == '+' || word[at] == '-')) ++at;
    if (digits() == 0) return number_kind::none;
  }
  return at == word.size() ? number_kind::real : number_kind::none;
}

// What int() and float() read: with a sign and leading zeros, too.
number_kind kind_of_python_number(std::string word) {
  if (word.compare(0, 1, "+") == 0 || word.compare(0, 1, "-") == 0) word.erase(0, 1);
  while (word.size() > 1 && word[0] == '0' && word[1] >= '0' && word[1] <= '9') word.erase(0, 1);
  return word.compare(0, 1, "-") == 0 ? number_kind::none : kind_of_number(word);
}

std::string bad_key(const std::string& key) {
  if (key.find('/') != std::string::npos) return "slash in key " + key;
  for (const std::string& part : key_parts(key)) {
    if (is_digits(part) && (!all_of(part, ascii_digits) || part.size() > 4300)) return "digits in key " + key;
    if (is_indexed(part)) return "index in key " + key;
  }
  return key_parts(key).size() > 250 ? "too many parts in key" : "";
}

// What Python's json makes of a text: turned into strict JSON, with what that can't say put down as hazards.
struct python_text {
  std::string strict;
  std::string hazard;
};

python_text to_strict_json(const std::string& text) {
  python_text out;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && text.compare(i, 2, "\\u") == 0 && i + 6 <= text.size()) {
      const std::string unit = text.substr(i, 6);
      const long code = std::strtol(unit.c_str() + 2, nullptr, 16);
      const bool hex = unit.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string::npos;
      const bool high = hex && code >= 0xd800 && code < 0xdc00;
      const std::string next = i + 12 <= text.size() ? text.substr(i + 6, 6) : "";
      const long low = next.compare(0, 2, "\\u") == 0 ? std::strtol(next.c_str() + 2, nullptr, 16) : 0;
      if (hex && code == 0) out.hazard = "NUL";
      if (high && low >= 0xdc00 && low < 0xe000) {
        out.strict += unit + next;
        i += 11;
        continue;
      }
      if (hex && code >= 0xd800 && code < 0xe000) {
        out.hazard = "lone surrogate";
        out.strict += "\\ufffd";
      } else {
        out.strict += unit;
      }
      i += 5;
    } else if (quoted) {
      if (c == '"') quoted = false;
      out.strict += c;
      if (c == '\\' && i + 1 < text.size()) out.strict += text[++i];
    } else if (c == '"') {
      quoted = true;
      out.strict += c;
    } else if (std::strchr("-0123456789NI", c) != nullptr && c != 0) {
      std::size_t end = text.find_first_not_of("-+.0123456789eENaInfinity", i);
      if (end == std::string::npos) end = text.size();
      const std::string word = text.substr(i, end - i);
      const number_kind kind = kind_of_number(word);
      const bool special = word == "NaN" || word == "Infinity" || word == "-Infinity";
      if (special || kind != number_kind::none) {
        const bool overflows = kind == number_kind::real && std::isinf(std::strtod(word.c_str(), nullptr));
        if (special || overflows) out.hazard = "not finite";
        if (kind == number_kind::integer && word.size() > 4301) out.hazard = "long integer";
        out.strict += '0';
      } else {
        out.strict += word;
      }
      i = end - 1;
    } else {
      out.strict += c;
    }
  }
  return out;
}

std::string refusal_of(const std::string& text, bool by_key, int decoded);

bool is_json_key(const std::string& key) {
  static const std::set<std::string> names = {"llm.invocation_parameters",
                                              "llm.function_call",
                                              "llm.prompt_template.variables",
                                              "tool.parameters",
                                              "tool.json_schema",
                                              "message.function_call_arguments_json",
                                              "tool_call.function.arguments"};
  return names.count(key) != 0 || key_parts(key).back() == "metadata";
}

// `split`: no list around it. `paths`: of all values that are no objects.
std::string tree_refusal(const nlohmann::json& tree, bool split, int chain, const std::string& path,
                                std::vector<std::string>& paths, int decoded) {
  if (tree.is_array()) {
    for (const auto& one : tree) {
      const std::string why = tree_refusal(one, false, 0, "", paths, decoded);
      if (!why.empty()) return why;
    }
  }
  if (chain > 10) return "objects too deep";
  if (!tree.is_object()) return "";
  for (const auto& one : tree.items()) {
    std::string why = bad_key(one.key());
    const std::string here = path + '.' + one.key();
    if (split && !one.value().is_object()) paths.push_back(here);
    if (why.empty() && one.value().is_string() && is_json_key(one.key()) && decoded < 3) {
      // When this is decoded keys don't matter any more.
      why = refusal_of(one.value().get<std::string>(), true, decoded + 1);
      if (why.find("key") != std::string::npos) why.clear();
    }
    if (why.empty())
      why = tree_refusal(one.value(), split, one.value().is_object() ? chain + 1 : 0, here, paths, decoded);
    if (!why.empty()) return why;
  }
  return "";
}

std::string refusal_of(const std::string& text, bool by_key, int decoded) {
  // nlohmann takes a byte order mark, and a null character for the end; Python takes neither.
  if (text.compare(0, 3, "\xef\xbb\xbf") == 0 || text.find('\0') != std::string::npos) return "";
  const python_text python = to_strict_json(text);
  if (python.hazard == "long integer") return python.hazard;
  const nlohmann::json tree = nlohmann::json::parse(python.strict, nullptr, false);
  if (tree.is_discarded()) return "";
  if (!python.hazard.empty()) return python.hazard;
  if (tree.is_string() && by_key && decoded < 3) return refusal_of(tree.get<std::string>(), true, decoded + 1);
  std::vector<std::string> paths;
  std::string why = tree_refusal(tree, true, tree.is_object() ? 1 : 0, "", paths, decoded);
  for (const auto& above : paths) {
    for (const auto& below : paths) {
      if (why.empty() && below.compare(0, above.size() + 1, above + '.') == 0) why = "conflict of keys";
    }
  }
  return why;
}

}  // namespace

bool is_json(const std::string& text) { return nlohmann::json::accept(text); }

std::string json_refusal(const std::string& text, bool by_key) { return refusal_of(text, by_key, 0); }

std::string refusal(const std::string& body) {
  bool good = true;
  std::map<std::string, field> given;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::string name;
  const auto all_texts_good = [&good](const auto& self, const std::string& any) -> bool {
    for (const field& one : fields(any, good)) {
      if (one.number == 1 && !good_text(one.content)) return false;
      if (one.number != 5 && one.number != 6) continue;
      for (const field& element : fields(one.content, good)) {
        if (one.number == 5 && !self(self, element.content)) return false;
        if (one.number != 6) continue;
        for (const field& part : fields(element.content, good)) {
          if (part.number == 1 ? !good_text(part.content) : !self(self, part.content)) return false;
        }
      }
    }
    return true;
  };
  for (const field& one : fields(body, good)) {
    if (one.number == 3 && !good_text(one.content)) return "trace state";
    if (one.number == 4 && one.content == std::string(8, '\0')) return "parent";
    if (one.number == 5) name = one.content;
    if (one.number == 7) start = one.value;
    if (one.number == 8) end = one.value;
    const unsigned list = one.number == 11 ? 3 : one.number == 13 ? 4 : 0;
    if (list != 0 || one.number == 15) {
      for (const field& part : fields(one.content, good)) {
        if (part.number == (one.number == 13 ? 3U : 2U) && !good_text(part.content))
          return "text of event, link or status";
        if (part.number != list) continue;
        for (const field& half : fields(part.content, good)) {
          if (half.number == 1 ? !good_text(half.content) : !all_texts_good(all_texts_good, half.content))
            return "attribute of event or link";
        }
      }
    }
    if (one.number != 9) continue;
    std::string key;
    field value;
    for (const field& part : fields(one.content, good)) {
      if (part.number == 1) key = part.content;
      if (part.number != 2) continue;
      if (!all_texts_good(all_texts_good, part.content)) return "text of attribute";
      for (const field& any : fields(part.content, good)) value = any;
    }
    if (!good_text(key)) return "text of key";
    if (!given.emplace(key, value).second) return "repeated key " + key;
  }
  if (!good) return "damaged";
  if (start == 0 || end < start) return "time";
  if (name.empty() || name.size() > 2600 || !good_text(name)) return "name";

  bool numeric = !given.empty();
  for (const auto& one : given) {
    const std::string& key = one.first;
    const field& value = one.second;
    const std::string why = bad_key(key);
    if (!why.empty()) return why;
    if (key.empty()) return "empty key";
    numeric = numeric && is_digits(key_parts(key)[0]);
    for (std::size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) {
      if (given.count(key.substr(0, dot)) != 0) return "both " + key.substr(0, dot) + " and " + key;
    }
    double real = 0;
    std::memcpy(&real, &value.value, sizeof real);
    if (value.number == 4 && !std::isfinite(real)) return "not finite: " + key;
    for (const char* scalar : {"session.id", "user.id", "openinference.span.kind"}) {
      if (key.compare(0, std::strlen(scalar) + 1, scalar + std::string(".")) == 0) return "below " + key;
      if (key == scalar && (value.number == 0 || value.number > 4 || value.content.size() > 2600))
        return "too long or no scalar: " + key;
    }
    if (key.compare(0, 16, "llm.token_count.") == 0 && key != "llm.token_count.prompt_value") {
      for (const char* column : {"prompt", "completion", "total"}) {
        const std::string full = std::string("llm.token_count.") + column;
        if (key.compare(0, full.size() + 1, full + '.') == 0) return "below " + key;
        if (key != full) continue;
        double count = 0;
        if (value.number == 1) {
          if (kind_of_python_number(value.content) != number_kind::integer) return "token count";
          count = std::strtod(value.content.c_str(), nullptr);
        } else if (value.number == 3) {
          count = static_cast<double>(static_cast<std::int64_t>(value.value));
        } else if (value.number == 4) {
          count = real;
        } else if (value.number != 2) {
          return "token count";
        }
        if (std::fabs(count) > 1073741823.0) return "token count too large";
      }
    }
    static const std::set<std::string> costs = {"llm.cost.prompt", "llm.cost.completion", "llm.cost.total",
                                                "llm.cost.prompt_details.input", "document.score"};
    if (costs.count(key) != 0) {
      if (value.number == 1) {
        const bool numeric_text = kind_of_python_number(value.content) != number_kind::none;
        if (!numeric_text || std::isinf(std::strtod(value.content.c_str(), nullptr))) return "cost " + value.content;
      }
      if (value.number == 0 || value.number > 4) return "cost is no scalar";
    }
    if (value.number != 1) continue;
    std::string label = key;
    for (std::size_t at = label.find(".value"); at != std::string::npos; at = label.find(".value", at + 10))
      label.replace(at, 6, ".mime_type");
    const auto mime = given.find(label);
    const bool labelled = label != key && mime != given.end() && mime->second.number == 1 &&
                          mime->second.content == "application/json";
    const bool contents = key.size() >= 16 && key.compare(key.size() - 16, 16, "message.contents") == 0;
    if (labelled || contents || is_json_key(key)) {
      const std::string hazard = json_refusal(value.content, is_json_key(key));
      if (!hazard.empty()) return hazard + " in " + key;
    }
    if (contents) {
      const nlohmann::json tree = nlohmann::json::parse(to_strict_json(value.content).strict, nullptr, false);
      if ((tree.is_object() && !tree.empty()) || (tree.is_string() && tree != "")) return "contents";
      if (tree.is_array()) {
        for (const auto& item : tree) {
          if (!item.is_object()) return "contents";
        }
      }
    }
  }
  return numeric ? "only numeric keys" : "";
}

}  // namespace otlp_test
