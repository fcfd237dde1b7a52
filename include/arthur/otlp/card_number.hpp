// card_number.hpp: which digits are the number of a payment card.
#ifndef ARTHUR_OTLP_CARD_NUMBER_HPP
#define ARTHUR_OTLP_CARD_NUMBER_HPP

#include <cstddef>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The check digit is right, and an issuer has numbers that begin so and are so long: of other numbers one in a hundred
/// passes, and none that counts seconds or their fractions.
inline bool is_card_number(const char* digits, std::size_t count) noexcept {
  unsigned sum = 0;
  for (std::size_t n = 0; n < count; ++n) {
    const unsigned digit = static_cast<unsigned>(digits[count - 1 - n] - '0') << (n % 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  if (sum % 10 != 0 || count < 13 || count > 19) return false;
  const char second = digits[1];
  switch (digits[0]) {
    case '2': return count == 16 && second >= '2' && second <= '7';  // Mastercard, Mir
    case '3':
      if (second == '4' || second == '7') return count == 15;  // American Express
      if (second == '5') return count == 16;                   // JCB
      return count == 14 && (second == '0' || second == '6' || second == '8' || second == '9');  // Diners Club
    case '4': return count == 13 || count == 16 || count == 19;  // Visa
    case '5': return count == 16 || second == '0' || (second >= '6' && second <= '8');  // Mastercard, Maestro
    case '6': return count >= 16 || second == '3' || second == '7';  // Discover, UnionPay, Maestro
    default: return false;
  }
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
