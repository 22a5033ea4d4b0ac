/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The Python frames of a sample. CPython runs all Python functions in one C function, so
 * the native stack does not name them. CPython keeps their frames in memory of the process,
 * as a linked list from the thread's state outwards. This file walks that list while the task
 * is stopped in the kernel, so the running thread's own list does not change.
 * It must not know how a process is recognised as Python: user space says so, for a file
 * (tare_python_files) or for an address space (tare_pythons). Offsets of fields differ between
 * versions of CPython: struct tare_python_layout has them.
 *
 * Invariants:
 *  1. The process's memory is not trusted. Any word may have any value, and another value
 *     at the next read. Every read has a fixed size or a size that was checked. Every walk is
 *     bounded: PYTHON_THREADS threads, 2 * TARE_PYTHON_FRAMES frames. A word that can't be read
 *     is 0. So a hostile process can cause wrong names in its own samples, and nothing else.
 *  2. The caller of python_stack() has taken this CPU's scratch (scratch_take()). All
 *     that is read goes into s->walk and stays there until the caller gives the scratch back.
 *  3. Order in the ring: records of code objects that are new (TARE_REC_PYTHON_CODE), then the
 *     record of the stack with their ids (TARE_REC_PYTHON), then its sample, with the same task
 *     and time.
 *  4. An id names one code object and is never used again. Two code objects with an equal
 *     struct python_key are taken for one. One code object may get several ids, since
 *     tare_codes is an LRU map and forgets. Id 0: the function is not known.
 *  5. s->python.frame[0 .. n) are the frames, innermost first; n <= TARE_PYTHON_FRAMES. If there
 *     are more, s->python.more is 1.
 *  6. A frame has TARE_PYTHON_CALLED if and only if it is the entry frame of an interpreter
 *     call: the frame that C called the interpreter to run, and the outermost one of that call.
 */
#ifndef TARE_PYTHON_BPF_H
#define TARE_PYTHON_BPF_H

#include "arch.bpf.h"
#include "state.bpf.h"

#define THREAD_NEXT 8              /* PyThreadState.next */
#define OWNED_BY_C 3               /* enum _frameowner: FRAME_OWNED_BY_CSTACK */
#define PYTHON_TEXT_MOST (1 << 20) /* characters: a longer name or path is not believed */
#define PYTHON_THREADS 1024        /* thread states that a search looks at, at most */
#define PYTHON_SEARCHES 16         /* after 16 searches without result only each 16th is made */

/* A word of the process's memory; 0 if it can't be read. This function and those below that many
 * paths call are global: the verifier follows each once, and not once for each call. */
__weak __noinline __u64 user_word(__u64 at)
{
	__u64 word = 0;

	if (cfg_period && at)
		bpf_probe_read_user(&word, sizeof(word), (void *)at);
	return word;
}

/* The word at an offset of the frame or the code that was read; 0 beyond what was read. The
 * barrier lets the verifier see the bound. */
__weak __noinline __u64 frame_word(struct python_walk *w, __u64 offset)
{
	asm volatile("" : "+r"(offset));
	if (!w || offset > sizeof(w->frame) - 8)
		return 0;
	return *(const __u64 *)((const char *)w->frame + offset);
}

__weak __noinline __u64 code_word(struct python_walk *w, __u64 offset)
{
	offset -= PYTHON_CODE_FROM;
	asm volatile("" : "+r"(offset));
	if (!w || offset > sizeof(w->code) - 8)
		return 0;
	return *(const __u64 *)((const char *)w->code + offset);
}

/* One iteration: stop at the running thread's state, else go on to the next state. */
static long thread_try(__u32 i, struct scratch_loop *loop)
{
	struct python_walk *w = &loop->scratch->walk;

	if (!w->thread || arch_is_self(w->self, user_word(w->thread + w->python.at.thread_id)))
		return 1;
	w->thread = user_word(w->thread + THREAD_NEXT);
	return 0;
}

/* Is this the state of the running thread? */
static __always_inline int thread_runs(struct scratch_loop *loop, __u64 thread)
{
	struct python_walk *w = &loop->scratch->walk;

	return thread && arch_is_self(w->self, user_word(thread + w->python.at.thread_id));
}

