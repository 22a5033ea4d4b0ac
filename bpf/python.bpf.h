/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The Python functions that a sample's stack is in. CPython runs them all by one C
 * function and keeps their frames in memory of the process; here they stand still. A
 * record with them comes before the sample's, and before that one of each code object
 * that was not met yet, with its name. It must not know how a process is found to be
 * Python: user space says so, by address space, in tare_pythons.
 *
 * What is read has no rules but the interpreter's own sources, and changes from version
 * to version; this is 3.11's, on 64 bits:
 * Include/internal/pycore_runtime.h, pycore_interp.h, pycore_frame.h,
 * Include/cpython/{pystate,code,unicodeobject}.h
 */
#ifndef TARE_PYTHON_BPF_H
#define TARE_PYTHON_BPF_H

#include "state.bpf.h"

/* Offsets in bytes, of what is read alone. */
#define RUNTIME_INTERPRETERS 40 /* _PyRuntimeState.interpreters.head */
#define RUNTIME_THREAD 576      /* .gilstate.tstate_current: who has the lock */
#define INTERPRETER_THREADS 16  /* PyInterpreterState.threads.head */
#define THREAD_NEXT 8           /* PyThreadState.next */
#define THREAD_CFRAME 56        /* .cframe */
#define THREAD_ID 152           /* .thread_id: pthread_self() */
#define CFRAME_FRAME 8          /* _PyCFrame.current_frame */
#define CODE_FROM 72            /* PyCodeObject: co_firstlineno … co_qualname are read at once */

#define PYTHON_THREADS 64  /* looked through for the running one */
#define PYTHON_SEARCHES 16 /* of a task, that found nothing */

static __always_inline __u64 user_word(__u64 at)
{
	__u64 word = 0;

	if (at)
		bpf_probe_read_user(&word, sizeof(word), (void *)at);
	return word;
}

/* All that the loops need: a program's own stack has no room for it. */
struct python_loop {
	struct scratch *scratch;
};

static long thread_try(__u32 i, struct python_loop *loop)
{
	struct python_walk *w = &loop->scratch->walk;

	if (!w->thread || user_word(w->thread + THREAD_ID) == w->self)
		return 1;
	w->thread = user_word(w->thread + THREAD_NEXT);
	return 0;
}

/* The running thread's state: as it was found before, the one that has the lock, or any of
 * the youngest interpreter's (native code may have given the lock away). 0: it has none. */
static __always_inline __u64 python_thread(struct python_loop *loop, struct task_state *ts,
					   __u64 runtime)
{
	struct python_walk *w = &loop->scratch->walk;

	w->self = BPF_CORE_READ(bpf_get_current_task_btf(), thread.fsbase);
	w->thread = ts->python;
	if (!w->self || (w->thread && user_word(w->thread + THREAD_ID) == w->self))
		return w->thread;
	w->thread = user_word(runtime + RUNTIME_THREAD);
	if (w->thread && user_word(w->thread + THREAD_ID) == w->self)
		return ts->python = w->thread;
	w->thread = user_word(runtime + RUNTIME_INTERPRETERS);
	if (!w->thread /* it begins only */ || ts->python_searches >= PYTHON_SEARCHES)
		return 0;
	w->thread = user_word(w->thread + INTERPRETER_THREADS);
	bpf_loop(PYTHON_THREADS, thread_try, loop, 0);
	if (w->thread && user_word(w->thread + THREAD_ID) != w->self)
		w->thread = 0;
	if (!w->thread)
		ts->python_searches++;
	return ts->python = w->thread;
}

/* PyASCIIObject, of whose `state` bits 2 to 4 are the size of a character, bit 5 says
 * that the characters follow it, and bit 6 that they do so at once. */
static __always_inline void python_text(struct scratch *s, struct tare_python_text *to,
					__u64 object, int tail)
{
	__u64 *head = s->walk.text, from = object + 48, size;
	__u32 kind;

	to->length = 0;
	to->kind = 0;
	if (!object || bpf_probe_read_user(head, sizeof(s->walk.text), (void *)object))
		return;
	kind = head[4] >> 2 & 7;
	if (!(head[4] & 0x20) || (kind != 1 && kind != 2 && kind != 4) || head[2] > 1 << 20)
		return;
	if (!(head[4] & 0x40))
		from += 24; /* PyCompactUnicodeObject */
	size = head[2] * kind;
	if (tail && size > TARE_PYTHON_TEXT)
		from += size - TARE_PYTHON_TEXT;
	if (size > TARE_PYTHON_TEXT)
		size = TARE_PYTHON_TEXT;
	asm volatile("" : "+r"(size)); /* what is checked is to be what is passed */
	if (size > TARE_PYTHON_TEXT || bpf_probe_read_user(to->bytes, size, (void *)from))
		return;
	to->length = head[2];
	to->kind = kind;
}

