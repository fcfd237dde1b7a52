// providers_golden.hpp: requests and answers through their dialect: all that it finds, one text per key, however the bytes are cut.
#ifndef ARTHUR_TESTS_PROVIDERS_GOLDEN_HPP
#define ARTHUR_TESTS_PROVIDERS_GOLDEN_HPP

#include <arthur/openinference/kinds.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// The formats themselves are in providers_golden.cpp alone: to compile them takes longer than any test.
namespace golden {

/// Texts as they are; what isn't one behind a "#": "#5", "#0.5", "#[0.5,1.0]".
using attributes = std::map<std::string, std::string>;

/// Empty where both are the same, else a line per difference.
std::string difference(const attributes& got, const attributes& expected);

/// Those whose keys begin so, by what follows in their keys.
attributes below(const std::string& begin, const attributes& all);

/// A request and the format that claims it. All but known() need one that is.
class request {
 public:
  request(std::string_view url, std::string_view body);

  bool known() const;
  std::string name() const;  // in ARTHUR_INSTRUMENT_DISABLED
  arthur::kind kind() const;
  std::string span_name() const;
  bool streams() const;
  attributes described() const;

  struct parts;
  const parts& claimed() const;

 private:
  std::shared_ptr<const parts> parts_;
};

/// What is known of an answer in the end.
struct reading {
  attributes found;
  std::string whole;    // the answer put together, as JSON
  std::string failure;  // what it reports of itself
  bool brought = false, truncated = false;

  bool operator==(const reading& other) const {
    return found == other.found && whole == other.whole && failure == other.failure && brought == other.brought && truncated == other.truncated;
  }
};

/// Read at once: of answers that are kept up to a limit.
reading read_up_to(std::size_t limit, const request& asked, std::string_view bytes);

/// Read at once; and cut in two at every place, in steps of 1 and of 7, which must give the same.
reading read(const request& asked, std::string_view bytes);

/// A stream of server-sent events, one for each text, which has no name.
std::string events(const std::vector<std::string>& data);

/// The same with the names that the texts have as their "type".
std::string named_events(const std::vector<std::string>& data);

/// The format bears whatever stands where in a request and its answers, which are pieces of one stream or whole.
void check_bears_anything(const std::string& url, const std::string& body, const std::vector<std::string>& answers);

}  // namespace golden

/// Every attribute, no other.
#define CHECK_GOLDEN(found, ...) CHECK_EQ(golden::difference(found, golden::attributes __VA_ARGS__), std::string())

#endif
