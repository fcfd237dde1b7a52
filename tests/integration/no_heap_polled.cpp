// no_heap_polled.cpp: the scenarios of no_heap.cpp without threads: flush(), poll() and the guard's end do the work.
#define ARTHUR_NO_THREADS
#include "no_heap.cpp"
