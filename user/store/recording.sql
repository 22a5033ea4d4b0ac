-- SPDX-License-Identifier: GPL-2.0-only
--
-- A recording of `tare run -r` or `tare attach -r`, schema 2. To be asked with the
-- sqlite3 shell:
--
--     sqlite3 FILE 'SELECT * FROM threads'
--     sqlite3 FILE 'SELECT * FROM functions ORDER BY live_peak DESC LIMIT 20'
--     sqlite3 FILE .schema
--
-- Sizes are in bytes, times in nanoseconds since the command's start (attach: since
-- tare came) unless said otherwise. NULL is "not known" or "none". Numbers are at
-- most 2^53, so that they are exact everywhere; recording_load.c checks that.
-- recording_limits.h has all limits.
--
-- While the workload runs, tare brings the file up to date about once a second, in one
-- transaction: rows that have changed are written again, rows of what is no more go.
-- Whenever tare is killed, the file holds the state of the last one, and
-- figures.complete is 0 (2: the disk was full): its books are not checked against the kernel's counters
-- (figures.sums_valid is 0). Until then a number of a row, as processes.number, is kept
-- and never given to another; there are gaps, and the rows are in no order. At the end
-- all is written anew, numbered 0, 1, 2 ... in the order of the report.
-- A change here that an older tare cannot read, or that makes what older ones wrote
-- unreadable, is a new user_version (RECORDING_SCHEMA in recording_format.h). Schema 1
-- had no folded rows, no tallies, and numbered process_texts, task_names and task_causes
-- through; it is still read.
--
-- What is too much for --max-size, or for the limits, is made less, and a feature
-- "recording" says what: the smallest processes and threads become rows of several, the
-- smallest stacks "[thinned]", slots of time longer; figures.thinned.* count it.
--
-- What is not measured is NULL, or has no row, and features says why; it is never 0.
-- A kind is anon, file, shmem, swap, pagetable, kstack or kmem. `came` and `went` are
-- bytes added and taken away.

PRAGMA application_id = 0x74617272; -- "tarr"
PRAGMA user_version = 2;

