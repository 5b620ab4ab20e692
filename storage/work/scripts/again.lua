-- Give jobs back without blame: what a worker that leaves has, or what was parked.
--
-- ARGV     'leave', worker
--          'requeue', ids; none = all
-- Returns  how many
local moved = 0
if ARGV[1] == 'leave' then
    for _, id in ipairs(call('SMEMBERS', P .. 'leased:' .. ARGV[2])) do
        unlease(id)
        queue(id, now)
        moved = moved + 1
    end
    call('ZREM', P .. 'workers', ARGV[2])
    return moved
end
local ids = #ARGV > 1 and { unpack(ARGV, 2) } or call('ZRANGE', P .. 'parked', 0, -1)
for _, id in ipairs(ids) do
    if call('ZREM', P .. 'parked', id) == 1 then
        call('HDEL', key(id), 'failures', 'deaths')
        queue(id, now)
        moved = moved + 1
    end
end
return moved
