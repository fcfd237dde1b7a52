// unknown_value.cpp: a value of a type that isn't known is refused with the ways out.
// MISUSE: arthur: values are text, bool, integers
#include <arthur/arthur.hpp>

struct point {
  int x, y;
};
void work(const point& p);
void work(const point& p) {
#ifdef MISUSE
  ARTHUR_SET(arthur::attribute("place", p));
#else
  ARTHUR_SET(arthur::attribute("place.x", p.x), arthur::attribute("place.y", p.y));
#endif
}
