// polyonym_workload: named workloads end to end, one a run, each with the limit of the machine beside it. bench/run_all.py runs them in rounds.
#include <CLI/CLI.hpp>

#include "workload/commands.h"

int main(int argc, char** argv) {
  CLI::App app("Workloads of Polyonym, from end to end. docs/benchmarks.md says what each is.");
  app.require_subcommand(1);
  polyonym::workload::AddStreamCommands(&app);
  polyonym::workload::AddBulkCommand(&app);
  polyonym::workload::AddResolveCommand(&app);
  polyonym::workload::AddWhyCommand(&app);
  polyonym::workload::AddMergeHeavyCommand(&app);
  polyonym::workload::AddContestedCommand(&app);
  polyonym::workload::AddShapeCommands(&app);
  polyonym::workload::AddRetractCommand(&app);
  polyonym::workload::AddGrowthCommand(&app);
  polyonym::workload::AddBoundedCommand(&app);
  polyonym::workload::AddStoresCommand(&app);
  polyonym::workload::AddPolicyChangeCommands(&app);
  polyonym::workload::AddHorizonCommand(&app);
  polyonym::workload::AddProfileStreamCommand(&app);
  polyonym::workload::AddProfileReadCommand(&app);
  polyonym::workload::AddProfileMergeCommand(&app);
  polyonym::workload::AddSegmentsCommand(&app);
  polyonym::workload::AddSegmentsLiveCommand(&app);
  polyonym::workload::AddBitmapsCommand(&app);
  polyonym::workload::AddPrivacyCommand(&app);
  polyonym::workload::AddFunnelsCommand(&app);
  polyonym::workload::AddEventsCommand(&app);
  polyonym::workload::AddMemoryCommand(&app);
  CLI11_PARSE(app, argc, argv);
  return 0;
}
