// measure/distributions.h - the few distributions that tests and intervals ask for.
//
// Boost.Math has them; it is seen by distributions.cc alone. Nothing here throws: what is out of range is not a number.
#ifndef POLYONYM_SRC_MEASURE_DISTRIBUTIONS_H_
#define POLYONYM_SRC_MEASURE_DISTRIBUTIONS_H_

namespace polyonym {

// z such that a share `confidence` of the standard normal distribution lies between -z and z.  REQUIRES: 0 < confidence < 1.
double NormalWidth(double confidence);
// The same of Student's t.  REQUIRES: degrees_of_freedom > 0.
double StudentWidth(double confidence, double degrees_of_freedom);

// What share of the distribution lies as far from 0 as `z`, or further, on either side.
double NormalTails(double z);
double StudentTails(double t, double degrees_of_freedom);

// What share of the chi-squared distribution lies at `x` or above.  REQUIRES: x >= 0, degrees_of_freedom > 0.
double ChiSquaredTail(double x, double degrees_of_freedom);

}  // namespace polyonym

#endif  // POLYONYM_SRC_MEASURE_DISTRIBUTIONS_H_
