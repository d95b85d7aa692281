#!/usr/bin/env bash
# Shows the program `polyonym` at work on made-up traffic of a retailer. `make demo` builds the program and runs this.
#
#   POLYONYM=/path/to/polyonym examples/demo.sh
#
# Everything happens in a temporary folder. What is shown is searched for in the store: no identifier is written down here.
# Needs bash, coreutils, grep, sed and awk.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath -m "${POLYONYM:-$here/../build/release/polyonym}")
[[ -x $program ]] || { echo "demo: $program is not there; \`make demo\` builds it" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$here"/policies/*.json "$folder"
cd "$folder"

polyonym() { "$program" "$@"; }
say() { printf '\n== %s\n' "$*"; }

# run FILTER COMMAND...: shows the command, runs it, and shows its output through the filter. The output goes to a file in
# between, so that a filter that has seen enough does not end the command.
run() {
  local filter=$1
  shift
  echo "\$ polyonym $*${filter:+ | $filter}"
  polyonym "$@" >output
  eval "${filter:-cat}" <output
}

# keep FILE COMMAND...: shows the command and puts its output into the file.
keep() {
  local file=$1
  shift
  echo "\$ polyonym $* >$file"
  polyonym "$@" >"$file"
}

# The texts of the list named $1 in lines of JSON, one a line.
list() { sed -n "s/.*\"$1\":\[\"\([^]]*\)\"\].*/\1/p" | sed 's/","/\n/g'; }

# score POLICY GROUPS: compares groups with the truth, over pairs of identifiers that each belong to one person. Precision is
# the share of joined pairs that are of one person; recall the share of all pairs of one person that are joined.
score() {
  awk -F, -v policy="$1" '
    FNR == NR {
      if (FNR == 1) next
      id = substr($0, 1, length($0) - length($NF) - 1)
      owners[id]++
      owner[id] = $NF
      next
    }
    {
      sub(/.*"members":\["/, "")
      sub(/"\].*/, "")
      n = split($0, member, "\",\"")
      if (n > largest) largest = n
      known = 0
      split("", seen)
      for (i = 1; i <= n; ++i) if (owners[member[i]] == 1) { ++known; ++seen[owner[member[i]]] }
      joined += known * (known - 1) / 2
      for (person in seen) right += seen[person] * (seen[person] - 1) / 2
    }
    END {
      for (id in owners) if (owners[id] == 1) ++names[owner[id]]
      for (person in names) all += names[person] * (names[person] - 1) / 2
      printf "%-22s %9d %8d %10.3f %7.3f\n", policy, FNR, largest, right / joined, right / all
    }' truth.csv "$2"
}

# Counts held identifiers by what they look like. Reads rows of `held`, then of `export --all`, which writes a record's
# identifiers as "phone":["..."] or as "namespace":"phone","value":"...".
kinds_of_held() {
  awk '
    function number_of(name) {
      match($0, "\"" name "\":[0-9]+")
      return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
    }
    FNR == NR {
      n = number_of("record")
      match($0, /"namespace":"[^"]+/)
      held[n] = held[n] " " substr($0, RSTART + 13, RLENGTH - 13)
      next
    }
    {
      n = split(held[number_of("number")], namespaces, " ")
      gsub(/"namespace":"/, "\"")
      gsub(/","value":"/, "\":[\"")
      for (i = 1; i <= n; ++i) {
        if (!match($0, "\"" namespaces[i] "\":\\[\"[^\"]*")) continue
        value = substr($0, RSTART + length(namespaces[i]) + 5, RLENGTH - length(namespaces[i]) - 5)
        kind = value ~ /[*][*]/ ? "masked" : value ~ /E[+]/ ? "broken by a spreadsheet" : "placeholder"
        kind = namespaces[i] ", " kind
        if (!count[kind]++) first[kind] = value
      }
    }
    END { for (kind in count) printf "%6d  %s: %s\n", count[kind], kind, first[kind] }' "$@" | sort -rn
}

# Two profiles with facts that by the truth are one person: the number in the CRM of one, the WeChat unionid of the other. What they
# said to marketing differs. Reads the truth, then `export --profiles`.
torn_person() {
  awk '
    function has(trait) { return $0 ~ "\"name\":\"" trait "\",\"type\":\"" }
    FNR == NR {
      n = split($0, column, ",")
      owner[column[1]] = owners[column[1]]++ ? "several" : column[n]
      next
    }
    {
      if (!match($0, /"purpose":"marketing","state":"(granted|denied)"/) || !has("spent")) next
      said = substr($0, RSTART, RLENGTH)
      if (match($0, /"crm:[^"]+/)) side = has("name") && has("birthday") ? "crm" : ""
      else side = match($0, /"wechat.unionid[^"]+/) && has("nickname") ? "wechat" : ""
      id = substr($0, RSTART + 1, RLENGTH - 1)
      if (side == "" || owner[id] == "several") next
      found[side, owner[id]] = id
      word[side, owner[id]] = said
      other = (side == "crm" ? "wechat" : "crm") SUBSEP owner[id]
      if (!(other in found) || word[other] == said) next
      print found["crm", owner[id]], found["wechat", owner[id]]
      exit
    }' "$@"
}

# What is known of a person, from traits to consents, but for some of it.
card() {
  run "sed -n '/^traits/,/^channels/p' | sed '/^channel/,/^$/d' | grep -Ev '^(traits|tags|stages|purchase scores|consents)?$|^(gender|home_shop|likes:sport|likes:food|LADDER|lifecycle|service) '" \
    show --db people.db --format table "$1"
}

say "Made-up traffic of a retailer: shared devices, phones handed on, placeholders, records late or twice"
keep traffic.jsonl generate --events 100000 --people 2000 --seed 7 --facts --truth truth.csv
sed -n 2p traffic.jsonl

say "Records in. Who is who is decided with every batch, and kept in a folder"
run "grep -Ev '^(sequence|clock|held identifiers|rejected by|$)'" ingest --db people.db --policy retail.json --format table traffic.jsonl

say "Compared with the truth; and the same without limits and guards (the ceiling of recall: most cookies never log in)"
keep people.jsonl groups --db people.db --ids --format json
keep everything.jsonl resolve --memory --policy joins_everything.json --format json traffic.jsonl
printf '%-22s %9s %8s %10s %7s\n' POLICY PROFILES LARGEST PRECISION RECALL
score retail.json people.jsonl
score joins_everything.json everything.jsonl

say "The three largest people"
run 'cut -c1-120' groups --db people.db --largest 3 --ids --format table

# A phone that by the truth was two people's, in a profile that fits on a screen, with a link that a limit refuses. Leaves
# phone, a and b.
awk -F, '/^phone:/ && ++owners[$1] == 2 { print $1 }' truth.csv >phones
while read -r phone; do
  polyonym show --db people.db --links 0 --format json "$phone" >phone.json
  (($(list members <phone.json | wc -l) <= 10 && $(grep -o '"kept":' phone.json | wc -l) <= 8)) || continue
  while read -r a b; do
    [[ $(polyonym why-not --db people.db --format json "$a" "$b") == *'"obstacle":"limit"'* ]] && break 2
  done < <(grep -o '{"a":"[^}]*"kept":false,"inert":false' phone.json | sed 's/{"a":"\([^"]*\)","b":"\([^"]*\)".*/\1 \2/')
done <phones
[[ -n $phone ]] || { echo 'demo: no such phone was found' >&2; exit 1; }
say "One person, asked for by a phone number that two people used: links to the other one are refused"
run "sed '/^members$/,/^links$/d; /^profile$/,\$d' | cut -c1-128 | grep -Ev ' no$|^clock|^$'" show --db people.db --links 5 --format table "$phone"

say "Whose that number was on the first of June, by the records up to then"
run "grep -E '^profile  |^size|^  crm:'" show --db people.db --as-of 2024-06-01 --format table "$phone"

# The first member, and the one that is the most links away.
near=$(list members <phone.json | sed -n 1p)
far=$(list members <phone.json | while read -r member; do
  echo "$(polyonym why --db people.db --format json "$near" "$member" | grep -o '"sightings":' | wc -l) $member"
done | sort -rn | sed -n '1s/^[0-9]* //p')
say "Why two identifiers are one person: the chain of evidence, and its weakest link"
run 'cut -c1-128' why --db people.db --format table "$near" "$far"

say "Why two others are not: the refused link, and the limit that refused it"
run 'cut -c1-128' why-not --db people.db --format table "$a" "$b"

tablet=$(grep '"source":"pos"' traffic.jsonl | grep -o '"device","value":"[^"]*' | sort | uniq -c | sort -rn |
  sed -n '1s/.*"/device:/p')
customer=$(polyonym show --db people.db --format json "$tablet" | grep -o '"member_card:[^"]*' | sed -n '1s/"//p')
say "A shop's tablet, seen with too many customers: it is shared, and joins nobody"
run '' why-not --db people.db --format table "$tablet" "$customer"

say "Values that policy holds: kept and listed, but they join nobody. Counted by what they look like, with the first"
polyonym held --db people.db --max 0 --format json >held.jsonl
polyonym export --db people.db --all | kinds_of_held held.jsonl - | sed -n 1,3p

say "A broken web tag sends one e-mail address with 150 visits of different people, and no rule stops it"
sed -n '1,150s/.*"members":\["cookie:\([^"]*\)".*/\1/p' people.jsonl | awk '{
  printf "{\"source\":\"tag\",\"id\":\"%d\",\"t\":\"2024-12-31T08:00:00Z\",\"ids\":{\"cookie\":[\"%s\"],", NR, $0
  print "\"email\":[\"qa@example.com\"]}}" }' >tag.jsonl
