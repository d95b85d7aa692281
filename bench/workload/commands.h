// workload/commands.h - the commands of polyonym_workload.
#ifndef POLYONYM_BENCH_WORKLOAD_COMMANDS_H_
#define POLYONYM_BENCH_WORKLOAD_COMMANDS_H_

#include <CLI/CLI.hpp>

namespace polyonym::workload {

// `stream`, `stream-sync`: records into a store on disk.
void AddStreamCommands(CLI::App* app);
// `bulk`: a first import in sorted runs.
void AddBulkCommand(CLI::App* app);
// `resolve`: from identifiers to profiles.
void AddResolveCommand(CLI::App* app);
// `why`: the chain between two identifiers.
void AddWhyCommand(CLI::App* app);
// `merge-heavy`: every event joins two profiles.
void AddMergeHeavyCommand(CLI::App* app);
// `contested`: some events refuse a link.
void AddContestedCommand(CLI::App* app);
// `hub`, `chain`: one profile of everybody.
void AddShapeCommands(CLI::App* app);
// `retract`: records taken back.
void AddRetractCommand(CLI::App* app);
// `growth`: the same stream, ten times as long.
void AddGrowthCommand(CLI::App* app);
// `bounded`: a stream into an index that has less memory than it wants.
void AddBoundedCommand(CLI::App* app);
// `stores`: many small stores in one environment.
void AddStoresCommand(CLI::App* app);
// `policy_change`: a policy that changes on a live store; `rename`: every identifier of a store renamed.
void AddPolicyChangeCommands(CLI::App* app);
// `events`: the events of a file, as bench/rivals/run.py needs them.
void AddEventsCommand(CLI::App* app);
// `memory`: columns of strings to groups, without a store.
void AddMemoryCommand(CLI::App* app);
// `horizon`: records that are folded.
void AddHorizonCommand(CLI::App* app);
// `profile-stream`: records with facts into a store on disk.
void AddProfileStreamCommand(CLI::App* app);
// `profile-read`: profiles by identifiers.
void AddProfileReadCommand(CLI::App* app);
// `profile-merge`: people with ever more events made one and parted; `profile-tag`, a row of it: a tag of many parts.
void AddProfileMergeCommand(CLI::App* app);
// `segments`: members of segments counted, and the segments of people.
void AddSegmentsCommand(CLI::App* app);
// `segments-live`: members of segments kept exact.
void AddSegmentsLiveCommand(CLI::App* app);
// `funnels`: funnels and retention over events in columns.
void AddFunnelsCommand(CLI::App* app);
// `bitmaps`: sets of people, and numbers of people in slices.
void AddBitmapsCommand(CLI::App* app);
// `privacy`: rows that are sealed, identifiers with keys, people forgotten.
void AddPrivacyCommand(CLI::App* app);

}  // namespace polyonym::workload

#endif  // POLYONYM_BENCH_WORKLOAD_COMMANDS_H_
