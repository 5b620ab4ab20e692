-- What a crawl's frontier holds, at one moment; reads only, and no more of a large key than is said.
--
-- KEYS[1]  prefix of the crawl's keys, ending in ':'; it holds the hash tag
-- ARGV     levels to look into, hosts of each to measure, of these how many to tell,
--          workers, entries (dead letters, pruned requests) to sort by depth
-- Returns  a JSON object; its lists may read '{}' when empty
local P = KEYS[1]
local levels, sampled, told = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local workers, entries = tonumber(ARGV[4]), tonumber(ARGV[5])
local call = redis.call

local function pairs_of(flat)
    local found = {}
    for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
    return found
end

local function by_depth(rows)
    local counts = {}
    for _, row in ipairs(rows) do
        local depth = string.match(row, '^(%d+);') -- a field's name, of a hash, has no ';'
        if depth then counts[depth] = (counts[depth] or 0) + 1 end
    end
    return counts
end

local function longest(depth)
    local rows = {}
    for _, host in ipairs(call('ZRANGE', P .. 'hosts:' .. depth, 0, sampled - 1)) do
        local length = call('LLEN', P .. 'queue:' .. depth .. ':' .. host)
        if length > 0 then rows[#rows + 1] = { tonumber(depth), host, length } end
    end
    table.sort(rows, function(a, b) return a[3] > b[3] end)
    return rows
end

local answer = {
    meta = pairs_of(call('HGETALL', P .. 'meta')),
    time = call('TIME'),
    queued = pairs_of(call('HGETALL', P .. 'queued')),
    in_flight = pairs_of(call('HGETALL', P .. 'inflight')),
    done = pairs_of(call('HGETALL', P .. 'done')),
    pruned = call('LLEN', P .. 'pruned_queue'),
    pruned_at = by_depth(call('LRANGE', P .. 'pruned_queue', 0, entries - 1)),
    pruned_nodes = call('SCARD', P .. 'pruned'),
    dead = call('HLEN', P .. 'dead'),
    dead_at = by_depth(call('HSCAN', P .. 'dead', 0, 'COUNT', entries)[2]),
    queues_total = 0, hosts = {}, workers = {},
}

for _, depth in ipairs(call('ZRANGE', P .. 'levels', 0, levels - 1)) do
    answer.queues_total = answer.queues_total + call('ZCARD', P .. 'hosts:' .. depth)
    local rows = longest(depth)
    for i = 1, math.min(told, #rows) do
        local row = rows[i]
        row[4] = call('HGET', P .. 'delay', row[2])
        row[5] = call('HGET', P .. 'next', row[2])
        answer.hosts[#answer.hosts + 1] = row
    end
end

local oldest, holder
local beats = call('ZRANGE', P .. 'workers', 0, workers - 1, 'WITHSCORES')
for i = 1, #beats, 2 do
    local ids = call('HKEYS', P .. 'lease:' .. beats[i])
    answer.workers[#answer.workers + 1] = { beats[i], beats[i + 1], #ids }
    for _, id in ipairs(ids) do
        if not oldest or tonumber(id) < oldest then oldest, holder = tonumber(id), beats[i] end
    end
end
if oldest then
    local id = string.format('%d', oldest)
    answer.oldest = { id, holder, call('HGET', P .. 'lease:' .. holder, id) }
end
return cjson.encode(answer)
