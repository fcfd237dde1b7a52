// engine_rules.cpp: the rule tables of §1.6 and §1.7.
#include "engine_rules.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace support {
namespace {

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

bool has_nul(const std::vector<attribute>& attributes);

bool has_nul(const value& v) {
  if (v.is(value::type::string) && has_nul(v.text)) return true;
  for (const value& item : v.items) {
    if (has_nul(item)) return true;
  }
  return has_nul(v.members);
}

bool has_nul(const std::vector<attribute>& attributes) {
  for (const attribute& a : attributes) {
    if (has_nul(a.key) || has_nul(a.val)) return true;
  }
  return false;
}

bool infinite_or_nan(const std::vector<attribute>& attributes) {
  for (const attribute& a : attributes) {
    if (a.val.is(value::type::real) && !std::isfinite(a.val.real)) return true;
  }
  return false;
}

/// PostgreSQL's pglz, its size estimate only: a literal is 1 byte, a match of 3..17 is 2 bytes, of 18..273 is 3, and
/// one control byte goes before eight items; a result that saves less than a quarter is thrown away.
std::size_t compressed_size(const std::string& text) {
  std::array<std::size_t, 4096> last{};
  std::size_t size = 0;
  std::size_t items = 0;
  for (std::size_t i = 0; i < text.size(); ++items) {
    std::size_t length = 0;
    if (i + 3 <= text.size()) {
      std::size_t hash = 0;
      for (std::size_t k = 0; k < 3; ++k) hash = hash * 31 + static_cast<unsigned char>(text[i + k]);
      hash %= last.size();
      const std::size_t from = last[hash];
      if (from != 0 && i - (from - 1) < 4096) {
        while (length < 273 && i + length < text.size() && text[from - 1 + length] == text[i + length]) ++length;
      }
      last[hash] = i + 1;
    }
    size += length < 3 ? 1 : length < 18 ? 2 : 3;
    i += length < 3 ? 1 : length;
  }
  size += (items + 7) / 8;
  return size * 4 > text.size() * 3 ? text.size() : size;
}

constexpr std::size_t btree_limit = 2600;

std::string over_long(const std::string& text, const char* what) {
  if (text.size() <= btree_limit || compressed_size(text) <= btree_limit) return {};
  return std::string("index row size exceeds btree maximum 2704: ") + what;
}

constexpr std::size_t key_levels = 300;

std::string key_with_slash(const normal_span& n) {
  const auto message = [](const std::string& key) {
    return "Key should not contain keypath separator '/', found: '" + key + "'.";
  };
  for (const attribute& a : n.source->attributes) {
    if (a.key.find('/') != std::string::npos) return message(a.key);
  }
  return {};
}

std::string json_key_with_slash(const normal_span& n) {
  for (const python_json& j : n.parsed) {
    if (j.result == python_json::outcome::parsed && !j.slash_key.empty()) {
      return "Key should not contain keypath separator '/', found: '" + j.slash_key + "'.";
    }
  }
  return {};
}

std::string all_keys_numeric(const normal_span& n) {
  const auto& attributes = n.source->attributes;
  const bool numeric = !attributes.empty() && std::all_of(attributes.begin(), attributes.end(), [](const attribute& a) {
    const std::string top = a.key.substr(0, a.key.find('.'));
    return !top.empty() && top.find_first_not_of("0123456789") == std::string::npos;
  });
  return numeric ? "'list' object has no attribute 'items'" : std::string();
}

std::string key_too_deep(const normal_span& n) {
  for (const attribute& a : n.source->attributes) {
    if (static_cast<std::size_t>(std::count(a.key.begin(), a.key.end(), '.')) >= key_levels) {
      return "maximum recursion depth exceeded";
    }
  }
  return {};
}

std::string json_refused(const normal_span& n) {
  for (const python_json& j : n.parsed) {
    if (j.result == python_json::outcome::refused) return "maximum recursion depth or integer length exceeded";
  }
  return {};
}

const std::array<const char*, 6> number_keys = {"llm.token_count.prompt", "llm.token_count.completion",
                                               "llm.token_count.total",  "llm.cost.prompt",
                                               "llm.cost.completion",    "llm.cost.total"};

/// Python's float(text): blanks around it are fine, and so are nan and inf.
bool python_float(const std::string& text, double& out) {
  const std::size_t first = text.find_first_not_of(" \t\n\r\f\v");
  if (first == std::string::npos) return false;
  const std::string trimmed = text.substr(first, text.find_last_not_of(" \t\n\r\f\v") - first + 1);
  if (trimmed.find_first_of("xXpP(") != std::string::npos) return false;
  char* end = nullptr;
  out = std::strtod(trimmed.c_str(), &end);
  return end == trimmed.c_str() + trimmed.size();
}

std::string text_as_number(const normal_span& n) {
  if (n.kind != "LLM") return {};
  for (const char* key : number_keys) {
    const value* v = n.source->find(key);
    double ignored = 0;
    if (v != nullptr && v->is(value::type::string) && !python_float(v->text, ignored)) {
      return "could not convert string to float: '" + v->text + "'";
    }
  }
  return {};
}

bool any_parsed(const normal_span& n, bool python_json::*finding) {
  return std::any_of(n.parsed.begin(), n.parsed.end(), [&](const python_json& j) {
    return j.result == python_json::outcome::parsed && j.*finding;
  });
}

std::string when(bool applies, const char* reason) { return applies ? reason : std::string(); }

bool not_finite_cost(const normal_span& n) {
  if (n.kind != "LLM") return false;
  for (const char* key : number_keys) {
    const value* v = n.source->find(key);
    double number = 0;
    if (v != nullptr && v->is(value::type::string) && python_float(v->text, number) && !std::isfinite(number)) {
      return true;
    }
  }
  return false;
}

bool nul_in_strings(const span& s) {
  if (has_nul(s.attributes) || has_nul(s.status_message) || has_nul(s.trace_state)) return true;
  for (const event& e : s.events) {
    if (has_nul(e.name) || has_nul(e.attributes)) return true;
  }
  for (const link& l : s.links) {
    if (has_nul(l.trace_state) || has_nul(l.attributes)) return true;
  }
  return false;
}

bool tokens_overflow(const normal_span& n) {
  for (const auto& count : {n.prompt_tokens, n.completion_tokens, n.total_tokens}) {
    if (count && (*count > 2147483647.0L || *count < -2147483648.0L)) return true;
  }
  return false;
}

}  // namespace

