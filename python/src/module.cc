// polyonym._core - the engine as Python sees it, bare; polyonym/*.py gives it names, defaults and documentation.
#include "bindings.h"
#include "polyonym/version.h"

NB_MODULE(_core, module) {
  module.attr("__version__") = POLYONYM_VERSION;
  polyonym::python::BindPolicy(module);
  polyonym::python::BindEngine(module);
  polyonym::python::BindView(module);
  polyonym::python::BindProfiles(module);
  polyonym::python::BindMoments(module);
  polyonym::python::BindRelations(module);
  polyonym::python::BindSegments(module);
  polyonym::python::BindFeed(module);
  polyonym::python::BindMetrics(module);
}
