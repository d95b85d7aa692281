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
  polyonym::python::BindTable(module);
  polyonym::python::BindPeopleTables(module);
  polyonym::python::BindFeatures(module);
  polyonym::python::BindMeasure(module);
  polyonym::python::BindPeople(module);
  polyonym::python::BindCampaigns(module);
  polyonym::python::BindSocial(module);
  polyonym::python::BindBatch(module);
  polyonym::python::BindIngest(module);
  polyonym::python::BindErasure(module);
  polyonym::python::BindBackups(module);
}
