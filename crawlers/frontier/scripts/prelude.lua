-- What the scripts that move requests share; crawlers/frontier/lua.py puts it before each of them.
--
-- KEYS[1]  prefix of the crawl's keys, ending in ':'; it holds the hash tag
local P = KEYS[1]
local call = redis.call
local clock = call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local GONE = 'GONE this crawl is no longer in Redis: it was dropped, or Redis was emptied'

-- Counters in hashes. Changes are gathered here, and written once by `settle`: a call costs more than an
-- addition. A counter that has come down to 0 is not kept.
local changed = {}
local function add(name, field, by)
    changed[name] = changed[name] or {}
    changed[name][field] = (changed[name][field] or 0) + by
end

local function settle()
    for name, fields in pairs(changed) do
        for field, by in pairs(fields) do
            local left = by ~= 0 and call('HINCRBY', P .. name, field, by)
            if left and left <= 0 then call('HDEL', P .. name, field) end
            if left and name == 'queued' then
                if left <= 0 then call('ZREM', P .. 'levels', field) end
                if left == by then call('ZADD', P .. 'levels', field, field) end
            end
        end
    end
    changed = {}
end

-- Hand all of a list to one command, or to few: a call costs more than its values, but some thousand are Lua's limit.
local function in_parts(values, command)
    for first = 1, #values, 1000 do command(unpack(values, first, math.min(first + 999, #values))) end
end

-- Requests that were set aside, counted by depth and by host; `why` is 'dead' or 'pruned'.
local function count_aside(why, depth, host, by)
    add('depth_' .. why, depth, by)
    add('host_' .. why, host, by)
end

-- An entry is "history;path;body". The history has one "ms@worker@why" for each failed attempt, parted
-- by commas. What was set aside has "depth;host;" before it, what is in a lease "ms;depth;host;".
local function queue(depth, host, at_head, ...)
    local key, n = P .. 'queue:' .. depth .. ':' .. host, select('#', ...)
    if call(at_head and 'LPUSH' or 'RPUSH', key, ...) == n then
        local free_at = math.max(now, tonumber(call('HGET', P .. 'next', host) or 0))
        call('ZADD', P .. 'hosts:' .. depth, 'NX', free_at, host)
    end
    add('queued', depth, n)
end

local function is_pruned(path)
    for node in string.gmatch(path, '[^,]+') do
        if call('SISMEMBER', P .. 'pruned', node) == 1 then return true end
    end
    return false
end
