// workload/commands.h - the commands of polyonym_workload beside the stream of records that it measures by itself.
#ifndef POLYONYM_BENCH_WORKLOAD_COMMANDS_H_
#define POLYONYM_BENCH_WORKLOAD_COMMANDS_H_

#include <CLI/CLI.hpp>

namespace polyonym::workload {

// `stores`: many small stores in one environment.
void AddStoresCommand(CLI::App* app);
// `policy_change`: a policy that changes on a live store; `rename`: every identifier of a store renamed.
void AddPolicyChangeCommands(CLI::App* app);
// `events`: the events of a file, as bench/rivals/run.py needs them.
void AddEventsCommand(CLI::App* app);
// `horizon`: records that are folded.
void AddHorizonCommand(CLI::App* app);

}  // namespace polyonym::workload

#endif  // POLYONYM_BENCH_WORKLOAD_COMMANDS_H_
