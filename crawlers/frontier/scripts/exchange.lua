-- One exchange of a worker with the frontier: end requests, add their children, lease more. Atomic,
-- so children are stored in the very step that acknowledges their parent. docs/frontier.md explains it.
--
-- KEYS[1]  prefix of the crawl's keys (prelude.lua)
-- ARGV     generation, worker, sequence ('' = what may be repeated at will), want, want_now, lease_ms,
--          max_attempts, delay_ms, concurrency, share, strict, items, bytes, rooms, ended, pushed, hosts, pruned (how many of each follow), then
--          rooms:  host, how many more of it this worker takes
--          ended:  id, outcome ('done', 'back' = untried, 'fail' = try again, 'dead' = park)
--          pushed: fingerprint, its low bits, known ('1' = skip the duplicate check), depth, host, path, body
--          hosts:  host, delay_ms (-1 = leave), not_before_ms from now (0 = none)
--          pruned: node
-- Returns  {leases, queued, in flight, ms until a host is free, state, pages a minute, concurrency, delay ms} (the last
--          three as somebody set them; speed.py); leases = id, depth, host, attempts, body, …
local generation, worker, sequence = ARGV[1], ARGV[2], ARGV[3]
local want, want_now = tonumber(ARGV[4]), tonumber(ARGV[5])
local lease_ms, max_attempts = tonumber(ARGV[6]), tonumber(ARGV[7])
local default_delay, concurrency, share = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local strict, items, bytes, n_rooms = ARGV[11] == '1', tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local n_ended, n_pushed, n_hosts, n_pruned =
    tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17]), tonumber(ARGV[18])
local at = 19

local rooms = {}
for _ = 1, n_rooms do
    rooms[ARGV[at]] = tonumber(ARGV[at + 1])
    at = at + 2
end

if call('HGET', P .. 'meta', 'generation') ~= generation then return redis.error_reply(GONE) end

local function count(name, by)
    if by ~= 0 then call('HINCRBY', P .. 'meta', name, by) end
end

-- Hosts that have as many requests under way as they may are set behind all others in `hosts:DEPTH`,
-- so that no exchange has to look past them; `full` knows at which depths, until one of theirs ends.
local FULL = 1e15
local any_full = call('EXISTS', P .. 'full') == 1
local function fill(depth, host)
    local depths = call('HGET', P .. 'full', host)
    call('HSET', P .. 'full', host, depths and depths .. ',' .. depth or depth)
    call('ZADD', P .. 'hosts:' .. depth, FULL, host)
    any_full = true
end

local function make_room(host)
    local depths = any_full and call('HGET', P .. 'full', host)
    if not depths then return end
    call('HDEL', P .. 'full', host)
    for depth in string.gmatch(depths, '%d+') do call('ZADD', P .. 'hosts:' .. depth, 'XX', now, host) end
end

-- A lease is "ms;depth;host;entry". Take those of `ids` that the worker still holds, as a table by id.
local function take_back(holder, ids)
    local key, held = P .. 'lease:' .. holder, {}
    in_parts(ids, function(...)
        local some = { ... }
        for i, lease in ipairs(call('HMGET', key, ...)) do held[some[i]] = lease or nil end
        call('HDEL', key, ...)
    end)
    return held
end

-- No longer under way.
local function unlease(lease)
    local depth, host, entry = string.match(lease, '^%d+;(%d+);([^;]*);(.*)$')
    add('inflight', depth, -1)
    add('host_inflight', host, -1)
    make_room(host)
    return depth, host, entry
end

local function park(depth, host, entry)
    call('HSET', P .. 'dead', call('HINCRBY', P .. 'meta', 'seq', 1), depth .. ';' .. host .. ';' .. entry)
    count_aside('dead', depth, host, 1)
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
        queue(depth, host, true, history .. rest)
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
if call('HGET', P .. 'applied', worker) == sequence then
    n_ended, n_pushed, n_hosts, n_pruned, items, bytes = 0, 0, 0, 0, 0, 0
elseif sequence ~= '' and n_ended + n_pushed + n_hosts + n_pruned + items + bytes > 0 then
    call('HSET', P .. 'applied', worker, sequence) -- else the next one, under this number, may tell something
end
count('items', items)
count('bytes', bytes)

local function finish(lease, outcome)
    local depth, host, entry = unlease(lease)
    if outcome == 'done' then
        add('done', depth, 1)
        add('host_done', host, 1)
    elseif outcome == 'back' then
        queue(depth, host, true, entry)
    else
        retry(depth, host, entry, worker, outcome == 'dead' and 'unreadable' or 'failed')
    end
