// expressions.cpp: no lambda stands around the arguments, so structured bindings, lambdas and commas work in them.
#include <arthur/arthur.hpp>

#include <map>
#include <string>
#include <utility>

void work(const std::map<std::string, int>& counts);
void work(const std::map<std::string, int>& counts) {
  for (const auto& [name, count] : counts) {
    ARTHUR_SPAN("step", arthur::attribute("name", name), arthur::attribute("count", count));
    ARTHUR_SET(arthur::attribute("next", [&n = count] { return n + 1; }()));
    ARTHUR_EVENT("pair", arthur::attribute("first", std::pair<int, int>(count, 2).first));
    ARTHUR_DECISION("route", name, arthur::considered({"a", "b"}));
    ARTHUR_CONTEXT(arthur::session_id(name));
  }
}
template <class T>
void in_a_template(const T& value) {
  ARTHUR_LLM_SPAN("chat", arthur::attribute("value", value));
}
template void in_a_template<int>(const int&);

struct with_span_in_constructor {
  with_span_in_constructor() { ARTHUR_SPAN("made"); }
};
inline void used() { with_span_in_constructor(); }