/* The address of the running thread's PyThreadState; 0: it has none. Tried in this order: the
 * state that was found before; the state of the thread that has the lock (the GIL); all states
 * of the youngest interpreter, since native code may have released the lock. */
static __always_inline __u64 python_thread(struct scratch_loop *loop, struct task_state *ts)
{
	struct python_walk *w = &loop->scratch->walk;
	const struct tare_python *python = &w->python;

	w->self = arch_thread_pointer(bpf_get_current_task_btf());
	if (!w->self)
		return 0;
	if (thread_runs(loop, ts->python))
		return ts->python;
	if (python->at.current != TARE_PYTHON_NONE) {
		w->thread = user_word(python->runtime + python->at.current);
		if (thread_runs(loop, w->thread))
			return ts->python = w->thread;
	}
	w->thread = user_word(python->runtime + python->at.head);
	if (!w->thread)
		return 0;
	if (ts->python_searches >= PYTHON_SEARCHES && ts->python_searches++ % PYTHON_SEARCHES)
		return 0;
	w->thread = user_word(w->thread + python->at.threads);
	bpf_loop(PYTHON_THREADS, thread_try, loop, 0);
	if (!thread_runs(loop, w->thread)) {
		ts->python_searches++;
		return 0;
	}
	return ts->python = w->thread;
}

/* Copy a Python string object. `tail`: keep its last bytes if it is too long, else its first.
 * to->kind is 0 if it can't be read. */
__weak __noinline int python_text(struct scratch *s, struct tare_python_text *to, __u64 object,
				  int tail)
{
	struct python_text *head;
	__u64 size;

	if (!cfg_python || !s || !to)
		return 0;
	head = &s->walk.text;
	to->length = 0;
	to->kind = 0;
	if (!object || bpf_probe_read_user(head, sizeof(*head), (void *)object))
		return 0;
	size = PYTHON_TEXT_KIND(head->state);
	if (!(head->state & PYTHON_TEXT_COMPACT) || (size != 1 && size != 2 && size != 4) ||
	    (__u64)head->length > PYTHON_TEXT_MOST)
		return 0;
	size *= head->length;
	object += head->state & PYTHON_TEXT_ASCII ? s->walk.python.at.ascii :
						    s->walk.python.at.compact;
	if (tail && size > TARE_PYTHON_TEXT)
		object += size - TARE_PYTHON_TEXT;
	if (size > TARE_PYTHON_TEXT)
		size = TARE_PYTHON_TEXT;
	asm volatile("" : "+r"(size)); /* the checked register must be the passed one */
	if (size > TARE_PYTHON_TEXT || bpf_probe_read_user(to->bytes, size, (void *)object))
		return 0;
	to->length = head->length;
	to->kind = PYTHON_TEXT_KIND(head->state);
	return 0;
}

#define BYTES_SIZE 16 /* offset of PyBytesObject.ob_size */
#define BYTES_AT 32   /* offset of PyBytesObject.ob_sval */

/* Copy the line table of the code object into its record. Returns the record's size in bytes. */
static __always_inline __u64 python_table(struct scratch *s)
{
	__u64 table = code_word(&s->walk, s->walk.python.at.table), size;

	s->code.line = s->walk.key.line;
	s->code.lines = s->walk.python.at.lines;
	s->code.size = 0;
	size = user_word(table ? table + BYTES_SIZE : 0);
	if (size > TARE_PYTHON_TABLE)
		size = TARE_PYTHON_TABLE;
	asm volatile("" : "+r"(size)); /* the checked register must be the passed one */
	if (size <= TARE_PYTHON_TABLE &&
	    !bpf_probe_read_user(s->code.table, size, (void *)(table + BYTES_AT)))
		s->code.size = size;
	return sizeof(s->code) - TARE_PYTHON_TABLE + s->code.size;
}

/* Give the code object that was read a new id, and send a record of its name and lines. Returns
 * the id; 0: the ring is full. */
