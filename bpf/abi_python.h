/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The part of the contract (abi.h) that is about CPython: where its versions have the fields that
 * are read, and the records of Python functions and stacks.
 */
#ifndef TARE_ABI_PYTHON_H
#define TARE_ABI_PYTHON_H

#include "abi.h"

/* The layout of a version of CPython: offsets of fields in bytes, by struct, unless said
 * otherwise. */
#define TARE_PYTHON_NONE 0xffff /* this version has no such field */
struct tare_python_layout {
	/* _PyRuntimeState: */
	__u16 head;    /* interpreters.head: the youngest interpreter */
	__u16 current; /* PyThreadState that holds the GIL; may be NONE */
	/* PyInterpreterState: */
	__u16 threads; /* the youngest PyThreadState */
	/* PyThreadState: */
	__u16 thread_id; /* pthread_self() */
	__u16 cframe;    /* pointer to the struct that has `frame`; NONE: PyThreadState has it */
	__u16 frame;     /* the innermost frame */
	/* A frame: _PyInterpreterFrame, or PyFrameObject up to 3.10. */
	__u16 code;     /* its code object */
	__u16 previous; /* the caller's frame */
	__u16 entry;    /* 1 byte: is_entry (3.11) or owner; NONE: every frame is an entry frame */
	__u16 shim;     /* not an offset. 1: `entry` is an owner, see python_entry_byte() */
	/* PyCodeObject: */
	__u16 line; /* co_firstlineno, 4 bytes */
	__u16 file; /* co_filename */
	__u16 name; /* co_qualname, or co_name up to 3.10 */
	/* Sizes of structs: */
	__u16 ascii;   /* PyASCIIObject */
	__u16 compact; /* PyCompactUnicodeObject */
	/* A frame: */
	__u16 last; /* its last instruction: a pointer, or an index of 4 bytes, see `code_at` */
	/* PyCodeObject: */
	__u16 table;   /* co_linetable or co_lnotab */
	__u16 code_at; /* its first instruction; NONE: `last` is an index */
	/* Not offsets: */
	__u16 lines;   /* enum tare_python_lines */
	__u16 version; /* PY_VERSION_HEX >> 16 */
};

_Static_assert(sizeof(struct tare_python_layout) == 20 * 2, "tare_python_layout");

/* Formats of the line table, see python_lines.h. */
enum tare_python_lines {
	TARE_PYTHON_INCREMENTS = 1, /* 3.8 and 3.9; an instruction index is in bytes there */
	TARE_PYTHON_RANGES,         /* 3.10 */
	TARE_PYTHON_ENTRIES,        /* 3.11 on */
};

/* An address space that runs CPython. User space adds it; the kernel side adds it when a struct
 * tare_python_file is mapped, and at a fork. */
struct tare_python {
	__u64 runtime; /* address of _PyRuntime */
	struct tare_python_layout at;
};

/* A file that contains an interpreter, found by user space. The key is its inode and device. */
struct tare_python_file {
	struct tare_python python; /* runtime: the address in the file, before relocation */
	__u64 code, code_offset;   /* first segment of code: address, and offset in the file */
};

/* A Python string: the first bytes of a name, the last bytes of a path. */
#define TARE_PYTHON_TEXT 128
struct tare_python_text {
	__u32 length; /* of the whole string, in characters */
	__u32 kind;   /* bytes of a character: 1 Latin-1, 2 UCS-2, 4 UCS-4; 0: unreadable */
	__u8 bytes[TARE_PYTHON_TEXT];
};

#define TARE_PYTHON_TABLE 8192 /* bytes of a line table, at most */
/* A code object: what a Python function was compiled to. */
struct tare_python_code {
	struct tare_record head;
	__u64 id;                     /* from 1 up */
	struct tare_python_text name; /* co_qualname */
	struct tare_python_text file; /* co_filename */
	__u32 line;                   /* co_firstlineno */
	__u32 lines;                  /* enum tare_python_lines */
	__u32 size;                   /* bytes of `table`; a larger one is cut */
	__u32 pad;
	__u8 table[TARE_PYTHON_TABLE]; /* the record ends after table[size] */
};
_Static_assert(sizeof(struct tare_python_code) ==
		       16 + 8 + 2 * (8 + TARE_PYTHON_TEXT) + 16 + TARE_PYTHON_TABLE,
	       "tare_python_code");

/* The Python frames of the next sample, which has the same task and time; innermost first. */
#define TARE_PYTHON_FRAMES 128
struct tare_python_stack {
	struct tare_record head;
	__u64 task;
	__u32 n;
	__u32 more; /* 1: there are more frames, further out */
	/* Bits from TARE_PYTHON_ID on: id of the code object. Bits below, from 1 on: offset of
	 * the last instruction in units of 2 bytes, plus one; 0: not known. Bit 0,
	 * TARE_PYTHON_CALLED: this is the entry frame of a call of the interpreter. */
	__u64 frame[TARE_PYTHON_FRAMES];
};
#define TARE_PYTHON_ID 21
#define TARE_PYTHON_CALLED 1ULL
#define TARE_PYTHON_UNITS ((1u << (TARE_PYTHON_ID - 1)) - 1)
_Static_assert(sizeof(struct tare_python_stack) == 16 + 16 + 8 * TARE_PYTHON_FRAMES,
	       "tare_python_stack");

#endif
