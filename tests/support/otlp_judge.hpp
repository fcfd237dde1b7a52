// otlp_judge.hpp: tells why Arthur Engine would refuse a span, from its contract (1.6, 1.7, 3) and with none of our
// code.
#ifndef ARTHUR_TESTS_SUPPORT_OTLP_JUDGE_HPP
#define ARTHUR_TESTS_SUPPORT_OTLP_JUDGE_HPP

#include <string>

namespace otlp_test {

/// "" if the engine takes the span, the body of its protobuf message.
std::string refusal(const std::string& body);

/// "" if it takes the text where it decodes it as JSON. `by_key`: because of the attribute's key, not of a label.
std::string json_refusal(const std::string& text, bool by_key);

/// What nlohmann_json says: RFC 8259, and a byte order mark in front.
bool is_json(const std::string& text);

}  // namespace otlp_test

#endif
