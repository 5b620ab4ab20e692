-- Forget jobs, whatever their state; a worker that has one is told that its lease is lost.
--
-- ARGV     'remove' or 'look', ids
-- Returns  those that there were, or are
local found = {}
for i = 2, #ARGV do
    local id = ARGV[i]
    local state = call('HGET', key(id), 'state')
    if state then
        found[#found + 1] = id
        if ARGV[1] == 'remove' then
            unlease(id)
            call('ZREM', P .. 'ready', id)
            call('ZREM', P .. 'parked', id)
            if state == 'done' then call('HINCRBY', P .. 'meta', 'done', -1) end
            call('DEL', key(id))
        end
    end
end
return found
