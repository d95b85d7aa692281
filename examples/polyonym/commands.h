// commands.h - the commands of the program; each function adds its own to the command line.
//
// A command reads its options into values that live as long as `app`, and runs in its callback: what it has to say goes to an
// Output, its exit code to session->exit_code.
#ifndef POLYONYM_EXAMPLES_POLYONYM_COMMANDS_H_
#define POLYONYM_EXAMPLES_POLYONYM_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "session.h"

namespace polyonym::driver {

void AddIngest(CLI::App* app, Session* session);       // ingest.cc: ingest, resolve
void AddQuestions(CLI::App* app, Session* session);    // questions.cc: show, why, why-not, how
void AddProfile(CLI::App* app, Session* session);      // profile.cc: tags, timeline, define
void AddFit(CLI::App* app, Session* session);          // fit.cc: fit
void AddFlows(CLI::App* app, Session* session);        // flows.cc: flows
void AddCapital(CLI::App* app, Session* session);      // capital.cc: capital
void AddAttribution(CLI::App* app, Session* session);  // attribution.cc: attribution
void AddTogether(CLI::App* app, Session* session);     // together.cc: together
void AddGrowth(CLI::App* app, Session* session);       // growth.cc: growth
void AddFunnel(CLI::App* app, Session* session);       // funnel.cc: funnel
void AddRetention(CLI::App* app, Session* session);    // retention.cc: retention
void AddRepurchase(CLI::App* app, Session* session);   // repurchase.cc: repurchase
void AddRelations(CLI::App* app, Session* session);    // relations.cc: neighbours, path
void AddLists(CLI::App* app, Session* session);   // lists.cc: groups, held, export, stats, graphs
void AddFeed(CLI::App* app, Session* session);    // feed.cc: changes, feed cursors|drop|trim
void AddOutbox(CLI::App* app, Session* session);  // outbox.cc: outbox list|ack
void AddCampaign(CLI::App* app,
                 Session* session);  // campaign.cc: campaign list|enrol|report, reach
void AddUpkeep(CLI::App* app,
               Session* session);  // upkeep.cc: retract, advance, horizon, verify, checkpoint
void AddForgetting(CLI::App* app, Session* session);  // erase.cc: erase, erasures, keep, finish
void AddSubject(CLI::App* app, Session* session);     // subject.cc: subject
void AddRestrict(CLI::App* app, Session* session);    // restrict.cc: restrict
void AddAudit(CLI::App* app, Session* session);       // audit.cc: audit check
void AddBackup(CLI::App* app,
               Session* session);                 // backup.cc: backup make|list|verify|restore|drop
void AddRepair(CLI::App* app, Session* session);  // repair.cc: repair
void AddRotate(CLI::App* app, Session* session);  // rotate.cc: rotate
void AddPolicy(CLI::App* app,
               Session* session);  // policy.cc: policy show|check|diff|set|simulate|preset
void AddSegment(CLI::App* app, Session* session);  // segment.cc: segment define|list|lint, and
void AddSegmentAnswers(CLI::App* segment,
                       Session* session);  // segment_answers.cc: count|members|explain|overlap
void AddSegmentSizes(CLI::App* segment, Session* session);     // segment_sizes.cc: sizes, try
void AddSegmentPortrait(CLI::App* segment, Session* session);  // segment_portrait.cc: portrait
void AddGenerate(CLI::App* app, Session* session);             // generate.cc: generate
void AddScenarios(CLI::App* app, Session* session);            // scenarios.cc: scenarios

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_COMMANDS_H_
