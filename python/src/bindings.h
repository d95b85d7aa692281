// bindings.h - what module polyonym._core is made of: a file each.
#ifndef POLYONYM_PYTHON_BINDINGS_H_
#define POLYONYM_PYTHON_BINDINGS_H_

#include <nanobind/nanobind.h>

namespace polyonym::python {

void BindPolicy(nanobind::module_& module);
void BindEngine(nanobind::module_& module);
void BindView(nanobind::module_& module);
void BindProfiles(nanobind::module_& module);
void BindMoments(nanobind::module_& module);
void BindRelations(nanobind::module_& module);
void BindSegments(nanobind::module_& module);
void BindFeed(nanobind::module_& module);
void BindMetrics(nanobind::module_& module);
void BindTable(nanobind::module_& module);
void BindPeopleTables(nanobind::module_& module);
void BindFeatures(nanobind::module_& module);
void BindMeasure(nanobind::module_& module);
void BindPeople(nanobind::module_& module);
void BindCampaigns(nanobind::module_& module);
void BindSocial(nanobind::module_& module);
void BindBatch(nanobind::module_& module);
void BindIngest(nanobind::module_& module);
void BindErasure(nanobind::module_& module);
void BindBackups(nanobind::module_& module);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_BINDINGS_H_
