-- The fingerprints of what was found, in buckets that grow; lua.py puts it before exchange.lua.
--
-- 63-bit numbers do not fit a double: the modulus is taken of nine digits at a time.
local function low_bits(number, modulus)
    local high = tonumber(string.sub(number, 1, -10)) or 0
    return ((high % modulus) * (1000000000 % modulus) + tonumber(string.sub(number, -9)) % modulus) % modulus
end

-- Linear hashing (Litwin, VLDB 1980): one bucket is split for each 110 fingerprints added, so that
-- every set stays an intset (8 bytes a member) and nothing is ever re-bucketed all at once.
local level, split, seen
local function bucket_of(low)
    local number = low % 2 ^ level
    if number < split then number = low % 2 ^ (level + 1) end
    return string.format('%d', number)
end

local function grow()
    while seen > 110 * (2 ^ level + split) do
        local modulus, old = 2 ^ (level + 1), P .. 'seen:' .. string.format('%d', split)
        local target = P .. 'seen:' .. string.format('%d', split + 2 ^ level)
        for _, member in ipairs(call('SMEMBERS', old)) do
            if low_bits(member, modulus) ~= split then call('SMOVE', old, target, member) end
        end
        split = split + 1
        if split == 2 ^ level then level, split = level + 1, 0 end
    end
end
