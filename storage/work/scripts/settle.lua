-- What a worker says of a job that it has.
--
-- ARGV     'finish', id, lease, step
--          'fail', id, lease, worker, reason, delay_ms, most failures, most history
--          'release', id, lease, delay_ms
-- Returns  the job's state and its steps left, one a line; 'late' if the lease is lost
local what, id, lease = ARGV[1], ARGV[2], ARGV[3]
local found = call('HMGET', key(id), 'state', 'lease', 'left')
if found[2] ~= lease then return { 'late', '' } end
if found[1] ~= 'leased' then return { found[1], found[3] or '' } end -- said before, the answer was lost

if what == 'finish' then
    local step, left, known = ARGV[4], {}, false
    for _, other in ipairs(lines(found[3])) do
        if other == step then known = true else left[#left + 1] = other end
    end
    if known then
        local finished = call('HGET', key(id), 'finished')
        call('HSET', key(id), 'left', table.concat(left, '\n'),
            'finished', finished and finished .. '\n' .. step or step)
        call('HDEL', key(id), 'failures', 'deaths')
    end
    if #left == 0 then
        unlease(id)
        call('HSET', key(id), 'state', 'done')
        call('HDEL', key(id), 'left', 'payload', 'history', 'worker')
        call('HINCRBY', P .. 'meta', 'done', 1)
    end
elseif what == 'fail' then
    strike(id, ARGV[4], ARGV[5], 'failures', tonumber(ARGV[7]), now + tonumber(ARGV[6]), tonumber(ARGV[8]))
else
    unlease(id)
    queue(id, now + tonumber(ARGV[4]))
end
local after = call('HMGET', key(id), 'state', 'left')
return { after[1], after[2] or '' }
