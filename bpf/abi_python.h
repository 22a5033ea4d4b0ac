/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The part of the contract (abi.h) that is about CPython: how its versions keep what is read,
 * and records of its functions.
 */
#ifndef TARE_ABI_PYTHON_H
#define TARE_ABI_PYTHON_H

#include "abi.h"

/* How a version of CPython keeps what is read of it: offsets in bytes. */
#define TARE_PYTHON_NONE 0xffff
struct tare_python_layout {
	__u16 head;      /* _PyRuntimeState: the first interpreter */
	__u16 current;   /* of the same: who has the lock; or NONE */
	__u16 threads;   /* PyInterpreterState: its last thread that began */
	__u16 thread_id; /* PyThreadState: pthread_self() */
	__u16 cframe;    /* of the same: what points to its frame; NONE: it does itself */
	__u16 frame;     /* in that */
	__u16 code;      /* _PyInterpreterFrame, or PyFrameObject: what runs */
	__u16 previous;  /* who called it */
	__u16 entry;     /* a byte: is_entry, or owner; NONE: each has a C function to itself */
	__u16 shim;      /* 1: `entry` is an owner, and C's own frames stand between */
	__u16 line;      /* PyCodeObject: where its source begins, 4 bytes */
	__u16 file;      /* of the same: the source's path */
	__u16 name;      /* of the same */
	__u16 ascii;     /* size of PyASCIIObject */
	__u16 compact;   /* of PyCompactUnicodeObject */
	__u16 last;      /* in a frame: its last instruction, as a pointer or, 4 bytes, an index */
	__u16 table;     /* PyCodeObject: co_linetable or co_lnotab */
	__u16 code_at;   /* of the same: its first instruction; NONE: `last` is an index */
	__u16 lines;     /* enum tare_python_lines */
	__u16 version;   /* PY_VERSION_HEX >> 16 */
};

_Static_assert(sizeof(struct tare_python_layout) == 20 * 2, "tare_python_layout");

/* What a table of lines consists of. */
enum tare_python_lines {
	TARE_PYTHON_INCREMENTS = 1, /* 3.8 and 3.9; there an index is in bytes */
	TARE_PYTHON_RANGES,         /* 3.10 */
	TARE_PYTHON_ENTRIES,        /* 3.11 on */
};

/* An address space that runs it. User space says so, and the kernel side of files that were
 * reported to it, and of forks. */
struct tare_python {
	__u64 runtime; /* address of _PyRuntime */
	struct tare_python_layout at;
};

/* A file that has it, as user space found: by inode and device. */
struct tare_python_file {
	struct tare_python python; /* runtime: as the file has it */
	__u64 code, code_offset;   /* the first segment of code: address and offset in the file */
};

/* Characters of Python: of a name the first bytes, of a path the last. */
#define TARE_PYTHON_TEXT 128
struct tare_python_text {
	__u32 length; /* in characters, of the whole */
	__u32 kind;   /* bytes of each, 1, 2 or 4: Latin-1, UCS-2, UCS-4; 0: unreadable */
	__u8 bytes[TARE_PYTHON_TEXT];
};

#define TARE_PYTHON_TABLE 8192 /* bytes of a table of lines */
struct tare_python_code {
	struct tare_record head;
	__u64 id;                     /* from 1 up */
	struct tare_python_text name; /* co_qualname */
	struct tare_python_text file; /* co_filename */
	__u32 line;                   /* co_firstlineno */
	__u32 lines;                  /* enum tare_python_lines */
	__u32 size;                   /* of the table: of a larger one the beginning */
	__u32 pad;
	__u8 table[TARE_PYTHON_TABLE]; /* the record is cut behind it */
};
_Static_assert(sizeof(struct tare_python_code) ==
		       16 + 8 + 2 * (8 + TARE_PYTHON_TEXT) + 16 + TARE_PYTHON_TABLE,
	       "tare_python_code");

/* The Python functions that the next sample of the same task and time is in, innermost
 * first. */
#define TARE_PYTHON_FRAMES 128
struct tare_python_stack {
	struct tare_record head;
	__u64 task;
	__u32 n;
	__u32 more; /* 1: there are outer ones */
	/* Id of its code << TARE_PYTHON_ID; below, the last instruction, in units of 2 bytes
	 * from the first, plus one (0: not known); bit 0: the interpreter's C function was
	 * called for it. */
	__u64 frame[TARE_PYTHON_FRAMES];
};
#define TARE_PYTHON_ID 21
#define TARE_PYTHON_UNITS ((1u << (TARE_PYTHON_ID - 1)) - 1)
_Static_assert(sizeof(struct tare_python_stack) == 16 + 16 + 8 * TARE_PYTHON_FRAMES,
	       "tare_python_stack");

#endif
