-- Forget a crawl that nobody named, once it has ended and nobody works on it. docs/frontier.md
--
-- KEYS[1]  prefix of the crawl's keys (prelude.lua)
-- ARGV     worker, lease_ms, 'leave' (the worker goes, the crawl did what it was asked) or 'join',
--          strict
-- Returns  1 if the crawl was deleted. On leaving, dead letters keep it until somebody joins
local worker, lease_ms, leaving = ARGV[1], tonumber(ARGV[2]), ARGV[3] == 'leave'
local strict = ARGV[4] == '1'

if leaving then
    call('ZREM', P .. 'workers', worker)
    call('HDEL', P .. 'applied', worker)
end
if call('ZCOUNT', P .. 'workers', '(' .. now - lease_ms, '+inf') > 0 then return 0 end

local function sum(key)
    local total = 0
    for _, n in ipairs(call('HVALS', P .. key)) do total = total + tonumber(n) end
    return total
end

if leaving then
    if call('HEXISTS', P .. 'meta', 'generation') == 0 then return 0 end
    if call('EXISTS', P .. 'dead') == 1 then
        call('HSET', P .. 'meta', 'ended', 1)
        return 0
    end
elseif call('HEXISTS', P .. 'meta', 'ended') == 0 then
    if sum('done') == 0 or sum('queued') + sum('inflight') > 0 then return 0 end
end

-- UNLINK frees the memory beside Redis' one thread; a name costs it about a microsecond.
local batch = {}
local function unlink(name)
    if name then batch[#batch + 1] = P .. name end
    if #batch >= 1000 or not name then
        if #batch > 0 then call('UNLINK', unpack(batch)) end
        batch = {}
    end
end

for _, depth in ipairs(call('ZRANGE', P .. 'levels', 0, -1)) do
    for _, host in ipairs(call('ZRANGE', P .. 'hosts:' .. depth, 0, -1)) do
        unlink('queue:' .. depth .. ':' .. host)
    end
end
for _, key in ipairs({ 'done', 'queued' }) do
    for _, depth in ipairs(call('HKEYS', P .. key)) do unlink('hosts:' .. depth) end
end
for _, gone in ipairs(call('ZRANGE', P .. 'workers', 0, -1)) do unlink('lease:' .. gone) end
local size = call('HMGET', P .. 'meta', 'level', 'split')
for n = 0, 2 ^ tonumber(size[1] or 0) + tonumber(size[2] or 0) - 1 do unlink('seen:' .. string.format('%d', n)) end
if not strict then
    for n = 0, 65535 do unlink('depth:' .. n) end
end
for _, key in ipairs({ 'levels', 'queued', 'inflight', 'done', 'workers', 'applied', 'next', 'delay', 'full',
    'host_inflight', 'host_done', 'host_dead', 'host_pruned', 'depth_dead', 'depth_pruned',
    'pruned', 'pruned_queue', 'dead', 'meta' }) do
    unlink(key)
end
unlink(nil)
return 1
