-- One exchange of a worker with the frontier: end requests, add their children, lease more. Atomic,
-- so children are stored in the very step that acknowledges their parent.
--
-- KEYS[1]  prefix of the crawl's keys, ending in ':'; it holds the hash tag
-- ARGV     generation, worker, sequence, want, lease_ms, max_attempts, delay_ms, concurrency, strict,
--          ended, pushed, hosts (how many of each follow), then
--          ended:  id, outcome  ('done', 'back' = untried, 'fail' = try again, 'dead' = park)
--          pushed: fingerprint, low bits of it, known ('1' = skip the duplicate check), depth, host, path, body
--          hosts:  host, delay_ms (-1 = leave), not_before_ms from now (0 = none)
-- Returns  {leases, queued, in flight, ms until a host is free, state}; leases = id, depth, attempts, body, …
local P = KEYS[1]
local generation, worker, sequence, want = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local lease_ms, max_attempts = tonumber(ARGV[5]), tonumber(ARGV[6])
local default_delay, concurrency, strict = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9] == '1'
local n_ended, n_pushed, n_hosts = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local call = redis.call
local clock = call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

if call('HGET', P .. 'meta', 'generation') ~= generation then
    return redis.error_reply('GONE this crawl is no longer in Redis: it was dropped, or Redis was emptied')
end

local function count(name, by) call('HINCRBY', P .. 'meta', name, by) end

-- An entry is "attempts;path;body"; in a lease, "depth;host;" stands before it.
local function queue(depth, host, entry, at_head)
    local key = P .. 'queue:' .. depth .. ':' .. host
    if call(at_head and 'LPUSH' or 'RPUSH', key, entry) == 1 then
        call('ZADD', P .. 'hosts:' .. depth, 'NX', call('HGET', P .. 'next', host) or 0, host)
    end
    if call('HINCRBY', P .. 'queued', depth, 1) == 1 then call('ZADD', P .. 'levels', depth, depth) end
end

local function unlease(lease_key, id)
    local lease = call('HGET', lease_key, id)
    if not lease then return nil end
    call('HDEL', lease_key, id)
    local depth, host, entry = string.match(lease, '^(%d+);([^;]*);(.*)$')
    if call('HINCRBY', P .. 'inflight', depth, -1) <= 0 then call('HDEL', P .. 'inflight', depth) end
    if concurrency > 0 and call('HINCRBY', P .. 'active', host, -1) <= 0 then call('HDEL', P .. 'active', host) end
    return depth, host, entry
end

-- Back to the head of its depth; one attempt more unless it was only given back.
local function park(depth, host, entry, why)
    local id = call('HINCRBY', P .. 'meta', 'seq', 1)
    local letter = { why = why, at = now, depth = tonumber(depth), host = host, worker = worker }
    call('HSET', P .. 'dead', id, cjson.encode(letter) .. '\n' .. entry)
    count('dead', 1)
end

local function requeue(depth, host, entry, counted, why)
    if counted then
        local attempts, rest = string.match(entry, '^(%d+)(;.*)$')
        attempts = tonumber(attempts) + 1
        entry = attempts .. rest
        if attempts >= max_attempts then return park(depth, host, entry, why) end
    end
    queue(depth, host, entry, true)
end

-- 64-bit numbers do not fit a double: modulo is taken of nine digits at a time.
local function low_bits(number, modulus)
    local high = tonumber(string.sub(number, 1, -10)) or 0
    return ((high % modulus) * (1000000000 % modulus) + tonumber(string.sub(number, -9)) % modulus) % modulus
end

-- Linear hashing (Litwin, VLDB 1980): one bucket is split for each ~110 fingerprints added, so that
-- every set stays an intset (8 bytes a member) without ever re-bucketing all at once.
local level, split, seen_count
local function bucket_of(low)
    local number = low % 2 ^ level
    if number < split then number = low % 2 ^ (level + 1) end
    return number
end

local function grow()
    while seen_count > 110 * (2 ^ level + split) do
        local modulus, old = 2 ^ (level + 1), P .. 'seen:' .. string.format('%d', split)
        local target = P .. 'seen:' .. string.format('%d', split + 2 ^ level)
        for _, member in ipairs(call('SMEMBERS', old)) do
            if low_bits(member, modulus) ~= split then call('SMOVE', old, target, member) end
        end
        split = split + 1
        if split == 2 ^ level then level, split = level + 1, 0 end
    end
end

-- The answer to an exchange may be lost on its way; the worker then repeats it, with its number.
if call('HGET', P .. 'applied', worker) == sequence then n_ended, n_pushed, n_hosts = 0, 0, 0 end
call('HSET', P .. 'applied', worker, sequence)

local at = 13
for _ = 1, n_ended do
    local id, outcome = ARGV[at], ARGV[at + 1]
    at = at + 2
    local depth, host, entry = unlease(P .. 'lease:' .. worker, id)
    if depth then
        if outcome == 'done' then count('done', 1)
        elseif outcome == 'dead' then park(depth, host, entry, 'unreadable')
        else requeue(depth, host, entry, outcome == 'fail', 'failed') end
    end
end

if n_pushed > 0 then
    local meta = call('HMGET', P .. 'meta', 'level', 'split', 'seen')
    level, split, seen_count = tonumber(meta[1]), tonumber(meta[2]), tonumber(meta[3])
    local added, repeated = 0, 0
    for _ = 1, n_pushed do
        local fingerprint, low, known, depth, host, path, body = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2],
            ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 6]
        at = at + 7
        local new = call('SADD', P .. 'seen:' .. string.format('%d', bucket_of(low)), fingerprint)
        seen_count = seen_count + new
        if new == 1 or known == '1' then
            queue(depth, host, '0;' .. path .. ';' .. body, false)
            added = added + 1
        else
            repeated = repeated + 1
        end
    end
    grow()
    call('HSET', P .. 'meta', 'level', level, 'split', split, 'seen', seen_count)
    count('pushed', added)
    count('repeated', repeated)