run 'sed -n 1p' ingest --db people.db --format table tag.jsonl
run 'cut -c1-120 | sed -n 1,2p' groups --db people.db --largest 1 --ids --format table

say "That source taken back: the people are again, byte for byte, what they were"
run 'sed -n 1,4p' retract --db people.db --source tag --from 0 --format table
run 'cmp - people.jsonl && echo the same' groups --db people.db --ids --format json

keep profiles.jsonl export --db people.db --profiles
read -r customer follower < <(torn_person truth.csv profiles.jsonl) || true
[[ -n ${follower:-} ]] || { echo 'demo: nobody with two profiles was found' >&2; exit 1; }
say "Scores among others, fitted to what everybody bought: here nobody ever stops, so that all are held to be customers still"
run "grep -E '^(customers|RFM|BG)'" fit --db people.db --format table || true  # 1: a model could not be fitted, as is said there

say "What people are like, by the facts of all their channels: a customer of the shops, and somebody who writes by WeChat"
card "$customer"
card "$follower"

say "The customer shows the code of the mini program at the counter: one record binds the two, who are one person at once"
polyonym show --db people.db --format json "$customer" >customer.json
polyonym show --db people.db --format json "$follower" >follower.json
echo '{"source":"counter","id":"1","t":"2024-12-30T12:00:00Z","op":"bind","pair":["'"$customer"'","'"$follower"'"]}' >bind.jsonl
cat bind.jsonl
run 'sed -n 1p' ingest --db people.db --format table bind.jsonl
card "$customer"

