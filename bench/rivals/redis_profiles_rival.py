#!/usr/bin/env python3
"""Redis: a hash for each person, folded by a Lua script, one call a commit.

Who is who comes from the script of redis_rival.py for a whole commit, the faster of its two; where it merges two
components their hashes become one. Tried: one HMGET and one HSET a record are as fast as four HINCRBY and one HSET, and
make the append-only file two thirds as long.
"""

import hashlib

import profiles
import redis_rival
import trial

# Behind redis_rival.ONE_COMMIT, whose names it goes on with. ARGV from 2 on: seven words a record.
FOLD = """
local function add(profile, names, more, city, at)
  local has = redis.call('HMGET', profile, 'at', unpack(names))
  local words = {}
  for i, name in ipairs(names) do
    words[2 * i - 1] = name
    words[2 * i] = tonumber(has[i + 1] or 0) + more[i]
  end
  if not has[1] or tonumber(has[1]) <= tonumber(at) then
    local n = #words
    words[n + 1] = 'city'; words[n + 2] = city; words[n + 3] = 'at'; words[n + 4] = at
  end
  redis.call('HSET', profile, unpack(words))
end
for _, loser in ipairs(changed) do
  local lost = 'p:' .. loser
  local fields = redis.call('HGETALL', lost)
  local names, more, latest = {}, {}, {}
  for i = 1, #fields, 2 do
    if fields[i] == 'city' or fields[i] == 'at' then
      latest[fields[i]] = fields[i + 1]
    else
      names[#names + 1] = fields[i]
      more[#more + 1] = tonumber(fields[i + 1])
    end
  end
  add('p:' .. root_of(loser), names, more, latest.city, latest.at)
  redis.call('DEL', lost)
end
local first_key = 1
for e = 1, #ARGV[1] do
  local a = 7 * e - 5
  add('p:' .. root_of(known[KEYS[first_key]]), {'events', 'spent', ARGV[a + 1], ARGV[a + 3]},
      {1, ARGV[a], ARGV[a + 2], ARGV[a + 4]}, ARGV[a + 5], ARGV[a + 6])
  first_key = first_key + string.byte(ARGV[1], e) - 48
end
return #fresh
"""
SCRIPT = redis_rival.ONE_COMMIT.rpartition("return #fresh")[0] + FOLD
SCRIPT_NAME = hashlib.sha1(SCRIPT.encode()).hexdigest()


def request(commit, first):
    """`first`: number of the commit's first record."""
    values = [i for event in commit for i in event]
    words = ["".join(str(len(event)) for event in commit)]
    for number in range(first, first + len(commit)):
        told = profiles.told(number)
        words += [told.spent, told.interest, profiles.INTEREST_WEIGHT, told.brand, told.brand_weight, told.city,
                  told.time_ms]
    return redis_rival.Connection.packed("EVALSHA", SCRIPT_NAME, len(values), *values, *words)


def stored(connection):
    cursor = b"0"
    while True:
        cursor, keys = connection.call("SCAN", cursor, "MATCH", "p:*", "COUNT", 5000, "TYPE", "hash")
        connection.socket.sendall(b"".join(connection.packed("HGETALL", key) for key in keys))
        for key in keys:
            words = iter(connection.reply())
            yield key[2:], {name.decode(): value.decode() if name == b"city" else int(value)
                            for name, value in zip(words, words)}
        if cursor == b"0":
            return


def run(all_events, options):
    connection = redis_rival.Connection(options.address)
    connection.call("SCRIPT", "LOAD", SCRIPT)
    commits = trial.batches(all_events, options.batch)
    requests = [request(commit, options.batch * at) for at, commit in enumerate(commits)]

    def take(packed):
        connection.socket.sendall(packed)
        connection.reply()

    seconds, done = trial.stream(requests, map(len, commits), options.max_seconds, take)
    told = dict(line.split(b":", 1) for line in connection.call("INFO", "everything").split(b"\r\n") if b":" in line)
    labels = profiles.checked(redis_rival.labels_in(connection), stored(connection), all_events[:done])
    return trial.Outcome(
        seconds, done, labels, told[b"redis_version"].decode(),
        disk_bytes=int(told[b"aof_current_size"]), memory_bytes=int(told[b"used_memory"]))


if __name__ == "__main__":
    trial.main(run)
