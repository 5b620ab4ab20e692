-- Queue entries anew that were set aside: dead letters ('dead'), or a restored branch ('pruned').
-- They go to the head of their depth, in the order in which they once stood there. docs/frontier.md
--
-- KEYS[1]  prefix of the crawl's keys, ending in ':'; it holds the hash tag
-- ARGV     'dead', then ids, the newest first
--          'pruned', node, how many to look at, from the newest; those that stay keep their order
-- Returns  how many were queued
local P = KEYS[1]
local call = redis.call

if call('HEXISTS', P .. 'meta', 'generation') == 0 then
    return redis.error_reply('GONE this crawl is no longer in Redis: it was dropped, or Redis was emptied')
end

local function queue_at_head(depth, host, entry)
    if call('LPUSH', P .. 'queue:' .. depth .. ':' .. host, entry) == 1 then
        call('ZADD', P .. 'hosts:' .. depth, 'NX', call('HGET', P .. 'next', host) or 0, host)
    end
    if call('HINCRBY', P .. 'queued', depth, 1) == 1 then call('ZADD', P .. 'levels', depth, depth) end
end

local queued = 0
if ARGV[1] == 'dead' then
    for i = 2, #ARGV do
        local parked = call('HGET', P .. 'dead', ARGV[i])
        if parked then
            local depth, host, rest = string.match(parked, '^(%d+);([^;]*);[^;]*(;.*)$')
            call('HDEL', P .. 'dead', ARGV[i])
            queue_at_head(depth, host, rest) -- with an empty history
            queued = queued + 1
        end
    end
    return queued
end

local function lies_below(path, node)
    return string.find(',' .. path .. ',', ',' .. node .. ',', 1, true) ~= nil
end

local function is_pruned(path)
    for node in string.gmatch(path, '[^,]+') do
        if call('SISMEMBER', P .. 'pruned', node) == 1 then return true end
    end
    return false
end

local node = ARGV[2]
for _, aside in ipairs(call('RPOP', P .. 'pruned_queue', ARGV[3]) or {}) do
    local depth, host, entry = string.match(aside, '^(%d+);([^;]*);(.*)$')
    local path = string.match(entry, '^[^;]*;([^;]*);')
    if lies_below(path, node) and not is_pruned(path) then
        queue_at_head(depth, host, entry)
        queued = queued + 1
    else
        call('LPUSH', P .. 'pruned_queue', aside)
    end
end
return queued
