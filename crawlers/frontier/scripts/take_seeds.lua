-- Take seeds from where a feeder put them, without losing one: they lie in `taken` until acknowledged.
-- docs/frontier.md
--
-- KEYS     what feeders write to (a list, a set, or a sorted set: the highest score first), and `taken`
-- ARGV     how many at most, ms after which a seed that was taken and not acknowledged is taken anew
-- Returns  members of `taken`: a unique name, ';', the seed as it was written
local source, taken = KEYS[1], KEYS[2]
local room, patience_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local call = redis.call
local clock = call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local found = call('ZRANGEBYSCORE', taken, '-inf', now - patience_ms, 'LIMIT', 0, room)
for _, member in ipairs(found) do call('ZADD', taken, now, member) end
room = room - #found
if room <= 0 then return found end

local kind = call('TYPE', source).ok
local seeds = {}
if kind == 'list' then
    seeds = call('LPOP', source, room) or {}
elseif kind == 'set' then
    seeds = call('SPOP', source, room)
elseif kind == 'zset' then
    local scored = call('ZPOPMAX', source, room)
    for i = 1, #scored, 2 do seeds[#seeds + 1] = scored[i] end
elseif kind ~= 'none' then
    return redis.error_reply('WRONGTYPE start URLs are a list, a set or a sorted set, not a ' .. kind)
end
for i, seed in ipairs(seeds) do
    local member = clock[1] .. '.' .. clock[2] .. '.' .. i .. ';' .. seed
    call('ZADD', taken, now, member)
    found[#found + 1] = member
end
return found