/* A number for it, and a record of its name. 0: the ring is full. */
static __always_inline __u64 python_code(struct scratch *s)
{
	__u64 id = __sync_fetch_and_add(&sampling.python_codes, 1) + 1;

	s->code.head.type = TARE_REC_PYTHON_CODE;
	s->code.head.size = sizeof(s->code);
	s->code.head.time_ns = bpf_ktime_get_boot_ns();
	s->code.id = id;
	python_text(s, &s->code.name, s->walk.key.name, 0);
	python_text(s, &s->code.file, s->walk.key.file, 1);
	if (bpf_ringbuf_output(&tare_samples, &s->code, sizeof(s->code), BPF_RB_NO_WAKEUP))
		return 0;
	bpf_map_update_elem(&tare_codes, &s->walk.key, &id, BPF_ANY);
	return id;
}

/* struct _PyInterpreterFrame: f_code is its word 4, previous 6; is_entry byte 68. */
static long python_frame(__u32 i, struct python_loop *loop)
{
	struct scratch *s = loop->scratch;
	struct python_walk *w = &s->walk;
	__u64 id = 0, *known;

	if (i >= TARE_PYTHON_FRAMES)
		return 1;
	if (bpf_probe_read_user(w->frame, sizeof(w->frame), (void *)w->at))
		return 1;
	if (!bpf_probe_read_user(w->code, sizeof(w->code), (void *)(w->frame[4] + CODE_FROM))) {
		w->key.code = w->frame[4];
		w->key.line = (__u32)w->code[0];
		w->key.file = w->code[5];
		w->key.name = w->code[7];
		known = bpf_map_lookup_elem(&tare_codes, &w->key);
		id = known ? *known : python_code(s);
	}
	s->python.frame[i] = id << 1 | !!(w->frame[8] >> 32 & 0xff);
	s->python.n = i + 1;
	w->at = w->frame[6];
	return !w->at;
}

static __always_inline void python_send(struct scratch *s)
{
	__u64 size = s->python.n;

	if (!size || size > TARE_PYTHON_FRAMES)
		return;
	size = sizeof(s->python) - (TARE_PYTHON_FRAMES - size) * sizeof(s->python.frame[0]);
	s->python.head.size = size;
	asm volatile("" : "+r"(size)); /* what is checked is to be what is passed */
	if (size <= sizeof(s->python))
		bpf_ringbuf_output(&tare_samples, &s->python, size, BPF_RB_NO_WAKEUP);
}

/* The running task's, in a record of the time of its sample, which is of `of`. */
__weak __noinline int python_stack(struct task_state *ts, __u64 mm, __u64 of, __u64 time_ns)
{
	struct tare_python *python = bpf_map_lookup_elem(&tare_pythons, &mm);
	__u32 cpu = bpf_get_smp_processor_id();
	struct python_loop loop;
	struct scratch *s;
	__u64 thread;

	if (!cfg_period || !ts || !python)
		return 0;
	loop.scratch = s = bpf_map_lookup_elem(&tare_scratch, &cpu);
	if (!s)
		return 0;
	thread = python_thread(&loop, ts, python->runtime);
	if (!thread)
		return 0;
	s->walk.at = user_word(user_word(thread + THREAD_CFRAME) + CFRAME_FRAME);
	s->walk.key.mm = mm;
	s->python.head.type = TARE_REC_PYTHON;
	s->python.head.time_ns = time_ns;
	s->python.task = of;
	s->python.n = 0;
	if (s->walk.at)
		bpf_loop(TARE_PYTHON_FRAMES, python_frame, &loop, 0);
	s->python.more = !!s->walk.at;
	python_send(s);
	return 0;
}

/* A fork copied the address space, interpreter and all. */
static __always_inline void python_forked(__u64 from, __u64 to)
{
	struct tare_python *python = bpf_map_lookup_elem(&tare_pythons, &from), copy;

	if (!python)
		return;
	copy = *python;
	bpf_map_update_elem(&tare_pythons, &to, &copy, BPF_ANY);
}

#endif
