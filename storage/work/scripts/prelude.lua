-- What the work queue's scripts share; storage/work/redis_queue.py puts it before each of them.
--
-- KEYS[1]        prefix of the queue's keys, ending in ':'; it holds the hash tag
-- job:ID         hash: state (queued, leased, parked, done), lease, worker, left, finished (steps, one
--                a line), payload, failures, deaths, history ("ms TAB worker TAB reason", one a line)
-- ready          zset: queued jobs by the instant (ms) at which their time comes
-- leased:WORKER  set of the jobs a worker has; parked: zset by instant; workers: zset by last beat
-- meta           hash: seq (number of the last lease), done (jobs in that state)
local P = KEYS[1]
local call = redis.call
local clock = call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local function key(id) return P .. 'job:' .. id end

local function lines(text)
    local found = {}
    for line in string.gmatch(text or '', '[^\n]+') do found[#found + 1] = line end
    return found
end

local function unlease(id)
    call('SREM', P .. 'leased:' .. (call('HGET', key(id), 'worker') or ''), id)
end

local function queue(id, at)
    call('HSET', key(id), 'state', 'queued')
    call('ZADD', P .. 'ready', at, id)
end

-- Count a failure or a death; queue again for `at`, or park after too many.
local function strike(id, worker, reason, field, most, at, most_history)
    local history = lines(call('HGET', key(id), 'history'))
    history[#history + 1] = string.format('%d', now) .. '\t' .. worker .. '\t' .. reason
    while #history > most_history do table.remove(history, 1) end
    call('HSET', key(id), 'history', table.concat(history, '\n'))
    unlease(id)
    if call('HINCRBY', key(id), field, 1) >= most then
        call('HSET', key(id), 'state', 'parked')
        call('ZADD', P .. 'parked', now, id)
    else
        queue(id, at)
    end
end

local FIELDS = { 'left', 'finished', 'payload', 'lease', 'failures', 'history' }
local function row(id)
    local found = call('HMGET', key(id), unpack(FIELDS))
    for i = 1, #FIELDS do found[i] = found[i] or '' end
    return { id, unpack(found) }
end
