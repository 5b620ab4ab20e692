-- Look without changing anything.
--
-- ARGV     'counts', lease_ms
--          'parked', how many at most
-- Returns  queued, delayed, leased, parked, done, workers; or rows of jobs, the oldest first
if ARGV[1] == 'parked' then
    local rows = {}
    for i, id in ipairs(call('ZRANGE', P .. 'parked', 0, tonumber(ARGV[2]) - 1)) do rows[i] = row(id) end
    return rows
end
local leased = 0
for _, worker in ipairs(call('ZRANGE', P .. 'workers', 0, -1)) do
    leased = leased + call('SCARD', P .. 'leased:' .. worker)
end
return {
    call('ZCARD', P .. 'ready'),
    call('ZCOUNT', P .. 'ready', '(' .. now, '+inf'),
    leased,
    call('ZCARD', P .. 'parked'),
    tonumber(call('HGET', P .. 'meta', 'done') or 0),
    call('ZCOUNT', P .. 'workers', '(' .. now - tonumber(ARGV[2]), '+inf'),
}
