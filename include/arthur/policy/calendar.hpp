// calendar.hpp: days since 1970 as dates of the Gregorian calendar, and back.
#ifndef ARTHUR_POLICY_CALENDAR_HPP
#define ARTHUR_POLICY_CALENDAR_HPP

#include <cstdint>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace calendar {

struct date {
  std::uint64_t year, month, day;
};

// After H. Hinnant: years begin in March, so that leap days come last; 146097 days are 400 years, an era. For dates from 1970 on.

constexpr std::uint64_t days_of(std::uint64_t year, std::uint64_t month, std::uint64_t day) noexcept {
  if (month <= 2) --year;
  const std::uint64_t of_era = year % 400;
  const std::uint64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return year / 400 * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

constexpr date date_of(std::uint64_t days) noexcept {
  days += 719468;
  const std::uint64_t of_era = days % 146097;
  const std::uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const std::uint64_t month = (5 * of_year + 2) / 153;
  return {days / 146097 * 400 + year + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, of_year - (153 * month + 2) / 5 + 1};
}

}  // namespace calendar
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