static __always_inline __u64 python_code(struct scratch *s, const struct python_key *key)
{
	__u64 id, size;

	if (samples_used() > SAMPLES_MOST)
		return 0;
	id = __sync_fetch_and_add(&sampling.python_codes, 1) + 1;
	s->code.head.type = TARE_REC_PYTHON_CODE;
	s->code.head.time_ns = bpf_ktime_get_boot_ns();
	s->code.id = id;
	python_text(s, &s->code.name, s->walk.key.name, 0);
	python_text(s, &s->code.file, s->walk.key.file, 1);
	size = python_table(s);
	s->code.head.size = size;
	asm volatile("" : "+r"(size)); /* the checked register must be the passed one */
	if (size > sizeof(s->code) ||
	    bpf_ringbuf_output(&tare_samples, &s->code, size, BPF_RB_NO_WAKEUP))
		return 0;
	bpf_map_update_elem(&tare_codes, key, &id, BPF_ANY);
	return id;
}

/* The id of the code object of the frame that was read; 0: it can't be read. */
static __always_inline __u64 python_code_id(struct scratch *s)
{
	struct python_walk *w = &s->walk;
	struct python_key key;
	__u64 *known;

	w->key.code = frame_word(w, w->python.at.code);
	if (bpf_probe_read_user(w->code, sizeof(w->code), (void *)(w->key.code + PYTHON_CODE_FROM)))
		return 0;
	w->key.line = (__u32)code_word(w, w->python.at.line);
	w->key.file = code_word(w, w->python.at.file);
	w->key.name = code_word(w, w->python.at.name);
	/* A copy: Linux 6.1 takes a map's key and value only from the stack or from a map, and
	 * here the scratch is a global function's argument. */
	key = w->key;
	known = bpf_map_lookup_elem(&tare_codes, &key);
	return known ? *known : python_code(s, &key);
}

/* The last instruction of the frame at `frame`, in units of 2 bytes from the first one, plus one;
 * 0: not known. In a caller this is the call. Up to 3.10 the frame has an index, which is -1
 * before the first instruction; in 3.8 and 3.9 it is in bytes. */
static __always_inline __u64 python_units(struct python_walk *w, __u64 frame)
{
	const struct tare_python_layout *at = &w->python.at;
	__u64 units;

	if (at->code_at != TARE_PYTHON_NONE) {
		units = (frame_word(w, at->last) - w->key.code - at->code_at) / 2;
	} else {
		units = (__s32)user_word(frame + at->last);
		if (at->lines == TARE_PYTHON_INCREMENTS && units != -1ULL)
			units /= 2;
	}
	return units < TARE_PYTHON_UNITS ? units + 1 : 0;
}

static __always_inline void python_push(struct scratch *s, __u64 frame)
{
	__u64 n = s->python.n;

	asm volatile("" : "+r"(n)); /* the checked register must be the index */
	if (n < TARE_PYTHON_FRAMES) {
		s->python.frame[n] = frame;
		s->python.n = n + 1;
	}
}

/* Mark the frame that was pushed last as the entry frame of its interpreter call. False: it is
 * marked already, or no frame was pushed. */
static __always_inline int python_mark_entry(struct scratch *s)
{
	__u64 last = (__u64)s->python.n - 1;

	asm volatile("" : "+r"(last));
	if (last >= TARE_PYTHON_FRAMES || s->python.frame[last] & TARE_PYTHON_CALLED)
		return 0;
	s->python.frame[last] |= TARE_PYTHON_CALLED;
	return 1;
}

/* Up to 3.11: 1 if this is the entry frame of an interpreter call. Up to 3.10 every frame is one;
 * 3.11 has a flag. From 3.12 on: the frame's owner. There the interpreter puts a frame that C
 * owns (OWNED_BY_C) after each entry frame. */
static __always_inline __u64 python_entry_byte(struct python_walk *w)
{
	__u64 byte = w->python.at.entry;

	asm volatile("" : "+r"(byte));
	return byte < sizeof(w->frame) ? *((const __u8 *)w->frame + byte) : 1;
}

/* The word of struct tare_python_stack for the frame at `at`, without TARE_PYTHON_CALLED. */
static __always_inline __u64 python_frame_word(struct scratch *s, __u64 at)
{
	__u64 id = python_code_id(s);

	return id << TARE_PYTHON_ID | (id ? python_units(&s->walk, at) << 1 : 0);
}

