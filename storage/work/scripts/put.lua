-- Add a job, or to a known one the steps that are new.
--
-- ARGV     id, payload, limit (0 = none), steps
-- Returns  'queued', 'known' or 'full'
local id, payload, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local found = call('HMGET', key(id), 'state', 'left', 'finished')
local state, left, known = found[1], lines(found[2]), {}
for _, step in ipairs(left) do known[step] = true end
for _, step in ipairs(lines(found[3])) do known[step] = true end
local new = 0
for i = 4, #ARGV do
    if not known[ARGV[i]] then
        left[#left + 1] = ARGV[i]
        new = new + 1
    end
end
if new == 0 then return 'known' end
local enters = not state or state == 'done'
if enters and limit > 0 and call('ZCARD', P .. 'ready') >= limit then return 'full' end
call('HSET', key(id), 'left', table.concat(left, '\n'), 'payload', payload)
if state == 'done' then call('HINCRBY', P .. 'meta', 'done', -1) end
if enters then queue(id, now) end
return 'queued'
