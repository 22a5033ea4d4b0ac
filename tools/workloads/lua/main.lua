-- SPDX-License-Identifier: GPL-2.0-only
--
-- One task: a Lua coroutine that yields until its timer resumes it. Lua has no
-- timers of its own: they are libuv's, by luv (a uv_timer_t for each). A task
-- runs at once until it first waits; uv.run returns when the last one ends.
local uv = require("luv")

local numbers, stay = {}, false
for _, a in ipairs(arg) do
    if a == "--after" then stay = true else numbers[#numbers + 1] = a end
end
local n, seconds = tonumber(numbers[1]), tonumber(numbers[2] or 10)
if #numbers < 1 or #numbers > 2 or table.concat(numbers):find("%D") or
        not n or n > 1e8 or not seconds then
    io.stderr:write("usage: main.lua N [SECONDS] [--after], N up to 10^8\n")
    os.exit(2)
end
io.stdout:setvbuf("line")

local parked = 0

local function sleep(s)
    local me = coroutine.running()
    local timer = uv.new_timer()
    timer:start(s * 1000, 0, function()
        timer:close()
        coroutine.resume(me)
    end)
    coroutine.yield()
end

local function task()
    parked = parked + 1
    sleep(seconds)
end

local function forever()
    while true do sleep(3600) end
end

for _ = 1, n do
    coroutine.wrap(task)()
end
print(("ready %d"):format(parked))
if n == 0 then
    coroutine.wrap(sleep)(seconds)
end
uv.run()
if stay then
    print(("after %d"):format(n))
    coroutine.wrap(forever)()
    uv.run()
end