end

for _ = 1, n_hosts do
    local host, delay, not_before = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    at = at + 3
    if delay >= 0 then call('HSET', P .. 'delay', host, delay) end
    if not_before > 0 and now + not_before > tonumber(call('HGET', P .. 'next', host) or 0) then
        call('HSET', P .. 'next', host, now + not_before)
        for _, depth in ipairs(call('ZRANGE', P .. 'levels', 0, -1)) do
            call('ZADD', P .. 'hosts:' .. depth, 'XX', now + not_before, host)
        end
    end
end

-- Heartbeat, and the leases of workers that have none: back to the head, in their old order.
call('ZADD', P .. 'workers', now, worker)
for _, dead in ipairs(call('ZRANGEBYSCORE', P .. 'workers', '-inf', now - lease_ms, 'LIMIT', 0, 4)) do
    local ids = call('HKEYS', P .. 'lease:' .. dead)
    table.sort(ids, function(a, b) return tonumber(a) > tonumber(b) end)
    for _, id in ipairs(ids) do
        local depth, host, entry = unlease(P .. 'lease:' .. dead, id)
        requeue(depth, host, entry, true, 'its worker died')
        count('reclaimed', 1)
    end
    call('ZREM', P .. 'workers', dead)
    call('HDEL', P .. 'applied', dead)
end

local state = call('HGET', P .. 'meta', 'state') or 'running'
if state ~= 'running' then want = 0 end

local shallowest
if strict then
    for _, depth in ipairs(call('HKEYS', P .. 'inflight')) do
        if not shallowest or tonumber(depth) < shallowest then shallowest = tonumber(depth) end
    end
end

local leases, free_at = {}, nil
local any_pruned = call('EXISTS', P .. 'pruned') == 1
local function is_pruned(entry)
    if not any_pruned then return false end
    for node in string.gmatch(string.match(entry, '^%d+;([^;]*);'), '[^,]+') do
        if call('SISMEMBER', P .. 'pruned', node) == 1 then return true end
    end
    return false
end

-- Take up to `room` requests of one host; returns how many were taken.
local function lease_from(depth, host, room)
    local key, taken = P .. 'queue:' .. depth .. ':' .. host, 0
    while taken < room do
        local entries = call('LPOP', key, room - taken)
        if not entries then break end
        local popped = #entries
        for _, entry in ipairs(entries) do
            if is_pruned(entry) then
                call('RPUSH', P .. 'pruned_queue', depth .. ';' .. host .. ';' .. entry)
                count('pruned', 1)
            else
                local id = call('HINCRBY', P .. 'meta', 'seq', 1)
                call('HSET', P .. 'lease:' .. worker, id, depth .. ';' .. host .. ';' .. entry)
                local attempts, body = string.match(entry, '^(%d+);[^;]*;(.*)$')
                for _, value in ipairs({ id, depth, attempts, body }) do leases[#leases + 1] = value end
                taken = taken + 1
            end
        end
        if call('HINCRBY', P .. 'queued', depth, -popped) <= 0 then
            call('HDEL', P .. 'queued', depth)
            call('ZREM', P .. 'levels', depth)
        end
    end
    if taken > 0 then
        call('HINCRBY', P .. 'inflight', depth, taken)
        if concurrency > 0 then call('HINCRBY', P .. 'active', host, taken) end
    end
    return taken
end

local function lease_level(depth)
    local hosts_key = P .. 'hosts:' .. depth
    local hosts = call('ZRANGEBYSCORE', hosts_key, '-inf', now, 'LIMIT', 0, want + 64)
    for _, host in ipairs(hosts) do
        if want <= 0 then return end
        local delay = tonumber(call('HGET', P .. 'delay', host) or default_delay)
        local next_at = tonumber(call('HGET', P .. 'next', host) or 0)
        local room = want
        if concurrency > 0 then room = math.min(room, concurrency - tonumber(call('HGET', P .. 'active', host) or 0)) end
        if delay > 0 then room = math.min(room, 1) end
        if next_at > now then
            call('ZADD', hosts_key, next_at, host)
        elseif room > 0 then
            local taken = lease_from(depth, host, room)
            want = want - taken
            if taken > 0 and delay > 0 then
                call('HSET', P .. 'next', host, now + delay)
                call('ZADD', hosts_key, now + delay, host)
            end
        end
        if call('EXISTS', P .. 'queue:' .. depth .. ':' .. host) == 0 then call('ZREM', hosts_key, host) end
    end
end

if want > 0 then
    for _, depth in ipairs(call('ZRANGE', P .. 'levels', 0, -1)) do
        if want <= 0 or (shallowest and tonumber(depth) > shallowest) then break end
        lease_level(depth)
        local first = call('ZRANGE', P .. 'hosts:' .. depth, 0, 0, 'WITHSCORES')
        if first[2] and (not free_at or tonumber(first[2]) < free_at) then free_at = tonumber(first[2]) end
        if strict and (#leases > 0 or first[1]) then break end
    end
end

local queued, in_flight = 0, 0
for _, n in ipairs(call('HVALS', P .. 'queued')) do queued = queued + tonumber(n) end
for _, n in ipairs(call('HVALS', P .. 'inflight')) do in_flight = in_flight + tonumber(n) end
return { leases, queued, in_flight, free_at and math.max(0, free_at - now) or -1, state }
