// laws.h - what must hold for every scenario, whatever it is about.
#ifndef POLYONYM_EXAMPLES_POLYONYM_LAWS_H_
#define POLYONYM_EXAMPLES_POLYONYM_LAWS_H_

#include <string>

#include "world.h"

namespace polyonym::driver {

// The law that a row breaks whose events, in order, gave `actual`; empty: none. Neither order, batches, time, memory nor taking back makes
// a difference.
std::string BrokenLaw(const Scenario& row, const Partition& actual);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_LAWS_H_
