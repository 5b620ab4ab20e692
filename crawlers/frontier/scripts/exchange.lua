-- One exchange of a worker with the frontier: end requests, add their children, lease more. Atomic,
-- so children are stored in the very step that acknowledges their parent. docs/frontier.md explains it.
--
-- KEYS[1]  prefix of the crawl's keys, ending in ':'; it holds the hash tag
-- ARGV     generation, worker, sequence, want, want_now, lease_ms, max_attempts, delay_ms, concurrency,
--          strict, items, bytes, ended, pushed, hosts (how many of each follow), then
--          ended:  id, outcome ('done', 'back' = untried, 'fail' = try again, 'dead' = park)
--          pushed: fingerprint, its low bits, known ('1' = skip the duplicate check), depth, host, path, body
--          hosts:  host, delay_ms (-1 = leave), not_before_ms from now (0 = none)
-- Returns  {leases, queued, in flight, ms until a host is free, state}; leases = id, depth, attempts, body, …
local P = KEYS[1]
local generation, worker, sequence = ARGV[1], ARGV[2], ARGV[3]
local want, want_now = tonumber(ARGV[4]), tonumber(ARGV[5])
local lease_ms, max_attempts = tonumber(ARGV[6]), tonumber(ARGV[7])
local default_delay, concurrency, strict = tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10] == '1'
local items, bytes = tonumber(ARGV[11]), tonumber(ARGV[12])
local n_ended, n_pushed, n_hosts = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local at = 16
local call = redis.call
local clock = call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

if call('HGET', P .. 'meta', 'generation') ~= generation then
    return redis.error_reply('GONE this crawl is no longer in Redis: it was dropped, or Redis was emptied')
end

local function count(name, by)
    if by ~= 0 then call('HINCRBY', P .. 'meta', name, by) end
end

-- An entry is "history;path;body"; in a lease, "depth;host;" stands before it. The history has one
-- "ms@worker@why" for each failed attempt, parted by commas.
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

local function park(depth, host, entry)
    call('HSET', P .. 'dead', call('HINCRBY', P .. 'meta', 'seq', 1), depth .. ';' .. host .. ';' .. entry)
end

-- Back to the head of its depth, with one failure more in its history; too many, and it is parked.
local function retry(depth, host, entry, by, why)
    local history, rest = string.match(entry, '^([^;]*)(;.*)$')
    local attempt = now .. '@' .. by .. '@' .. why
    history = history == '' and attempt or history .. ',' .. attempt
    local _, commas = string.gsub(history, ',', '')
    if commas + 1 >= max_attempts or why == 'unreadable' then
        park(depth, host, history .. rest)
    else
        queue(depth, host, history .. rest, true)
    end
end

-- 63-bit numbers do not fit a double: the modulus is taken of nine digits at a time.
local function low_bits(number, modulus)
    local high = tonumber(string.sub(number, 1, -10)) or 0
    return ((high % modulus) * (1000000000 % modulus) + tonumber(string.sub(number, -9)) % modulus) % modulus
end

-- Linear hashing (Litwin, VLDB 1980): one bucket is split for each 110 fingerprints added, so that
-- every set stays an intset (8 bytes a member) and nothing is ever re-bucketed all at once.
local level, split, seen
local function bucket_of(low)
    local number = low % 2 ^ level
    if number < split then number = low % 2 ^ (level + 1) end
    return string.format('%d', number)
end

local function grow()
    while seen > 110 * (2 ^ level + split) do
        local modulus, old = 2 ^ (level + 1), P .. 'seen:' .. string.format('%d', split)
        local target = P .. 'seen:' .. string.format('%d', split + 2 ^ level)
        for _, member in ipairs(call('SMEMBERS', old)) do
            if low_bits(member, modulus) ~= split then call('SMOVE', old, target, member) end
        end
        split = split + 1
        if split == 2 ^ level then level, split = level + 1, 0 end
    end
end

