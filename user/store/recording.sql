-- SPDX-License-Identifier: GPL-2.0-only
--
-- A recording of `tare run -r` or `tare attach -r`, schema 4. Query it with the
-- sqlite3 shell:
--
--     sqlite3 FILE 'SELECT * FROM threads'
--     sqlite3 FILE 'SELECT * FROM functions ORDER BY live_peak DESC LIMIT 20'
--     sqlite3 FILE .schema
--
-- Sizes are in bytes, times in nanoseconds since the command's start (attach: since
-- tare attached) unless said otherwise. NULL is "not known" or "none". Numbers are at
-- most 2^53, so that they are exact everywhere; recording_load.c checks that.
-- recording_limits.h has all limits.
--
-- While the workload runs, tare writes a checkpoint about once a second, in one
-- transaction: changed rows are written again, rows that no longer exist are removed.
-- After a kill of tare the file has the state of the last checkpoint. figures.complete
-- is then 0 (2: the disk was full), and the books were not compared with the kernel's
-- counters (figures.sums_valid is 0). Until the last checkpoint a row keeps its number,
-- such as processes.number, and no other row ever gets that number; there are gaps, and
-- rows are not sorted. The last checkpoint writes all rows again, numbered 0, 1, 2 ...
-- in the order of the report.
-- user_version (RECORDING_SCHEMA in recording_format.h) is raised by a change that an
-- older tare can't read, or after which tare can't read files of an older one. Schema 1
-- is still read; it had no folded rows and no tallies, and one sequence of numbers in
-- each of process_texts, task_names and task_causes. So is 2, without processes.vm_peak.
-- So is 3, without rounds: `tare top --replay` can't show a file of schemas 1 to 3.
--
-- A report that is too large for --max-size or the limits is reduced: the smallest
-- processes and threads share rows, the smallest stacks become "[thinned]", slots of
-- time become longer. A feature "recording" says so; figures.thinned.* have the counts.
--
-- A size that is not measured is NULL or has no row, and features says why; it is never 0.
-- A kind is anon, file, shmem, swap, pagetable, kstack or kmem. `came` and `went` are
-- bytes added and removed. Some names are older than the words that tare uses now:
-- opening (initial balance), foreign (by others), tally (aggregate), place (mapping),
-- asked (mapped), guessed (found by frame pointer), mark (synthetic frame), range (VMA).

PRAGMA application_id = 0x74617272; -- "tarr"
PRAGMA user_version = 4;

