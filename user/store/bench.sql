-- SPDX-License-Identifier: GPL-2.0-only
--
-- The results of `tare bench`, schema 2. Query it with the sqlite3 shell:
--
--     sqlite3 FILE 'SELECT id, tasks, anon, kernel, weight FROM weights'
--     sqlite3 FILE .schema
--
-- Sizes are in bytes, times in seconds. NULL is "not known" unless said
-- otherwise; a text that cannot be NULL is '' then. Numbers are at most 2^53, so
-- that they are exact everywhere; bench_load.c checks the same bounds.
-- user_version (BENCH_SCHEMA in bench_format.h) is raised by a change that an older
-- tare can't read, or after which tare can't read files of an older one.

PRAGMA application_id = 0x74617265; -- "tare"
PRAGMA user_version = 2;

CREATE TABLE bench (
	-- The options, and the machine. One row.
	one INTEGER PRIMARY KEY CHECK (one = 1),
	started TEXT NOT NULL,        -- ISO 8601, UTC
	complete INTEGER NOT NULL CHECK (complete IN (0, 1)), -- 0: interrupted; --resume continues
	touch INTEGER NOT NULL CHECK (touch BETWEEN 0 AND 1 << 53),           -- --touch: bytes of stack that each task used; 0: option not given
	memory_max INTEGER NOT NULL CHECK (memory_max BETWEEN 0 AND 1 << 53), -- --memory-max of each run, bytes; 0: none
	kernel TEXT NOT NULL,         -- release and machine
	distribution TEXT,            -- PRETTY_NAME of os-release
	cpu TEXT,                     -- model name
	cpus INTEGER NOT NULL CHECK (cpus BETWEEN 0 AND 1000000),             -- how many
	memory INTEGER NOT NULL CHECK (memory BETWEEN 0 AND 1 << 53),         -- MemTotal, bytes
	page_size INTEGER NOT NULL CHECK (page_size BETWEEN 0 AND 1 << 53),   -- bytes
	tare_version TEXT NOT NULL,
	measured TEXT NOT NULL,       -- method: counter backend, kernel memory, control group
	limits TEXT NOT NULL          -- 'kernel.pid_max = 32768, …' during the runs
) STRICT;

CREATE TABLE workloads (
	-- A program of the catalogue, or the user's own command.
	number INTEGER PRIMARY KEY,   -- the catalogue's order
	id TEXT NOT NULL UNIQUE,      -- 'go-goroutine', …
	title TEXT NOT NULL,
	language TEXT NOT NULL,
	family TEXT NOT NULL,         -- 'sleep', 'connect', 'touch', 'channel'; 'own': the user's command
	task TEXT NOT NULL,           -- what one task is
	root TEXT,                    -- the Debian that it runs on: 'bookworm', 'sid'
	twin TEXT,                    -- id of the same program on an older runtime
	version TEXT,                 -- version of its runtime
	command TEXT,                 -- with {n} for the number of tasks
	missing TEXT                  -- why it was not run; NULL: it was
) STRICT;

CREATE TABLE published (
	-- Figures that others published, for comparison.
	workload INTEGER NOT NULL REFERENCES workloads ON DELETE CASCADE,
	source TEXT NOT NULL,         -- '2023' (Kołaczkowski), '2024' (hez2010)
	version TEXT,                 -- of the runtime: 'Go 1.18'
	tasks INTEGER NOT NULL CHECK (tasks BETWEEN 0 AND 1 << 53),
	rss INTEGER CHECK (rss BETWEEN 0 AND 1 << 53) -- max RSS, bytes
) STRICT;