std::string wanted_task(const resource& r) {
  const value* v = r.find("arthur.task");
  if (v == nullptr) return {};
  switch (v->kind) {
    case value::type::string: return v->text;
    case value::type::integer: return v->integer != 0 ? std::to_string(v->integer) : std::string();
    case value::type::boolean: return v->boolean ? "True" : std::string();
    case value::type::real: return v->real < 0 || v->real > 0 ? std::to_string(v->real) : std::string();
    default: return {};
  }
}

const std::vector<rule<normal_span>>& rejections() {
  static const std::vector<rule<normal_span>> table = {
      {"1.6 '/' in an attribute key", key_with_slash},
      {"1.6 '/' in a key of parsed JSON", json_key_with_slash},
      {"1.6 digits that int() refuses",
       [](const normal_span& n) { return when(n.bad_digits, "invalid literal for int()"); }},
      {"1.6 all top-level keys numeric", all_keys_numeric},
      {"1.6 too many dot levels", key_too_deep},
      {"1.6 parsed JSON too deep or with a huge integer", json_refused},
      {"1.6 LLM count or cost that is no number", text_as_number},
  };
  return table;
}

const std::vector<rule<normal_span>>& span_poisons() {
  static const std::vector<rule<normal_span>> table = {
      {"1.7 NaN or infinity in a double",
       [](const normal_span& n) { return when(infinite_or_nan(n.source->attributes), "jsonb: NaN"); }},
      {"1.7 NaN or 1e400 in parsed JSON",
       [](const normal_span& n) { return when(any_parsed(n, &python_json::not_finite), "jsonb: NaN"); }},
      {"1.7 NaN cost", [](const normal_span& n) { return when(not_finite_cost(n), "jsonb: NaN"); }},
      {"1.7 U+0000 in a string",
       [](const normal_span& n) {
         return when(nul_in_strings(*n.source), "jsonb: \\u0000 cannot be converted to text");
       }},
      {"1.7 U+0000 in parsed JSON",
       [](const normal_span& n) {
         return when(any_parsed(n, &python_json::nul), "jsonb: \\u0000 cannot be converted to text");
       }},
      {"1.7 U+0000 in the span name",
       [](const normal_span& n) { return when(has_nul(n.source->name), "A string literal cannot contain NUL"); }},
      {"1.7 lone surrogate in parsed JSON",
       [](const normal_span& n) {
         return when(any_parsed(n, &python_json::lone_surrogate), "jsonb: Unicode high surrogate must not be alone");
       }},
      {"1.7 start time 0", [](const normal_span& n) { return when(n.source->start_time == 0, "min() of None"); }},
      {"1.7 end time 0", [](const normal_span& n) { return when(n.source->end_time == 0, "max() of None"); }},
      {"1.7 LLM token count beyond int4",
       [](const normal_span& n) { return when(tokens_overflow(n), "integer out of range"); }},
      {"1.7 over-long session.id", [](const normal_span& n) { return over_long(n.session_id, "session_id"); }},
      {"1.7 over-long user.id", [](const normal_span& n) { return over_long(n.user_id, "user_id"); }},
      {"1.7 over-long span name", [](const normal_span& n) { return over_long(n.source->name, "span_name"); }},
      {"1.7 over-long span kind", [](const normal_span& n) { return over_long(n.kind, "span_kind"); }},
  };
  return table;
}

const std::vector<rule<resource_view>>& resource_poisons() {
  static const std::vector<rule<resource_view>> table = {
      {"1.7 arthur.task names no task",
       [](const resource_view& r) {
         const std::string id = wanted_task(*r.resource);
         return when(!id.empty() && !r.task_exists(id), "foreign key spans.task_id");
       }},
      {"1.7 service.name is no string",
       [](const resource_view& r) {
         const value* v = r.resource->find("service.name");
         if (v == nullptr || !wanted_task(*r.resource).empty()) return std::string();
         const bool truthy = (v->is(value::type::integer) && v->integer != 0) ||
                             (v->is(value::type::boolean) && v->boolean) ||
                             (v->is(value::type::real) && (v->real < 0 || v->real > 0));
         return when(truthy, "object has no attribute 'strip'");
       }},
      {"1.7 NaN in a resource attribute",
       [](const resource_view& r) { return when(infinite_or_nan(r.resource->attributes), "json: NaN"); }},
      {"1.7 U+0000 in service.name",
       [](const resource_view& r) {
         const value* v = r.resource->find("service.name");
         return when(v != nullptr && has_nul(v->text), "A string literal cannot contain NUL");
       }},
      {"1.7 over-long service.name",
       [](const resource_view& r) {
         const value* v = r.resource->find("service.name");
         return v == nullptr ? std::string() : over_long(v->text, "service_name");
       }},
  };
  return table;
}

}  // namespace support
