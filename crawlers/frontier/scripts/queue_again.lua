-- Queue entries anew that were set aside: dead letters ('dead'), or a restored branch ('pruned');
-- or forget dead letters ('discard'). They go to the head of their depth, in the order in which they
-- once stood there. docs/frontier.md
--
-- KEYS[1]  prefix of the crawl's keys (prelude.lua)
-- ARGV     'dead' or 'discard', then ids, the newest first
--          'pruned', node, how many to look at, from the newest; those that stay keep their order
-- Returns  how many were queued, or forgotten
if call('HEXISTS', P .. 'meta', 'generation') == 0 then return redis.error_reply(GONE) end

local queued = 0
if ARGV[1] ~= 'pruned' then
    for i = 2, #ARGV do
        local parked = call('HGET', P .. 'dead', ARGV[i])
        if parked then
            local depth, host, rest = string.match(parked, '^(%d+);([^;]*);[^;]*(;.*)$')
            call('HDEL', P .. 'dead', ARGV[i])
            count_aside('dead', depth, host, -1)
            if ARGV[1] == 'dead' then queue(depth, host, true, rest) end -- with an empty history
            queued = queued + 1
        end
    end
    settle()
    return queued
end

local function lies_below(path, node)
    return string.find(',' .. path .. ',', ',' .. node .. ',', 1, true) ~= nil
end

local node = ARGV[2]
for _, aside in ipairs(call('RPOP', P .. 'pruned_queue', ARGV[3]) or {}) do
    local depth, host, entry = string.match(aside, '^(%d+);([^;]*);(.*)$')
    local path = string.match(entry, '^[^;]*;([^;]*);')
    if lies_below(path, node) and not is_pruned(path) then
        count_aside('pruned', depth, host, -1)
        queue(depth, host, true, entry)
        queued = queued + 1
    else
        call('LPUSH', P .. 'pruned_queue', aside)
    end
end
settle()
return queued
