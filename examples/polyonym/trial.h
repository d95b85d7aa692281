// trial.h - what a scenario says, checked against the engine; then the laws.
#ifndef POLYONYM_EXAMPLES_POLYONYM_TRIAL_H_
#define POLYONYM_EXAMPLES_POLYONYM_TRIAL_H_

#include <string>

#include "scenario.h"
#include "world.h"

namespace polyonym::driver {

struct Finding {
  std::string problem;  // what does not hold; empty: all does
  bool broke_law = false;
  Partition expected;
  Partition actual;
};

Finding Try(const Scenario& row);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_TRIAL_H_