CREATE TABLE figures (
	-- Single numbers: of the run, its peak, the books, losses, the control group,
	-- kernel memory, sampling and the machine. Named as in the JSON report and in
	-- model/report.h, from where recording_figures.c takes them. NULL: not known.
	name TEXT PRIMARY KEY,
	value INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE texts (
	-- Single texts: tare_version, kernel, machine.cpu, machine.distribution, target
	-- (attach), cgroup, slab_note,
	-- asked_why, untouched_why: NULL where these are measured.
	name TEXT PRIMARY KEY,
	value TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE command (
	-- The command and its arguments; no row for attach.
	number INTEGER PRIMARY KEY,
	argument TEXT NOT NULL
) STRICT;

CREATE TABLE features (
	-- What tare uses of the kernel, and how this one has it.
	number INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	state TEXT NOT NULL,          -- 'on', 'not measured' …
	why TEXT                      -- the reason and the way out
) STRICT;

CREATE TABLE processes (
	-- Largest at the peak first. One of many that were folded is a row with count > 1.
	number INTEGER PRIMARY KEY,
	pid INTEGER NOT NULL,         -- 0: of more than one
	ppid INTEGER NOT NULL,
	comm TEXT NOT NULL,
	exe TEXT,
	argv_truncated INTEGER NOT NULL,
	alive INTEGER NOT NULL,
	start_ns INTEGER NOT NULL,
	end_ns INTEGER NOT NULL,      -- 0 while alive
	exit_known INTEGER NOT NULL,
	exit_code INTEGER NOT NULL,
	exit_signal INTEGER NOT NULL, -- 0: ended by exit()
	rss_peak INTEGER NOT NULL,    -- the largest of theirs
	rss_peak_ns INTEGER NOT NULL,
	count INTEGER NOT NULL,       -- of processes; 1: itself
	failed INTEGER NOT NULL,      -- of them
	parent TEXT,                  -- the name of what made them
	peak_min INTEGER,             -- their rss_peak: the least, about the middle, the most;
	peak_median INTEGER,          -- NULL where count is 1
	peak_max INTEGER
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
	came INTEGER NOT NULL,        -- entered by its own tasks
	went INTEGER NOT NULL,
	foreign_came INTEGER NOT NULL, -- entered by others
	foreign_went INTEGER NOT NULL,
	unattributed INTEGER NOT NULL,
	net INTEGER NOT NULL,
	at_peak INTEGER NOT NULL,     -- held when the weight was at its peak; of the workload 0
	PRIMARY KEY (process, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE foreigners (
	-- Who else entered: reclaim, khugepaged, kernel, process, late.
	process INTEGER NOT NULL,     -- processes.number; -1: the whole workload
	who TEXT NOT NULL,
	what TEXT NOT NULL,           -- 'rss': anon, file and shmem; 'kmem'
	came INTEGER NOT NULL,
	went INTEGER NOT NULL,
	PRIMARY KEY (process, who, what)
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
	-- Threads; a process's own first thread among them. Folded as processes are.
	number INTEGER PRIMARY KEY,
	process INTEGER NOT NULL,     -- processes.number
	tid INTEGER NOT NULL,         -- 0: of more than one
	comm TEXT NOT NULL,           -- the last name
	alive INTEGER NOT NULL,
	attached INTEGER NOT NULL,    -- 1: it ran before tare came
	start_ns INTEGER NOT NULL,
	end_ns INTEGER NOT NULL,
	faults_user INTEGER,          -- those in kernel mode too where faults_kernel is NULL
	faults_kernel INTEGER,
	faults_major INTEGER,
	mapped INTEGER,               -- by mmap
	unmapped INTEGER,             -- by munmap
	brk_up INTEGER,
	brk_down INTEGER,
	count INTEGER NOT NULL,       -- of threads; 1: itself
	came_min INTEGER,             -- RSS that came in, by thread: the least, about the middle,
	came_median INTEGER,          -- the most; NULL where count is 1
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
	-- Of anon, file and shmem: by what.
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
	-- --slab: of the whole machine, more than before the command started.
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
	module INTEGER,               -- modules.number; NULL: a mark, as [truncated]
	address INTEGER NOT NULL,     -- in the module's own terms; two's complement
	kernel INTEGER NOT NULL,
	inlined INTEGER NOT NULL,
	guessed INTEGER NOT NULL,     -- found by frame pointer where nothing says there is one
	mark INTEGER NOT NULL
) STRICT;

CREATE TABLE nodes (
	-- Stacks, as a tree: a node's parent is who called it.
	number INTEGER PRIMARY KEY,
	parent INTEGER,               -- nodes.number; NULL: outermost
	frame INTEGER NOT NULL        -- frames.number
) STRICT;

CREATE TABLE places (
	-- What lay where memory grew.
	number INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,           -- 'heap', 'stack', 'file' …
	label TEXT NOT NULL           -- 'heap', '[anon:name]', 'stack of worker', a path
) STRICT;

CREATE TABLE causes (
	number INTEGER PRIMARY KEY,   -- as in entries and asked
	name TEXT NOT NULL
) STRICT;

CREATE TABLE entries (
	-- The memory of one stack, task, kind, cause and place. Scaled, so that the sums by
	-- task and kind are the ledger's.
	number INTEGER PRIMARY KEY,
	process INTEGER NOT NULL,     -- processes.number
	task INTEGER,                 -- tasks.number; NULL: of none in particular
	kind TEXT NOT NULL,
	cause INTEGER,                -- causes.number; NULL: no sample met it
	node INTEGER,                 -- nodes.number: innermost; NULL: there is no stack
	place INTEGER NOT NULL,       -- places.number
	count INTEGER NOT NULL,       -- samples
	grown INTEGER NOT NULL,       -- all that came
	live_peak INTEGER NOT NULL,   -- of it, there when the weight was at its peak
	live_end INTEGER NOT NULL,    -- of it, there at the end
	tally INTEGER                 -- as in samples; NULL: no sample met it
) STRICT;

CREATE TABLE asked (
	-- Address space that a stack asked for, by mmap, mremap or brk.
	number INTEGER PRIMARY KEY,
	process INTEGER NOT NULL,
	task INTEGER,
	cause INTEGER,
	node INTEGER,
	label TEXT NOT NULL,
	count INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	untouched INTEGER             -- of it, mapped at the end and not in memory then; NULL: not
	                              -- measured, texts.untouched_why says why
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
-- It is thinned when the file comes near --max-size; what of the file one kind of rows
-- does not use the others may. Then what has most beyond its share (a half for the
-- tables above, three eighths for samples, an eighth for ranges) is made less.

CREATE TABLE samples (
	-- figures.log.level tells the least level of which all are there: a row of that or
	-- a higher one stands for 2^log.level such samples.
	level INTEGER NOT NULL,       -- how many times thinning passes it by
	number INTEGER NOT NULL,      -- 1, 2, 3 … as they came
	time_ns INTEGER NOT NULL,
	tally INTEGER NOT NULL,       -- entries.tally, perhaps by way of tallies
	address INTEGER,              -- NULL: not known; two's complement
	bytes INTEGER NOT NULL,       -- that it stands for
	PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE tallies (
	-- What was folded: samples of this tally are those of that one, which may be in here
	-- too.
	tally INTEGER PRIMARY KEY,
	"into" INTEGER NOT NULL
) STRICT;

CREATE TABLE ranges (
	-- Changes of address spaces. The oldest go first, those that map no file before
	-- those that do; figures.log.ranges_dropped counts them.
	number INTEGER PRIMARY KEY,   -- 1, 2, 3 … as they came
	time_ns INTEGER NOT NULL,
	pid INTEGER NOT NULL,
	mm INTEGER NOT NULL,          -- number of the address space
	what TEXT NOT NULL,           -- 'mmap', 'file', 'munmap', 'mremap', 'madvise', 'brk' …
	start INTEGER NOT NULL,
	size INTEGER NOT NULL,
	detail TEXT                   -- a file's path, a name
) STRICT;

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
	-- For people: what each function grew by itself, not through those it called.
	SELECT f.function, m.path AS module, sum(e.count) AS samples, sum(e.grown) AS grown,
	       sum(e.live_peak) AS live_peak, sum(e.live_end) AS live_end
	FROM entries e JOIN nodes n ON n.number = e.node JOIN frames f ON f.number = n.frame
	LEFT JOIN modules m ON m.number = f.module
	GROUP BY f.function, m.path;
