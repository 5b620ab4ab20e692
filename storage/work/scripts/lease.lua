-- A worker's heartbeat; takes back what silent workers have, and leases.
--
-- ARGV     worker, lease_ms, most deaths, most history, how many are wanted, then pairs: each id that the
--          worker knows it has, and the number of its lease
-- Returns  rows of the jobs leased
local worker, lease_ms, most, most_history, want =
    ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
call('ZADD', P .. 'workers', now, worker)
for _, silent in ipairs(call('ZRANGEBYSCORE', P .. 'workers', '-inf', now - lease_ms)) do
    for _, id in ipairs(call('SMEMBERS', P .. 'leased:' .. silent)) do
        strike(id, silent, 'died', 'deaths', most, now, most_history)
    end
    call('DEL', P .. 'leased:' .. silent)
    call('ZREM', P .. 'workers', silent)
end

local held = {}
for i = 6, #ARGV, 2 do held[ARGV[i]] = ARGV[i + 1] end
for _, id in ipairs(call('SMEMBERS', P .. 'leased:' .. worker)) do
    if held[id] ~= call('HGET', key(id), 'lease') then -- the answer that told of it was lost
        unlease(id)
        queue(id, now)
    end
end

local rows = {}
for _, id in ipairs(call('ZRANGEBYSCORE', P .. 'ready', '-inf', now, 'LIMIT', 0, want)) do
    call('ZREM', P .. 'ready', id)
    call('SADD', P .. 'leased:' .. worker, id)
    call('HSET', key(id), 'state', 'leased', 'worker', worker, 'lease', call('HINCRBY', P .. 'meta', 'seq', 1))
    rows[#rows + 1] = row(id)
end
return rows
