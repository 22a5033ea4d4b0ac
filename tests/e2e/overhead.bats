#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests the ruler of tools/overhead with a simulated load: each tool tells the load by how much
# to slow down, so the right answer is known. No measured time is involved.

load lib/common

RULER=$BATS_TEST_DIRNAME/../../tools/overhead

setup() {
	need python3
	[ "$(nproc)" -ge 2 ] || skip "one CPU"
	# Prints windows of a simulated load that drifts; a file says by how much a tool slows it
	# down.
	cat >"$DIR/load" <<-'END'
		import os, sys, time
		n = 0
		while True:
		    start, n = time.monotonic_ns(), n + 1
		    try:
		        slower = float(open(sys.argv[1]).read())
		    except (OSError, ValueError):
		        slower = 1
		    time.sleep(0.001)
		    print(start, time.monotonic_ns(), (1000 + n / 1000) * slower, flush=True)
	END
	cat >"$DIR/tool" <<-'END'
		import os, select, signal, sys
		def end(*_):
		    os.unlink(sys.argv[1])
		    sys.exit()
		signal.signal(signal.SIGINT, end)
		with open(sys.argv[1] + ".new", "w") as f:
		    f.write(sys.argv[2])
		os.rename(sys.argv[1] + ".new", sys.argv[1])
		select.epoll().poll()
	END
}

ruled() {
	PYTHONPATH=$RULER python3 - "$DIR" "$@"
}

@test "the ruler finds each tool's cost, 1 for no tool, and restores everything" {
	ruled <<-'END'
		import os, sys
		import ruler
		here = sys.argv[1]
		def tool(name, slower):
		    command = [sys.executable, f"{here}/tool", f"{here}/slower", str(slower)]
		    return ruler.Tool(name, (lambda _: command) if slower else None, 3)
		def state():
		    return (os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0),
		            ruler.autogroup())
		before = state()
		tools = [tool("less", 1.05), tool("more", 1.5), tool("nothing", 0)]
		load = [sys.executable, f"{here}/load", f"{here}/slower"]
		found = ruler.measure(load, tools, here)
		assert state() == before, (before, state())
		for name, is_ in (("less", 1.05), ("more", 1.5), ("nothing", 1)):
		    r = found[name]
		    assert r.rounds == 3 and r.low <= r.ratio <= r.high, r
		    assert abs(r.ratio - is_) < 0.002, (name, r)
	END
}

@test "attachments beside others' hooks are left out, or all are called doubtful" {
	ruled <<-'END'
		import ruler
		tool = ruler.Tool("it", None, 8)
		clean = [ruler.Round(tool, 100.0, 105.0, 100.0, False)] * 6
		wrong = [ruler.Round(tool, 100.0, 150.0, 100.0, True)] * 2
		r = ruler.compare(tool, clean + wrong)
		assert (r.ratio, r.low, r.high) == (1.05, 1.05, 1.05), r
		assert (r.rounds, r.left_out, r.other_hook) == (6, 2, False), r
		r = ruler.compare(tool, clean[:5] + wrong)
		assert (r.rounds, r.left_out, r.other_hook) == (7, 0, True), r
	END
}

@test "the interval is that of signed ranks, and the seed decides the order" {
	ruled <<-'END'
		import ruler
		# Computed by hand, as in Hollander and Wolfe: n = 10, k = 8 of 55 means.
		values = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 9.9]
		means = sorted((a + b) / 2 for i, a in enumerate(values) for b in values[i:])
		middle, low, high = ruler.estimate(values)
		assert (middle, low, high) == (means[27], means[8], means[-9]), (middle, low, high)
		assert ruler.estimate([2.0]) == (2.0, 2.0, 2.0)
		tools = [ruler.Tool(name, None, 20) for name in "abc"]
		once, again = ruler.order(tools, 7), ruler.order(tools, 7)
		assert once == again != ruler.order(tools, 8) and len(once) == 60
		# Each tool is spread over the whole time: no third of it lacks one.
		assert all(t in once[at:at + 20] for t in tools for at in (0, 20, 40))
	END
}

@test "a failed tool or an ended load is named, and nothing is left behind" {
	ruled <<-'END'
		import sys
		import ruler
		here = sys.argv[1]
		load = [sys.executable, f"{here}/load", f"{here}/slower"]
		def failure(load, command):
		    try:
		        ruler.measure(load, [ruler.Tool("it", lambda _: command, 1)], here)
		    except ruler.Failed as e:
		        return str(e)
		    return None
		told = failure(load, ["sh", "-c", "echo because >&2; exit 3"])
		assert told == "it ended with status 3\nbecause", told
		told = failure(["true"], ["false"])
		assert told == "the load ended with status 0", told
	END
	! pgrep -f "$DIR/load"
}
