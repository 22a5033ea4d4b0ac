/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a report tells about an incident (an OOM kill, a rule): the trigger, the victim, and who
 * grew just before. Plain data. Sizes are in bytes.
 */
#ifndef TARE_INCIDENT_H
#define TARE_INCIDENT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum incident_what {
	INCIDENT_OOM,     /* the OOM killer chose a victim */
	INCIDENT_EVENT,   /* a control group reached memory.high or memory.max */
	INCIDENT_RULE,    /* a growth rule of the configuration */
	INCIDENT_ASKED,   /* SIGUSR2, or a request */
	INCIDENT_PREKILL, /* systemd-oomd is about to kill a control group */
	INCIDENT_WHATS,
};
extern const char *const incident_what_name[INCIDENT_WHATS]; /* "oom-kill", "event" … */

enum incident_window { INCIDENT_1S, INCIDENT_10S, INCIDENT_60S, INCIDENT_WINDOWS };

struct incident_task {
	pid_t pid, tid; /* 0: none, or not known */
	char *comm;     /* of the process */
	char *thread;   /* NULL: not known, or the whole process */
	char *cgroup;   /* NULL: not known */
	bool followed;
};

/* What grew; rows of one sort are in order, the largest first. */
enum incident_sort { INCIDENT_PROCESS, INCIDENT_THREAD, INCIDENT_FUNCTION, INCIDENT_SORTS };
extern const char *const incident_sort_name[INCIDENT_SORTS];
#define INCIDENT_ROWS 12 /* of a sort, at most */

struct incident_row {
	enum incident_sort sort;
	char *name;     /* of the processes; of a function its title */
	char *thread;   /* of threads; else NULL */
	char *cgroup;   /* NULL: not known, or a function */
	char *function; /* that most of the growth belongs to; NULL: not known */
	int64_t held;   /* at the incident */
	/* Growth over each window. Of a function: what it took and what was still held. */
	int64_t grown[INCIDENT_WINDOWS];
};

struct incident {
	enum incident_what what;
	char *detail;     /* the rule, the event; NULL */
	uint64_t time_ns; /* as all times of the report */
	/* The moment of all that is held, and the end of the windows: that of the incident or, if
	 * `at_kill` is false, the workload's peak before it. */
	uint64_t held_ns;
	bool at_kill;
	uint64_t kills; /* OOM kills of the session so far, with this one */
	struct incident_task victim, trigger;
	int64_t victim_held;  /* weight of the victim at the incident; 0: no victim */
	char *cgroup;         /* the one at its limit, or of the rule; NULL: none */
	int64_t usage, limit; /* of that, at the incident; limit 0: there is none, or not known */
	uint64_t span_ns[INCIDENT_WINDOWS]; /* how long the windows really are */
	uint64_t left_out;                  /* updates of names that found no room in the history */
	GArray *rows;                       /* struct incident_row */
};

struct incident *incident_new(void);
struct incident *incident_copy(const struct incident *i);
void incident_free(struct incident *i); /* takes NULL */
/* Append an empty row. */
struct incident_row *incident_row_add(struct incident *i);

#endif