/* Push the frame at w->at, and go on to its caller; 1: there is none. */
__weak __noinline int python_frame(struct scratch *s)
{
	struct python_walk *w;
	__u64 at, entry;

	if (!cfg_period || !cfg_python || !s)
		return 1;
	w = &s->walk;
	at = w->at;
	if (s->python.n >= TARE_PYTHON_FRAMES ||
	    bpf_probe_read_user(w->frame, sizeof(w->frame), (void *)w->at))
		return 1;
	w->at = frame_word(w, w->python.at.previous);
	entry = python_entry_byte(w);
	/* One call of python_frame_word(): it is inline, and the verifier follows it. */
	if (!w->python.at.shim || entry != OWNED_BY_C)
		python_push(s, python_frame_word(s, at) |
				       !(w->python.at.shim | !entry) * TARE_PYTHON_CALLED);
	else if (!python_mark_entry(s)) /* this interpreter call runs no Python function now */
		python_push(s, TARE_PYTHON_CALLED);
	return !w->at;
}

static long python_next(__u32 i, struct scratch_loop *loop)
{
	return python_frame(loop->scratch) & 1;
}

static __always_inline void python_send(struct scratch *s)
{
	__u64 size = s->python.n;

	if (!size || size > TARE_PYTHON_FRAMES)
		return;
	size = sizeof(s->python) - (TARE_PYTHON_FRAMES - size) * sizeof(s->python.frame[0]);
	s->python.head.size = size;
	asm volatile("" : "+r"(size)); /* the checked register must be the passed one */
	if (size <= sizeof(s->python))
		bpf_ringbuf_output(&tare_samples, &s->python, size, BPF_RB_NO_WAKEUP);
}

/* Send the running task's Python frames, if it has any. `mm`: id of its address space; `of` and
 * `time_ns`: task and time of the sample that follows. */
__weak __noinline int python_stack(struct task_state *ts, __u64 mm, __u64 of, __u64 time_ns)
{
	const struct tare_python *python;
	__u32 cpu = bpf_get_smp_processor_id();
	struct scratch_loop loop;
	struct scratch *s;
	__u64 at;

	if (!cfg_period || !cfg_python || !ts)
		return 0;
	python = bpf_map_lookup_elem(&tare_pythons, &mm);
	if (!python)
		return 0;
	loop.scratch = s = bpf_map_lookup_elem(&tare_scratch, &cpu);
	if (!s)
		return 0;
	s->walk.python = *python;
	s->walk.key.mm = mm;
	at = python_thread(&loop, ts);
	if (!at)
		return 0;
	if (s->walk.python.at.cframe != TARE_PYTHON_NONE)
		at = user_word(at + s->walk.python.at.cframe);
	s->walk.at = user_word(at + s->walk.python.at.frame);
	s->python.head.type = TARE_REC_PYTHON;
	s->python.head.time_ns = time_ns;
	s->python.task = of;
	s->python.n = 0;
	if (s->walk.at)
		bpf_loop(2 * TARE_PYTHON_FRAMES, python_next, &loop, 0);
	s->python.more = !!s->walk.at;
	python_send(s);
	return 0;
}

/* A file was mapped into `mm`: its byte `offset` is at address `start`. For the program of an
 * execve, `offset` is TARE_PYTHON_IMAGE and `start` is mm->start_code. */
#define TARE_PYTHON_IMAGE (~0ULL)

static __always_inline void python_mapped(__u64 mm, const struct tare_file *file, __u64 start,
					  __u64 offset)
{
	struct python_file_key key = { file->inode, file->dev };
	struct tare_python_file *known;
	struct tare_python python;

	if (!cfg_python)
		return;
	known = bpf_map_lookup_elem(&tare_python_files, &key);
	if (!known)
		return;
	python = known->python;
	python.runtime += start - known->code;
	if (offset != TARE_PYTHON_IMAGE)
		python.runtime += known->code_offset - offset;
	bpf_map_update_elem(&tare_pythons, &mm, &python, BPF_ANY);
}

/* A fork copied an address space, and with it the interpreter. */
static __always_inline void python_forked(__u64 from, __u64 to)
{
	struct tare_python *python, copy;

	if (!cfg_python)
		return;
	python = bpf_map_lookup_elem(&tare_pythons, &from);
	if (!python)
		return;
	copy = *python;
	bpf_map_update_elem(&tare_pythons, &to, &copy, BPF_ANY);
}

#endif
