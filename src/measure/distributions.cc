#include "measure/distributions.h"

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/complement.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/policies/policy.hpp>
#include <cmath>

namespace polyonym {
namespace {

namespace math = boost::math;
using math::policies::ignore_error;

// No exceptions, and doubles throughout, so that machines with other long doubles say the same.
using Policy = math::policies::policy<
    math::policies::domain_error<ignore_error>, math::policies::pole_error<ignore_error>,
    math::policies::overflow_error<ignore_error>, math::policies::underflow_error<ignore_error>,
    math::policies::denorm_error<ignore_error>, math::policies::rounding_error<ignore_error>,
    math::policies::evaluation_error<ignore_error>,
    math::policies::indeterminate_result_error<ignore_error>,
    math::policies::promote_double<false>>;
using Normal = math::normal_distribution<double, Policy>;
using Student = math::students_t_distribution<double, Policy>;
using ChiSquared = math::chi_squared_distribution<double, Policy>;

}  // namespace

double NormalWidth(double confidence) {
  return math::quantile(math::complement(Normal(), (1 - confidence) / 2));
}

double StudentWidth(double confidence, double degrees_of_freedom) {
  return math::quantile(math::complement(Student(degrees_of_freedom), (1 - confidence) / 2));
}

double NormalTails(double z) { return 2 * math::cdf(math::complement(Normal(), std::abs(z))); }

double StudentTails(double t, double degrees_of_freedom) {
  return 2 * math::cdf(math::complement(Student(degrees_of_freedom), std::abs(t)));
}

double ChiSquaredTail(double x, double degrees_of_freedom) {
  return math::cdf(math::complement(ChiSquared(degrees_of_freedom), x));
}

}  // namespace polyonym