end

local ended, late = {}, 0
for i = 1, n_ended do ended[i] = ARGV[at + 2 * i - 2] end
local held = take_back(worker, ended)
for _, id in ipairs(ended) do
    if held[id] then
        finish(held[id], ARGV[at + 1])
        held[id] = nil
    else -- it was late, and another worker has it now
        late = late + 1
    end
    at = at + 2
end
count('late', late)

if n_pushed > 0 then
    local meta = call('HMGET', P .. 'meta', 'level', 'split', 'seen')
    level, split, seen = tonumber(meta[1]), tonumber(meta[2]), tonumber(meta[3])
    local repeated, arrived, queues = 0, {}, {}
    for _ = 1, n_pushed do
        local fingerprint, low, known, depth = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
        local new = call('SADD', P .. 'seen:' .. bucket_of(low), fingerprint)
        seen = seen + new
        local shorter = is_shorter(fingerprint, low, tonumber(depth))
        if new == 1 or known == '1' or shorter then
            local to = depth .. ';' .. ARGV[at + 4]
            if not arrived[to] then
                arrived[to] = {}
                queues[#queues + 1] = to
            end
            table.insert(arrived[to], ';' .. ARGV[at + 5] .. ';' .. ARGV[at + 6])
        else
            repeated = repeated + 1
        end
        at = at + 7
    end
    for _, to in ipairs(queues) do
        local depth, host = string.match(to, '^(%d+);(.*)$')
        in_parts(arrived[to], function(...) queue(depth, host, false, ...) end)
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

for _ = 1, n_pruned do
    call('SADD', P .. 'pruned', ARGV[at])
    at = at + 1
end

-- Heartbeat, and the leases of workers that have none: back to the head, in their old order.
call('ZADD', P .. 'workers', now, worker)
for _, silent in ipairs(call('ZRANGEBYSCORE', P .. 'workers', '-inf', now - lease_ms, 'LIMIT', 0, 4)) do
    local ids = call('HKEYS', P .. 'lease:' .. silent)
    table.sort(ids, function(a, b) return tonumber(a) > tonumber(b) end)
    local leases = take_back(silent, ids)
    for _, id in ipairs(ids) do
        local depth, host, entry = unlease(leases[id])
        retry(depth, host, entry, silent, 'died')
    end
    count('reclaimed', #ids)
    call('ZREM', P .. 'workers', silent) -- 'applied' stays: it may only have been cut off, and repeat an exchange
end

settle()
local queued, in_flight, done, shallowest = 0, 0, 0, nil
local flying = call('HGETALL', P .. 'inflight')
for i = 1, #flying, 2 do
    in_flight = in_flight + tonumber(flying[i + 1])
    if strict and (not shallowest or tonumber(flying[i]) < shallowest) then shallowest = tonumber(flying[i]) end
end

-- Budgets, counted over all workers; a spent one ends the crawl, and what is queued stays queued.
local limits = call('HMGET', P .. 'meta', 'state', 'max_pages', 'max_items', 'max_bytes', 'deadline', 'items', 'bytes',
    'pages_per_minute', 'concurrency', 'delay_ms', 'pace_at')
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

-- Speed, as somebody set it. Of requests a minute, what was not leased within a second is not made up for.
local per_minute, set_delay, pace_at = tonumber(limits[8] or 0), tonumber(limits[10] or -1), tonumber(limits[11] or 0)
local gap = per_minute > 0 and 60000 / per_minute or 0
if gap > 0 then
    pace_at = pace_at > 0 and math.max(pace_at, now - 1000) or now
    want = math.max(0, math.min(want, want_now, math.floor((now - pace_at) / gap) + 1))
end
if set_delay >= 0 then default_delay = 0 end

local any_pruned = call('EXISTS', P .. 'pruned') == 1

-- Take up to `room` requests of one host; returns how many were taken.
local leases, granted, set_aside = {}, {}, 0
local function lease_from(depth, host, room)
    local key, taken = P .. 'queue:' .. depth .. ':' .. host, 0
    local prefix = string.format('%d;%s;%s;', now, depth, host)
    while taken < room and set_aside < 1000 do -- a pruned branch may be long: Redis serves others, too
        local entries = call('LPOP', key, room - taken)
        if not entries then break end
        local id = call('HINCRBY', P .. 'meta', 'seq', #entries) - #entries
        for _, entry in ipairs(entries) do
            id = id + 1
            if any_pruned and is_pruned(string.match(entry, '^[^;]*;([^;]*);')) then
                call('RPUSH', P .. 'pruned_queue', depth .. ';' .. host .. ';' .. entry)
                count_aside('pruned', depth, host, 1)
                set_aside = set_aside + 1
            else
                local name = string.format('%d', id)
                granted[#granted + 1], granted[#granted + 2] = name, prefix .. entry
                local history, body = string.match(entry, '^([^;]*);[^;]*;(.*)$')
                local _, attempts = string.gsub(history, '@died', '')
                local n = #leases
                leases[n + 1], leases[n + 2], leases[n + 3], leases[n + 4], leases[n + 5] =
                    id, depth, host, attempts, body
                taken = taken + 1
            end
        end
        add('queued', depth, -#entries)
    end
    add('inflight', depth, taken)
    if taken > 0 then call('HINCRBY', P .. 'host_inflight', host, taken) end -- the next visit reads it
    return taken
end

-- How many requests of a host this worker may have; one, until somebody knows what the host asks for.
local function room_for(host)
    if rooms[host] or share == 0 then return rooms[host] or want end
    return call('HEXISTS', P .. 'host_done', host) == 1 and share or 1
end

-- Lease from one host; `false` if it was free, but has nothing that this worker can use now.
local function visit(depth, host)
    local hosts_key = P .. 'hosts:' .. depth
    local next_at = tonumber(call('HGET', P .. 'next', host) or 0)
    if next_at > now then -- it was asked at another depth, or asks for patience
        call('ZADD', hosts_key, next_at, host)
        return true
    end
    local room = want
    if concurrency > 0 then room = concurrency - tonumber(call('HGET', P .. 'host_inflight', host) or 0) end
    if room <= 0 then
        fill(depth, host)
        return true
    end
    local delay = math.max(tonumber(call('HGET', P .. 'delay', host) or default_delay), set_delay)
    -- A request of a polite host must start at once, or the gap to the next one shrinks.
    local mine = room_for(host)
    if mine <= 0 or (delay > 0 and want_now <= 0) then return false end
    local taken = lease_from(depth, host, math.min(want, room, mine, delay > 0 and 1 or want))
    want, rooms[host] = want - taken, mine - taken
    local free_at = now -- behind the hosts that have waited for longer
    if taken > 0 and delay > 0 then
        want_now, free_at = want_now - taken, now + delay
        call('HSET', P .. 'next', host, free_at)
    end
    if call('EXISTS', P .. 'queue:' .. depth .. ':' .. host) == 0 then
        call('ZREM', hosts_key, host)
    else
        call('ZADD', hosts_key, free_at, host)
    end
    return true
end

-- Hosts by the time since which they have been free. Each that is looked at leaves that range, so none
-- stands in another's way; only those that wait for this worker's own capacity stay, and few are passed.
local PASSED = 64 + n_rooms
local function lease_level(depth)
    local passed = 0
    while want > 0 and passed < PASSED and set_aside < 1000 do
        local page = { 'LIMIT', passed, math.min(want, PASSED) }
        local hosts = call('ZRANGEBYSCORE', P .. 'hosts:' .. depth, '-inf', now, unpack(page))
        if #hosts == 0 then return end
        for _, host in ipairs(hosts) do
            if want <= 0 then return end
            if not visit(depth, host) then passed = passed + 1 end
        end
    end
end

local free_at
for _, depth in ipairs(call('ZRANGE', P .. 'levels', 0, -1)) do
    if want <= 0 or (shallowest and tonumber(depth) > shallowest) then break end
    lease_level(depth)
    settle()
    -- What is free already waits for this worker's own capacity or for an ack: no time to tell.
    local later = call('ZRANGEBYSCORE', P .. 'hosts:' .. depth, '(' .. now, '(' .. FULL, 'WITHSCORES', 'LIMIT', 0, 1)
    if later[2] and (not free_at or tonumber(later[2]) < free_at) then free_at = tonumber(later[2]) end
    if strict and (#leases > 0 or call('HEXISTS', P .. 'queued', depth) == 1) then break end
end

if gap > 0 then
    pace_at = pace_at + #leases / 5 * gap
    call('HSET', P .. 'meta', 'pace_at', string.format('%.3f', pace_at))
    if pace_at > now then free_at = math.max(free_at or 0, math.ceil(pace_at)) end
end

in_parts(granted, function(...) call('HSET', P .. 'lease:' .. worker, ...) end)
for _, n in ipairs(call('HVALS', P .. 'queued')) do queued = queued + tonumber(n) end
return { leases, queued, in_flight + #leases / 5, free_at and math.max(0, free_at - now) or -1, state,
    per_minute, tonumber(limits[9] or 0), set_delay }
