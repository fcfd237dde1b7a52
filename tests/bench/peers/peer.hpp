// peer.hpp: how a peer is measured: bursts that don't wake its worker, the floor between them, as bench.cpp does it for us.
#ifndef ARTHUR_TESTS_BENCH_PEERS_PEER_HPP
#define ARTHUR_TESTS_BENCH_PEERS_PEER_HPP

#include "workload.hpp"

namespace bench {

/// `settle` waits until the peer's worker is done; `burst` operations stay below what wakes it.
template <class Settle>
void measure_peer(const std::string& peer, const work (&of)[4], const int (&burst)[4], Settle settle) {
  constexpr std::size_t bytes[4] = {109, 343, 2547, 34297};  // what bench.cpp finds for our spans
  for (int w = 0; w < 4; ++w) {
    sizes[w] = bytes[w];
    std::vector<double> cost, floor;
    for (int n = 0; n < 100; ++n) {
      const double start = now();
      for (int k = 0; k < burst[w]; ++k) of[w]();
      cost.push_back((now() - start) / burst[w]);
      floor.push_back(timed_floor(w, bursts[w]));
      settle();
    }
    row(peer + ", worker quiet, W" + std::to_string(w) + ": median", median(cost), "ns", "", median(cost) / median(floor));
  }
}

}  // namespace bench

#endif