-- Relaxed order may meet a page on a long way first: found again on a shorter one it is queued anew,
-- or a depth limit would cut off what is reachable below it. Strict order never needs this.
local function is_shorter(fingerprint, low, depth)
    if strict then return false end
    local key = P .. 'depth:' .. string.format('%d', low % 65536)
    local known = tonumber(call('HGET', key, fingerprint) or 1e9)
    if depth < known then call('HSET', key, fingerprint, depth) end
    return depth < known and known < 1e9
end

-- The answer to an exchange may be lost on its way; the worker then repeats it under its number.
if call('HGET', P .. 'applied', worker) == sequence then n_ended, n_pushed, n_hosts, items, bytes = 0, 0, 0, 0, 0 end
if n_ended + n_pushed + n_hosts > 0 then -- one that tells nothing is not repeated: the next may tell something
    call('HSET', P .. 'applied', worker, sequence)
end
count('items', items)
count('bytes', bytes)

for _ = 1, n_ended do
    local id, outcome = ARGV[at], ARGV[at + 1]
    at = at + 2
    local depth, host, entry = unlease(P .. 'lease:' .. worker, id)
    if not depth then -- it was late, and another worker has it now
        count('late', 1)
    elseif outcome == 'done' then
        call('HINCRBY', P .. 'done', depth, 1)
    elseif outcome == 'back' then
        queue(depth, host, entry, true)
    else
        retry(depth, host, entry, worker, outcome == 'dead' and 'unreadable' or 'failed')
    end
end

if n_pushed > 0 then
    local meta = call('HMGET', P .. 'meta', 'level', 'split', 'seen')
    level, split, seen = tonumber(meta[1]), tonumber(meta[2]), tonumber(meta[3])
    local repeated = 0
    for _ = 1, n_pushed do
        local fingerprint, low, known, depth = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
        local new = call('SADD', P .. 'seen:' .. bucket_of(low), fingerprint)
        seen = seen + new
        local shorter = is_shorter(fingerprint, low, tonumber(depth))
        if new == 1 or known == '1' or shorter then
            queue(depth, ARGV[at + 4], ';' .. ARGV[at + 5] .. ';' .. ARGV[at + 6], false)
        else
            repeated = repeated + 1
        end
        at = at + 7
    end
    grow()
    call('HSET', P .. 'meta', 'level', level, 'split', split, 'seen', seen)
    count('repeated', repeated)
end

for _ = 1, n_hosts do
    local host, delay, not_before = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    at = at + 3
    if delay >= 0 then call('HSET', P .. 'delay', host, delay) end
    if not_before > 0 and now + not_before > tonumber(call('HGET', P .. 'next', host) or 0) then
        call('HSET', P .. 'next', host, now + not_before)
    end
end

