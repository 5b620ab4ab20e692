-- What a crawl's frontier holds, at one moment; reads only, and no more of a large key than is said.
--
-- KEYS[1]  prefix of the crawl's keys (prelude.lua)
-- ARGV     levels to look into, hosts of each to measure, hosts to tell, workers
-- Returns  a JSON object; its lists may read '{}' when empty
local n_levels, sampled, told = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local workers = tonumber(ARGV[4])

local function pairs_of(key)
    local found, flat = {}, call('HGETALL', P .. key)
    for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
    return found
end

local answer = {
    now = string.format('%d', now),
    meta = pairs_of('meta'),
    queued = pairs_of('queued'),
    in_flight = pairs_of('inflight'),
    done = pairs_of('done'),
    pruned = pairs_of('depth_pruned'),
    dead = pairs_of('depth_dead'),
    pruned_nodes = call('SCARD', P .. 'pruned'),
    queues_total = 0, hosts = {}, workers = {},
}

-- Hosts: those that may be asked soonest, and some that have requests under way, dead or pruned.
local levels = call('ZRANGE', P .. 'levels', 0, n_levels - 1)
local rows = {}
local function note(host)
    if rows[host] then return end
    local queued = 0
    for _, depth in ipairs(levels) do queued = queued + call('LLEN', P .. 'queue:' .. depth .. ':' .. host) end
    rows[host] = queued
    answer.hosts[#answer.hosts + 1] = { host, queued }
end

for _, depth in ipairs(levels) do
    answer.queues_total = answer.queues_total + call('ZCARD', P .. 'hosts:' .. depth)
    for _, host in ipairs(call('ZRANGE', P .. 'hosts:' .. depth, 0, sampled - 1)) do note(host) end
end
table.sort(answer.hosts, function(a, b) return a[2] > b[2] end)
for i = told + 1, #answer.hosts do answer.hosts[i] = nil end
for _, key in ipairs({ 'host_inflight', 'host_dead', 'host_pruned' }) do
    local flat = call('HSCAN', P .. key, 0, 'COUNT', sampled)[2]
    for i = 1, math.min(#flat, 2 * sampled), 2 do note(flat[i]) end
end
for _, row in ipairs(answer.hosts) do
    for _, key in ipairs({ 'host_inflight', 'host_done', 'host_pruned', 'host_dead', 'delay', 'next' }) do
        row[#row + 1] = call('HGET', P .. key, row[1])
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
