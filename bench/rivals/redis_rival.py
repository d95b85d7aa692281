#!/usr/bin/env python3
"""Redis by Lua scripts that run in the server. Variants: batch (one call for a commit) and event (one call an event,
pipelined).

A key for each identifier holds its component; the hash `merged` names, for each component that was merged away, one
that it is part of. Tried: a call a commit, with one MGET of all its identifiers and one MSET of the new ones, is 1.1 to
1.8 times as fast as a call an event, and its append-only file little more than half as long. Chosen without a trial: no
lists of members to relabel, which would be a second key for each identifier. Requests are put into the protocol's bytes
before the clock starts, as a client that costs nothing would have them.
"""

import socket

import trial

ONE_EVENT = """
local found = redis.call('MGET', unpack(KEYS))
local roots, root = {}, nil
for i, component in ipairs(found) do
  if component then
    local at = roots[component]
    if not at then
      at = component
      local up = redis.call('HGET', 'merged', at)
      while up do at = up; up = redis.call('HGET', 'merged', at) end
      roots[component] = at
    end
    if not root or tonumber(at) < tonumber(root) then root = at end
  end
end
root = root or tostring(redis.call('INCR', 'components'))
local fresh = {}
for i, component in ipairs(found) do
  if not component then fresh[#fresh + 1] = KEYS[i]; fresh[#fresh + 1] = root end
end
for component, at in pairs(roots) do
  if at ~= root then redis.call('HSET', 'merged', at, root) end
end
if #fresh > 0 then redis.call('MSET', unpack(fresh)) end
return #fresh
"""

# ARGV[1]: how many identifiers each event has, a digit each; KEYS: all of them in order. unpack() takes some 7,900 at most.
ONE_COMMIT = """
local CHUNK = 4000
local known, fresh = {}, {}
for from = 1, #KEYS, CHUNK do
  local to = math.min(from + CHUNK - 1, #KEYS)
  for i, component in ipairs(redis.call('MGET', unpack(KEYS, from, to))) do
    known[KEYS[from + i - 1]] = component and tonumber(component)
  end
end
local up, asked, ask = {}, {}, {}
for _, component in pairs(known) do
  if component and not asked[component] then asked[component] = true; ask[#ask + 1] = component end
end
while #ask > 0 do
  local more = {}
  for from = 1, #ask, CHUNK do
    local to = math.min(from + CHUNK - 1, #ask)
    for i, winner in ipairs(redis.call('HMGET', 'merged', unpack(ask, from, to))) do
      if winner then
        winner = tonumber(winner)
        up[ask[from + i - 1]] = winner
        if not asked[winner] then asked[winner] = true; more[#more + 1] = winner end
      end
    end
  end
  ask = more
end
local changed = {}
local function root_of(component)
  while up[component] do component = up[component] end
  return component
end
local first = tonumber(redis.call('GET', 'components') or '0') + 1
local next_component = first
local at = 1
for e = 1, #ARGV[1] do
  local last = at + string.byte(ARGV[1], e) - 49
  local root = nil
  for i = at, last do
    local component = known[KEYS[i]]
    if component then
      component = root_of(component)
      if not root then
        root = component
      elseif component ~= root then
        local winner, loser = math.min(root, component), math.max(root, component)
        up[loser] = winner
        if loser < first then changed[#changed + 1] = loser end
        root = winner
      end
    end
  end
  if not root then root = next_component; next_component = next_component + 1 end
  for i = at, last do
    local value = KEYS[i]
    if not known[value] then known[value] = root; fresh[#fresh + 1] = value end
  end
  at = last + 1
end
local function write(command, key, list, pair)
  for from = 1, #list, CHUNK / 2 do
    local words = {key}
    for i = from, math.min(from + CHUNK / 2 - 1, #list) do
      words[#words + 1] = list[i]
      words[#words + 1] = root_of(pair(list[i]))
    end
    redis.call(command, unpack(words))
  end
end
write('MSET', nil, fresh, function(value) return known[value] end)
write('HSET', 'merged', changed, function(component) return component end)
if next_component > first then redis.call('SET', 'components', next_component - 1) end
return #fresh
"""


class Connection:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(address)
        self.replies = self.socket.makefile("rb", 1 << 16)

    @staticmethod
    def packed(*words):
        out = [b"*%d\r\n" % len(words)]
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            out.append(b"$%d\r\n%b\r\n" % (len(word), word))
        return b"".join(out)

    def reply(self):
        line = self.replies.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else self.replies.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest

    def call(self, *words):
        self.socket.sendall(self.packed(*words))
        return self.reply()


def labels_in(connection):
    """Of every identifier: all keys but the two that count and that tell of merges."""
    pairs = iter(connection.call("HGETALL", "merged"))
    winners = dict(zip(pairs, pairs))
    cursor = b"0"
    while True:
        cursor, keys = connection.call("SCAN", cursor, "COUNT", 5000, "TYPE", "string")
        values = connection.call("MGET", *keys) if keys else []
        for key, component in zip(keys, values):
            while component in winners:
                component = winners[component]
            if key != b"components":
                yield key.decode(), component
        if cursor == b"0":
            return


def request(script, variant, commit):
    if variant == "event":
        return b"".join(Connection.packed("EVALSHA", script, len(event), *event) for event in commit), len(commit)
    values = [i for event in commit for i in event]
    sizes = "".join(str(len(event)) for event in commit)
    return Connection.packed("EVALSHA", script, len(values), *values, sizes), 1


def run(all_events, options):
    connection = Connection(options.address)
    variant = options.variant or "batch"
    script = connection.call("SCRIPT", "LOAD", ONE_EVENT if variant == "event" else ONE_COMMIT)
    commits = trial.batches(all_events, options.batch)
    requests = [request(script, variant, commit) for commit in commits]

    def take(what):
        packed, replies = what
        connection.socket.sendall(packed)
        for _ in range(replies):
            connection.reply()

    seconds, done = trial.stream(requests, map(len, commits), options.max_seconds, take)
    told = dict(line.split(b":", 1) for line in connection.call("INFO", "everything").split(b"\r\n") if b":" in line)
    return trial.Outcome(
        seconds, done, labels_in(connection), told[b"redis_version"].decode(),
        disk_bytes=int(told[b"aof_current_size"]), memory_bytes=int(told[b"used_memory"]))


if __name__ == "__main__":
    trial.main(run)