-- Heartbeat, and the leases of workers that have none: back to the head, in their old order.
call('ZADD', P .. 'workers', now, worker)
for _, silent in ipairs(call('ZRANGEBYSCORE', P .. 'workers', '-inf', now - lease_ms, 'LIMIT', 0, 4)) do
    local ids = call('HKEYS', P .. 'lease:' .. silent)
    table.sort(ids, function(a, b) return tonumber(a) > tonumber(b) end)
    for _, id in ipairs(ids) do
        local depth, host, entry = unlease(P .. 'lease:' .. silent, id)
        retry(depth, host, entry, silent, 'died')
    end
    count('reclaimed', #ids)
    call('ZREM', P .. 'workers', silent) -- 'applied' stays: it may only have been cut off, and repeat an exchange
end

local queued, in_flight, done, shallowest = 0, 0, 0, nil
local flying = call('HGETALL', P .. 'inflight')
for i = 1, #flying, 2 do
    in_flight = in_flight + tonumber(flying[i + 1])
    if strict and (not shallowest or tonumber(flying[i]) < shallowest) then shallowest = tonumber(flying[i]) end
end

-- Budgets, counted over all workers; a spent one ends the crawl, and what is queued stays queued.
local limits = call('HMGET', P .. 'meta', 'state', 'max_pages', 'max_items', 'max_bytes', 'deadline', 'items', 'bytes')
local state = limits[1] or 'running'
local max_pages = tonumber(limits[2] or 0)
if max_pages > 0 then
    for _, n in ipairs(call('HVALS', P .. 'done')) do done = done + tonumber(n) end
    want = math.min(want, max_pages - done - in_flight)
    if done >= max_pages then state = 'max_pages' end
end
if tonumber(limits[3] or 0) > 0 and tonumber(limits[6] or 0) >= tonumber(limits[3]) then state = 'max_items' end
if tonumber(limits[4] or 0) > 0 and tonumber(limits[7] or 0) >= tonumber(limits[4]) then state = 'max_bytes' end
if tonumber(limits[5] or 0) > 0 and now >= tonumber(limits[5]) then state = 'max_seconds' end
if state ~= 'running' then want = 0 end

local any_pruned = call('EXISTS', P .. 'pruned') == 1
local function is_pruned(entry)
    if not any_pruned then return false end
    for node in string.gmatch(string.match(entry, '^[^;]*;([^;]*);'), '[^,]+') do
        if call('SISMEMBER', P .. 'pruned', node) == 1 then return true end
    end
    return false
end

-- Take up to `room` requests of one host; returns how many were taken.
local leases, set_aside = {}, 0
local function lease_from(depth, host, room)
    local key, taken = P .. 'queue:' .. depth .. ':' .. host, 0
    while taken < room and set_aside < 1000 do -- a pruned branch may be long: Redis serves others, too
        local entries = call('LPOP', key, room - taken)
        if not entries then break end
        for _, entry in ipairs(entries) do
            if is_pruned(entry) then
                call('RPUSH', P .. 'pruned_queue', depth .. ';' .. host .. ';' .. entry)
                set_aside = set_aside + 1
            else
                local id = call('HINCRBY', P .. 'meta', 'seq', 1)
                call('HSET', P .. 'lease:' .. worker, id, depth .. ';' .. host .. ';' .. entry)
                local history, body = string.match(entry, '^([^;]*);[^;]*;(.*)$')
                local _, attempts = string.gsub(history, '@died', '')
                local n = #leases
                leases[n + 1], leases[n + 2], leases[n + 3], leases[n + 4] = id, depth, attempts, body
                taken = taken + 1
            end
        end
        if call('HINCRBY', P .. 'queued', depth, -#entries) <= 0 then
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
    for _, host in ipairs(call('ZRANGEBYSCORE', hosts_key, '-inf', now, 'LIMIT', 0, want + 64)) do
        if want <= 0 then return end
        local delay = tonumber(call('HGET', P .. 'delay', host) or default_delay)
        local next_at = tonumber(call('HGET', P .. 'next', host) or 0)
        local room = want
        if concurrency > 0 then room = math.min(room, concurrency - tonumber(call('HGET', P .. 'active', host) or 0)) end
        -- A request of a polite host must start at once, or the gap to the next one shrinks.
        if delay > 0 then room = math.min(room, want_now, 1) end
        if next_at > now then
            call('ZADD', hosts_key, next_at, host)
        elseif room > 0 then
            local taken = lease_from(depth, host, room)
            want = want - taken
            if taken > 0 and delay > 0 then
                want_now = want_now - taken
                call('HSET', P .. 'next', host, now + delay)
                call('ZADD', hosts_key, now + delay, host)
            end
        end
        if call('EXISTS', P .. 'queue:' .. depth .. ':' .. host) == 0 then call('ZREM', hosts_key, host) end
    end
end

local free_at
for _, depth in ipairs(call('ZRANGE', P .. 'levels', 0, -1)) do
    if want <= 0 or (shallowest and tonumber(depth) > shallowest) then break end
    lease_level(depth)
    -- What is free already waits for this worker's own capacity or for an ack: no time to tell.
    local later = call('ZRANGEBYSCORE', P .. 'hosts:' .. depth, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    if later[2] and (not free_at or tonumber(later[2]) < free_at) then free_at = tonumber(later[2]) end
    if strict and (#leases > 0 or call('HEXISTS', P .. 'queued', depth) == 1) then break end
end

for _, n in ipairs(call('HVALS', P .. 'queued')) do queued = queued + tonumber(n) end
return { leases, queued, in_flight + #leases / 4, free_at and math.max(0, free_at - now) or -1, state }