CREATE TABLE runs (
	-- One run of a workload with `tasks` tasks.
	number INTEGER PRIMARY KEY,
	workload INTEGER NOT NULL REFERENCES workloads ON DELETE CASCADE,
	tasks INTEGER NOT NULL CHECK (tasks BETWEEN 0 AND 1 << 53),    -- N
	repeat INTEGER NOT NULL CHECK (repeat BETWEEN 1 AND 1000000),  -- 1: the first run with this N
	after INTEGER NOT NULL CHECK (after IN (0, 1)),                -- 1: with --after
	outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'stopped', 'failed')),
	stopped_by TEXT,              -- the limit or the error, in words; NULL: ok
	stopped_at INTEGER CHECK (stopped_at BETWEEN 0 AND 1 << 53),   -- number of tasks when it was stopped
	ready_s REAL CHECK (ready_s BETWEEN 0 AND 1e9),                -- seconds until it printed `ready`
	cpu_s REAL CHECK (cpu_s BETWEEN 0 AND 1e9),                    -- CPU time until then, seconds
	others REAL CHECK (others BETWEEN 0 AND 1),                    -- share of all CPUs that other programs used during the run
	UNIQUE (workload, tasks, repeat, after)
) STRICT;

CREATE TABLE weighings (
	-- When a run was weighed. A run that ended earlier has no row.
	run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	state TEXT NOT NULL CHECK (state IN ('steady', 'peak', 'after')),
	                              -- steady: all tasks parked; peak: the weight was at its
	                              -- peak; after: all tasks ended, the program still runs
	settled INTEGER NOT NULL CHECK (settled IN (0, 1)), -- 1: the weight had settled
	time_s REAL CHECK (time_s BETWEEN 0 AND 1e9),       -- seconds since the command's start
	PRIMARY KEY (run, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE measures (
	-- The sizes that a weighing found. The parts:
	--   anon file shmem swap       user memory by kind
	--   pagetable kstack kmem      kernel memory by kind
	--   user = anon + file + shmem + swap
	--   kernel = pagetable + kstack + kmem
	--   weight = user + kernel
	--   rss = anon + file + shmem; a page counts once for each process that maps it
	--   charged: charged to the control group; each page counts once
	run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	state TEXT NOT NULL CHECK (state IN ('steady', 'peak', 'after')),
	part TEXT NOT NULL CHECK (part IN ('anon', 'file', 'shmem', 'swap', 'pagetable', 'kstack',
	                                   'kmem', 'user', 'kernel', 'weight', 'rss', 'charged')),
	bytes INTEGER CHECK (bytes BETWEEN -(1 << 53) AND 1 << 53), -- NULL: not measured
	PRIMARY KEY (run, state, part)
) STRICT, WITHOUT ROWID;

CREATE VIEW weights AS
	-- For people: a weighing per row, a part per column.
	SELECT w.id, r.tasks, r.repeat, r.after, r.outcome, m.state,
	       max(m.bytes) FILTER (WHERE m.part = 'anon') AS anon,
	       max(m.bytes) FILTER (WHERE m.part = 'file') AS file,
	       max(m.bytes) FILTER (WHERE m.part = 'shmem') AS shmem,
	       max(m.bytes) FILTER (WHERE m.part = 'swap') AS swap,
	       max(m.bytes) FILTER (WHERE m.part = 'pagetable') AS pagetable,
	       max(m.bytes) FILTER (WHERE m.part = 'kstack') AS kstack,
	       max(m.bytes) FILTER (WHERE m.part = 'kmem') AS kmem,
	       max(m.bytes) FILTER (WHERE m.part = 'user') AS user,
	       max(m.bytes) FILTER (WHERE m.part = 'kernel') AS kernel,
	       max(m.bytes) FILTER (WHERE m.part = 'weight') AS weight,
	       max(m.bytes) FILTER (WHERE m.part = 'rss') AS rss,
	       max(m.bytes) FILTER (WHERE m.part = 'charged') AS charged
	FROM measures m JOIN runs r ON r.number = m.run JOIN workloads w ON w.number = r.workload
	GROUP BY w.number, r.tasks, r.repeat, r.after, m.state;