CREATE TABLE figures (
	-- Single numbers: of the run, its peak, the books, losses, the control group,
	-- kernel memory, sampling and the machine. recording_figures.c has their names,
	-- which are those of the JSON report and of model/report.h. NULL: not known.
	name TEXT PRIMARY KEY,
	value INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE texts (
	-- Single texts: tare_version, kernel, machine.cpu, machine.distribution,
	-- machine.host (its name, or --host), target (attach), cgroup, slab_note,
	-- asked_why, untouched_why (why not measured; NULL: it is).
	name TEXT PRIMARY KEY,
	value TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE growers (
	-- Who grew before an incident (figures.incident.*); no row if there was none. Largest
	-- growth over 10 s first. Files of an older tare do not have this table.
	number INTEGER PRIMARY KEY,
	sort TEXT NOT NULL,           -- 'process', 'thread' or 'function'
	name TEXT NOT NULL,           -- of the process or of the function
	thread TEXT,
	cgroup TEXT,
	function TEXT,                -- that most of the growth belongs to
	held INTEGER NOT NULL,        -- at the incident
	grown_1s INTEGER NOT NULL,    -- over the windows figures.incident.span_*_ns
	grown_10s INTEGER NOT NULL,
	grown_60s INTEGER NOT NULL
) STRICT;

CREATE TABLE command (
	-- The command and its arguments; no row for attach.
	number INTEGER PRIMARY KEY,
	argument TEXT NOT NULL
) STRICT;

CREATE TABLE features (
	-- Parts of the report that depend on the kernel, and whether they are measured.
	number INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	state TEXT NOT NULL,          -- 'on', 'not measured' …
	why TEXT                      -- the reason and the remedy
) STRICT;

CREATE TABLE processes (
	-- Largest at the peak first. A row with count > 1 has several processes, folded.
	number INTEGER PRIMARY KEY,
	pid INTEGER NOT NULL,         -- 0: several processes
	ppid INTEGER NOT NULL,
	comm TEXT NOT NULL,
	exe TEXT,
	argv_truncated INTEGER NOT NULL,
	alive INTEGER NOT NULL,
	start_ns INTEGER NOT NULL,
	end_ns INTEGER NOT NULL,      -- 0 while alive
	exit_known INTEGER NOT NULL,  -- 2: known, and the kernel killed it: out of memory
	exit_code INTEGER NOT NULL,
	exit_signal INTEGER NOT NULL, -- 0: ended by exit()
	rss_peak INTEGER NOT NULL,    -- of several processes: the largest
	rss_peak_ns INTEGER NOT NULL,
	count INTEGER NOT NULL,       -- number of processes in this row
	failed INTEGER NOT NULL,      -- how many of them failed
	parent TEXT,                  -- name of the process that forked them
	peak_min INTEGER,             -- least, median (approximate) and largest of their
	peak_median INTEGER,          -- rss_peak; NULL if count is 1
	peak_max INTEGER,
	vm_peak INTEGER               -- most address space at once; NULL: not known
) STRICT;

CREATE TABLE process_texts (
	process INTEGER NOT NULL,     -- processes.number
	what TEXT NOT NULL,           -- 'argument', or 'image': a program that it ran before exe
	position INTEGER NOT NULL,    -- 0, 1, 2 …
	value TEXT NOT NULL,
	PRIMARY KEY (process, what, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE balances (
	-- net = opening + came - went + foreign_came - foreign_went + unattributed.
	process INTEGER NOT NULL,     -- processes.number; -1: the whole workload
	kind TEXT NOT NULL,
	opening INTEGER NOT NULL,
	came INTEGER NOT NULL,        -- by its own tasks
	went INTEGER NOT NULL,
	foreign_came INTEGER NOT NULL, -- by others
	foreign_went INTEGER NOT NULL,
	unattributed INTEGER NOT NULL,
	net INTEGER NOT NULL,
	at_peak INTEGER NOT NULL,     -- held when the weight was at its peak; workload: 0
	PRIMARY KEY (process, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE foreigners (
	-- Updates by others: reclaim, khugepaged, kernel, process, late.
	process INTEGER NOT NULL,     -- processes.number; -1: the whole workload
	who TEXT NOT NULL,
	what TEXT NOT NULL,           -- 'rss': anon, file and shmem; 'kmem'
	came INTEGER NOT NULL,
	went INTEGER NOT NULL,
	PRIMARY KEY (process, who, what)
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
	-- Threads, with the first thread of each process. Folded as processes are.
	number INTEGER PRIMARY KEY,
	process INTEGER NOT NULL,     -- processes.number
	tid INTEGER NOT NULL,         -- 0: several threads
	comm TEXT NOT NULL,           -- the last name
	alive INTEGER NOT NULL,
	attached INTEGER NOT NULL,    -- 1: it ran before tare attached
	start_ns INTEGER NOT NULL,
	end_ns INTEGER NOT NULL,
	faults_user INTEGER,          -- with those in kernel mode if faults_kernel is NULL
	faults_kernel INTEGER,
	faults_major INTEGER,
	mapped INTEGER,               -- by mmap
	unmapped INTEGER,             -- by munmap
	brk_up INTEGER,
	brk_down INTEGER,
	count INTEGER NOT NULL,       -- number of threads in this row
	came_min INTEGER,             -- least, median (approximate) and largest of their
	came_median INTEGER,          -- RSS that came; NULL if count is 1
	came_max INTEGER
) STRICT;

CREATE TABLE task_names (
	-- Earlier names.
	task INTEGER NOT NULL,        -- tasks.number
	position INTEGER NOT NULL,    -- 0: the first
	name TEXT NOT NULL,
	PRIMARY KEY (task, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_kinds (
	task INTEGER NOT NULL,        -- tasks.number
	kind TEXT NOT NULL,
	came INTEGER NOT NULL,
	went INTEGER NOT NULL,
	at_peak INTEGER NOT NULL,
	PRIMARY KEY (task, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_causes (
	-- Anon, file and shmem by cause.
	task INTEGER NOT NULL,        -- tasks.number
	position INTEGER NOT NULL,    -- 0: the largest
	cause TEXT NOT NULL,          -- 'page fault', 'brk', 'read' …
	came INTEGER NOT NULL,
	went INTEGER NOT NULL,
	PRIMARY KEY (task, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
	-- The workload over time.
	number INTEGER PRIMARY KEY,
	time_ns INTEGER NOT NULL,
	rss INTEGER NOT NULL,
	beside INTEGER NOT NULL,      -- swap and kernel memory: weight = rss + beside
	anon INTEGER, file INTEGER, shmem INTEGER, swap INTEGER, -- NULL: not known by kind
	pagetable INTEGER, kstack INTEGER, kmem INTEGER
) STRICT;

CREATE TABLE slabs (
	-- --slab: growth of the whole machine's slab caches since the command's start.
	number INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	object_size INTEGER NOT NULL,
	objects INTEGER NOT NULL,
	bytes INTEGER NOT NULL
) STRICT;

-- Where it grew. No rows where no samples were taken (--period 0).

CREATE TABLE modules (
	number INTEGER PRIMARY KEY,
	path TEXT NOT NULL,           -- or [kernel], [vdso], [jit]
	build_id TEXT                 -- hexadecimal
) STRICT;

CREATE TABLE frames (
	-- Places in code.
	number INTEGER PRIMARY KEY,
	function TEXT NOT NULL,
	file TEXT,                    -- of the source (--lines)
	line INTEGER NOT NULL,
	module INTEGER,               -- modules.number; NULL: synthetic, such as [truncated]
	address INTEGER NOT NULL,     -- as in the module's file; two's complement
	kernel INTEGER NOT NULL,
	inlined INTEGER NOT NULL,
	guessed INTEGER NOT NULL,     -- by frame pointer, without unwinding rules
	mark INTEGER NOT NULL         -- 1: a synthetic frame
) STRICT;

CREATE TABLE nodes (
	-- Stacks, as a tree: a node's parent is its caller.
	number INTEGER PRIMARY KEY,
	parent INTEGER,               -- nodes.number; NULL: outermost
	frame INTEGER NOT NULL        -- frames.number
) STRICT;

CREATE TABLE places (
	-- Mappings in which memory grew.
	number INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,           -- 'heap', 'stack', 'file' …
	label TEXT NOT NULL           -- 'heap', '[anon:name]', 'stack of worker', a path
) STRICT;

CREATE TABLE causes (
	number INTEGER PRIMARY KEY,   -- as in entries and asked
	name TEXT NOT NULL
) STRICT;

CREATE TABLE entries (
	-- The memory of one stack, task, kind, cause and mapping. Scaled, so that the sums by
	-- task and kind are the ledger's.
	number INTEGER PRIMARY KEY,
	process INTEGER NOT NULL,     -- processes.number
	task INTEGER,                 -- tasks.number; NULL: not known by task
	kind TEXT NOT NULL,
	cause INTEGER,                -- causes.number; NULL: no sample was taken of it
	node INTEGER,                 -- nodes.number of the innermost frame; NULL: no stack
	place INTEGER NOT NULL,       -- places.number
	count INTEGER NOT NULL,       -- samples
	grown INTEGER NOT NULL,       -- all growth
	live_peak INTEGER NOT NULL,   -- the part that was held when the weight was at its peak
	live_end INTEGER NOT NULL,    -- the part that was held at the end
	tally INTEGER                 -- as in samples; NULL: no sample was taken of it
) STRICT;

CREATE TABLE asked (
	-- Address space that a stack mapped, by mmap, mremap or brk.
	number INTEGER PRIMARY KEY,
	process INTEGER NOT NULL,
	task INTEGER,
	cause INTEGER,
	node INTEGER,
	label TEXT NOT NULL,
	count INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	untouched INTEGER             -- the part that was mapped and not in memory at the end;
	                              -- NULL: not measured, texts.untouched_why says why
) STRICT;

CREATE TABLE ticks (
	-- When an entry grew and shrank: slot i begins figures.profile.start_ns
	-- + i x figures.profile.slot_ns after the start. Bytes as sampled, not scaled.
	slot INTEGER NOT NULL,
	entry INTEGER NOT NULL,       -- entries.number
	came INTEGER NOT NULL,
	went INTEGER NOT NULL,
	PRIMARY KEY (slot, entry)
) STRICT, WITHOUT ROWID;

-- The raw log, for questions that the tables above don't answer; no report needs it.
-- Shares of --max-size: a half for the tables above, a quarter for samples, an eighth each
-- for ranges and for rounds. A part may use the room that another one does not use. When the
-- file comes near --max-size, the part that exceeds its share most is reduced.

CREATE TABLE samples (
	-- figures.log.level is the lowest level whose rows are all kept: a row of that or a
	-- higher level stands for 2^log.level such samples.
	level INTEGER NOT NULL,       -- how many rounds of thinning keep it
	number INTEGER NOT NULL,      -- 1, 2, 3 … in order of time
	time_ns INTEGER NOT NULL,
	tally INTEGER NOT NULL,       -- entries.tally; if no entry has it, see tallies
	address INTEGER,              -- NULL: not known; two's complement
	bytes INTEGER NOT NULL,       -- growth that the sample stands for
	PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE tallies (
	-- Folded aggregates: samples of `tally` belong to "into", which may be folded too.
	tally INTEGER PRIMARY KEY,
	"into" INTEGER NOT NULL
) STRICT;

CREATE TABLE ranges (
	-- Changes of address spaces. Thinning removes the oldest first, and those that map no
	-- file before those that do; figures.log.ranges_dropped is how many were removed.
	number INTEGER PRIMARY KEY,   -- 1, 2, 3 … in order of time
	time_ns INTEGER NOT NULL,
	pid INTEGER NOT NULL,
	mm INTEGER NOT NULL,          -- number of the address space
	what TEXT NOT NULL,           -- 'mmap', 'file', 'munmap', 'mremap', 'madvise', 'brk' …
	start INTEGER NOT NULL,
	size INTEGER NOT NULL,
	detail TEXT                   -- a file's path, a name
) STRICT;

-- Processes and threads over time, for `tare top --replay`; no report needs it.

CREATE TABLE rounds (
	-- A look at the workload, about each second. Thinning removes every second round, the
	-- oldest first; its rows move into the next one. figures.log.rounds_dropped is how many.
	number INTEGER PRIMARY KEY,   -- 1, 2, 3 … in order of time
	time_ns INTEGER NOT NULL,
	"full" INTEGER NOT NULL,      -- 1: it has rows of all that lived then;
	                              -- 0: of those that changed since the round before it
	weight INTEGER NOT NULL,
	came INTEGER NOT NULL,        -- RSS, with that of ended processes
	went INTEGER NOT NULL,
	faults INTEGER NOT NULL,
	born INTEGER NOT NULL,        -- processes so far, and how many of them ended
	ended INTEGER NOT NULL,
	lost INTEGER NOT NULL,        -- losses of all kinds
	kmem_rest INTEGER             -- kernel memory of no living task; NULL: not measured
) STRICT;

CREATE TABLE round_names (
	-- A process or thread, as it was seen last.
	number INTEGER PRIMARY KEY,
	process INTEGER NOT NULL,     -- round_names.number; of a process its own
	pid INTEGER NOT NULL,
	ppid INTEGER NOT NULL,
	tid INTEGER NOT NULL,         -- 0: a process
	comm TEXT NOT NULL,
	name TEXT NOT NULL,           -- its title, or comm and arguments
	uid INTEGER,
	cgroup TEXT,                  -- the path of its control group
	attached INTEGER NOT NULL     -- 1: it ran before tare attached
) STRICT;

CREATE TABLE round_rows (
	-- What it held then, and the sums since tare came. Threads of single-threaded
	-- processes have no rows.
	round INTEGER NOT NULL,       -- rounds.number
	who INTEGER NOT NULL,         -- round_names.number
	anon INTEGER,                 -- NULL: it has ended
	file INTEGER, shmem INTEGER, swap INTEGER, pagetable INTEGER, kstack INTEGER,
	kmem INTEGER,                 -- NULL also: not measured
	came INTEGER, went INTEGER, faults INTEGER,
	threads INTEGER,              -- of a process
	cause TEXT,                   -- by which most came in since tare came
	PRIMARY KEY (round, who)
) STRICT, WITHOUT ROWID;

CREATE VIEW threads AS
	-- For people: a thread per row.
	SELECT p.pid, t.tid, t.comm,
	       sum(k.came) AS came, sum(k.went) AS went, sum(k.at_peak) AS at_peak,
	       sum(k.came) FILTER (WHERE k.kind = 'anon') AS anon_came,
	       sum(k.came) FILTER (WHERE k.kind = 'file') AS file_came,
	       sum(k.came) FILTER (WHERE k.kind = 'shmem') AS shmem_came
	FROM tasks t JOIN processes p ON p.number = t.process
	JOIN task_kinds k ON k.task = t.number
	GROUP BY t.number ORDER BY at_peak DESC;

CREATE VIEW functions AS
	-- For people: growth by each function itself, without the functions that it called.
	SELECT f.function, m.path AS module, sum(e.count) AS samples, sum(e.grown) AS grown,
	       sum(e.live_peak) AS live_peak, sum(e.live_end) AS live_end
	FROM entries e JOIN nodes n ON n.number = e.node JOIN frames f ON f.number = n.frame
	LEFT JOIN modules m ON m.number = f.module
	GROUP BY f.function, m.path;
