#include "polyonym/measure/growth.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace polyonym {
namespace {

constexpr std::uint32_t kMostGenerations = 1'000;

// The first invitation of each other person, by id.
std::vector<GrowthInvitation> FirstOfEach(ProfileId inviter,
                                          std::span<const GrowthInvitation> invitations) {
  std::vector<GrowthInvitation> firsts;
  for (const GrowthInvitation& invitation : invitations) {
    if (invitation.invited != inviter) firsts.push_back(invitation);
  }
  std::sort(firsts.begin(), firsts.end(), [](const auto& a, const auto& b) {
    return std::tie(a.invited, a.time_ms) < std::tie(b.invited, b.time_ms);
  });
  const auto end = std::unique(firsts.begin(), firsts.end(),
                               [](const auto& a, const auto& b) { return a.invited == b.invited; });
  return {firsts.begin(), end};
}

// Exact over the whole range of times.
std::uint64_t Length(std::int64_t from_ms, std::int64_t to_ms) {
  return static_cast<std::uint64_t>(to_ms) - static_cast<std::uint64_t>(from_ms);
}

GrowthSpan SpanOf(std::vector<std::uint64_t> lengths_ms) {
  GrowthSpan span;
  span.newcomers = lengths_ms.size();
  if (lengths_ms.empty()) return span;
  const auto median = lengths_ms.begin() + static_cast<std::ptrdiff_t>((lengths_ms.size() - 1) / 2);
  std::nth_element(lengths_ms.begin(), median, lengths_ms.end());
  span.median_ms = *median;
  return span;
}

void FillRatios(GrowthGroup* group) {
  const auto ratio = [](std::uint64_t of, std::uint64_t all) {
    return all == 0 ? 0 : static_cast<double>(of) / static_cast<double>(all);
  };
  group->invitations_per_person = ratio(group->invitations, group->people);
  group->conversion = ratio(group->newcomers, group->invitations);
  group->k_factor = ratio(group->newcomers, group->people);
}

}  // namespace

absl::StatusOr<Growth> Growth::Make(const GrowthOptions& options) {
  if (options.to_ms < options.from_ms)
    return absl::InvalidArgumentError("to_ms: allowed are from_ms and later times");
  if (options.max_generations < 1 || options.max_generations > kMostGenerations)
    return absl::InvalidArgumentError("max_generations: allowed are 1 to 1,000");
  return Growth(options);
}

absl::Status Growth::CheckRoom(std::size_t people, std::size_t invitations) const {
  if (people > options_.max_people - std::min(options_.max_people, people_.size()))
    return absl::ResourceExhaustedError("people: more than max_people");
  if (invitations > options_.max_invitations - std::min(options_.max_invitations, invitations_))
    return absl::ResourceExhaustedError("invitations: more than max_invitations");
  return absl::OkStatus();
}

absl::Status Growth::Add(const GrowthPerson& person,
                         std::span<const GrowthInvitation> invitations) {
  if (people_.contains(person.profile.value))
    return absl::InvalidArgumentError("profile: allowed is each once");
  std::vector<GrowthInvitation> firsts = FirstOfEach(person.profile, invitations);
  if (absl::Status status = CheckRoom(1, firsts.size()); !status.ok()) return status;
  invitations_ += firsts.size();
  people_.try_emplace(person.profile.value,
                      Person{person.customer_ms, person.is_loyal, std::move(firsts)});
  return absl::OkStatus();
}

absl::Status Growth::Merge(const Growth& other) {
  if (other.options_ != options_)
    return absl::InvalidArgumentError("other: allowed is one with the same options");
  for (const auto& [profile, person] : other.people_) {
    if (people_.contains(profile))
      return absl::InvalidArgumentError("other: allowed are people who are not here already");
  }
  absl::Status status = CheckRoom(other.people_.size(), other.invitations_);
  if (!status.ok()) return status;
  people_.insert(other.people_.begin(), other.people_.end());
  invitations_ += other.invitations_;
  return absl::OkStatus();
}

bool Growth::IsInWindow(std::int64_t time_ms) const {
  return time_ms >= options_.from_ms && time_ms < options_.to_ms;
}

Growth::Credits Growth::CreditsOf() const {
  Credits credits;
  for (const auto& [inviter, person] : people_) {
    for (const GrowthInvitation& invitation : person.invitations) {
      const auto newcomer = people_.find(invitation.invited.value);
      if (newcomer == people_.end() || !newcomer->second.customer_ms ||
          *newcomer->second.customer_ms < invitation.time_ms)
        continue;
      const Credit here{inviter, invitation.time_ms};
      const auto [best, is_new] = credits.try_emplace(invitation.invited.value, here);
      if (!is_new && std::tie(here.invited_ms, here.inviter) <
                         std::tie(best->second.invited_ms, best->second.inviter))
        best->second = here;
    }
  }
  return credits;
}

std::uint32_t Growth::GenerationOf(const Credits& credits, const Credit& credit) const {
  std::uint64_t inviter = credit.inviter;
  for (std::uint32_t generation = 1; generation <= options_.max_generations; ++generation) {
    const auto before = credits.find(inviter);
    if (before == credits.end()) return generation;
    inviter = before->second.inviter;
  }
  return 0;
}

void Growth::CountPeople(GrowthTable* table) const {
  absl::flat_hash_set<std::uint64_t> invited;
  for (const auto& [profile, person] : people_) {
    std::uint64_t invitations = 0;
    for (const GrowthInvitation& invitation : person.invitations) {
      if (!IsInWindow(invitation.time_ms)) continue;
      ++invitations;
      invited.insert(invitation.invited.value);
    }
    const auto count = [&](GrowthGroup* group) {
      ++group->people;
      group->inviters += invitations > 0 ? 1 : 0;
      group->invitations += invitations;
    };
    count(&table->everybody);
    if (person.customer_ms && *person.customer_ms < options_.to_ms) count(&table->customers);
    if (person.is_loyal) count(&table->loyal);
  }
  table->invited = invited.size();
}

void Growth::CountNewcomers(GrowthTable* table) const {
  const Credits credits = CreditsOf();
  std::vector<std::uint64_t> waits_ms, cycles_ms;
  for (const auto& [newcomer, credit] : credits) {
    if (!IsInWindow(credit.invited_ms)) continue;
    const Person& inviter = people_.find(credit.inviter)->second;
    const std::int64_t became_ms = *people_.find(newcomer)->second.customer_ms;
    ++table->everybody.newcomers;
    if (inviter.customer_ms && *inviter.customer_ms < options_.to_ms) ++table->customers.newcomers;
    if (inviter.is_loyal) ++table->loyal.newcomers;
    waits_ms.push_back(Length(credit.invited_ms, became_ms));
    if (inviter.customer_ms && *inviter.customer_ms <= became_ms)
      cycles_ms.push_back(Length(*inviter.customer_ms, became_ms));
    const std::uint32_t generation = GenerationOf(credits, credit);
    if (generation == 0) {
      ++table->deeper;
      continue;
    }
    if (table->generations.size() < generation) table->generations.resize(generation);
    ++table->generations[generation - 1];
  }
  table->wait = SpanOf(std::move(waits_ms));
  table->cycle = SpanOf(std::move(cycles_ms));
}

GrowthTable Growth::Table() const {
  GrowthTable table;
  CountPeople(&table);
  CountNewcomers(&table);
  FillRatios(&table.everybody);
  FillRatios(&table.customers);
  FillRatios(&table.loyal);
  return table;
}

}  // namespace polyonym