say "What they did last, where they act, and what they bought, by which they are said to like what they like"
run 'sed -n 1,3p' timeline --db people.db --format table "$customer"
run "sed -n '/^channel affinity/,/^$/p' | sed -n 2,5p" show --db people.db --format table "$customer"
run "grep -E '^TAG +COUNTS|bought' | cut -c1-120 | sed -n 1,3p" tags --db people.db --explain --format table "$customer"

say "That record taken back: both are again, byte for byte, who they were"
run 'sed -n 1p' retract --db people.db --source counter --from 0 --format table
run 'cmp - customer.json && echo the same' show --db people.db --format json "$customer"
run 'cmp - follower.json && echo the same' show --db people.db --format json "$follower"

say "Everything computed again from the records, by the definition of the rule, and compared"
run "grep -E '^(ok|records|problems)'" verify --db people.db --format table

say "Segments: an expression says who is in one. Nobody is put into it, so that at another time it is other people"
run 'cut -c1-128' segment list --db people.db --as-of 2024-10-01 --format table
run 'cut -c1-40' segment list --db people.db --format table

say "Why the customer gets no birthday letter: each part of the expression, and what it came to"
run "sed '1,/^$/d'" segment explain --db people.db --format table "$customer" birthday_soon || true  # 1: no member

say "How many there would be of two segments, before they are defined; then they are, and a third one, by the birthday"
cart='did(add_to_cart within 4 days) and last(time of add_to_cart) <= now - 2 days and not sequence(add_to_cart, then purchase; events within 4 days)'
active='count(any event in last 7 days) >= 3'
run 'cut -c1-128' segment try --db people.db --zone Asia/Shanghai --format table "$cart" "$active"
define() { polyonym segment define --db people.db --zone Asia/Shanghai "$@" >output; }
define cart_left "$cart"
define active "$active"
define birthday_week 'days to anniversary of trait birthday <= 7'

say "Triggers: who leaves a cart is to be reminded, and who has a birthday to be greeted. From now on it is kept who is in"
polyonym define --db people.db --show |
  sed '0,/{/s//{"triggers":[{"name":"remind","segment":"cart_left"},{"name":"greet","segment":"birthday_week"}],/' >definitions.json
run "sed '1,/^differences/d'" define --db people.db --format table definitions.json
keep before.jsonl changes --db people.db --consumer crm --format json  # its place is behind all that was

say "Three days pass, in which nobody does anything"
for day in 2025-01-01 2025-01-03; do run 'grep ^changes' advance --db people.db --format table $day; done

say "Who came into the two segments and who left them since the consumer was here, and why; in sum; and asked again it is told nothing"
run 'sed -n 1,5p' changes --db people.db --consumer crm --name cart_left --name birthday_week --format table
awk 'NR > 1 { ++n[$2 " " $NF ", by " $3] } END { for (what in n) printf "%6d  %s\n", n[what], what }' output | sort -rn
run 'wc -l' changes --db people.db --consumer crm --format json

say "What the triggers ask to be done stays until somebody says that it is: here up to the last of them"
run 'cut -c1-150 | sed -n 1,3p' outbox list --db people.db --format table
ids=($(polyonym outbox list --db people.db --limit 1000000 --format json | sed 's/^{"id":\([0-9]*\),.*/\1/'))
run '' outbox ack --db people.db --format table --up-to "${ids[-1]}"
run '' outbox list --db people.db --format table

say "How many had left a cart, day by day, as it was known then"
run '' segment sizes --db people.db --from 2025-01-01 --step 1d --format table cart_left
