/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The faces of `tare top`: each turns rows of the live model into text. They compute no figure of
 * their own. Text is made line by line, so that a screen shows only the rows that it has room for.
 */
#ifndef TARE_TOP_H
#define TARE_TOP_H

#include "base/mappings.h"
#include "model/live_view.h"
#include "output/output.h"

/* In the order of display. */
enum top_column {
	TOP_PID,
	TOP_OWNER,
	TOP_GROWTH,
	TOP_WEIGHT,
	TOP_USER,
	TOP_KERNEL,
	TOP_IN,
	TOP_OUT,
	TOP_FAULTS,
	TOP_THREADS,
	TOP_CAUSE,
	TOP_UNIT,
	TOP_NAME,
	TOP_COLUMNS,
};

/* Columns in the order in which they are shown. */
struct top_columns {
	enum top_column column[TOP_COLUMNS];
	unsigned n;
};

/* The time cursor of a replay. */
struct top_timeline {
	const int64_t *weight;  /* of each round of the recording */
	unsigned n, at;         /* the round that is shown */
	uint64_t at_ns, end_ns; /* its time and the last one's, since the start */
	const char *state;      /* "playing"; NULL: nothing to say */
};

/* What a face shows besides the model. */
struct top_look {
	struct table_style style;
	bool ascii; /* no characters beyond ASCII */
	struct live_query query;
	struct top_columns columns; /* n 0: those that fit */
	bool first;                 /* this is the first look: there are no rates yet */
	const char *target;         /* "all processes" */
	uint64_t interval_ns;
	bool slow;   /* rounds took too long: the interval was made longer */
	bool paused; /* the screen is; measuring goes on */
	const struct top_timeline *timeline; /* of a replay; NULL: it is now */
	const char *record;                  /* file of the recording; NULL: none */
	double self_cpu;  /* of tare itself, in percent of one CPU; below 0: not known yet */
	int64_t self_rss; /* bytes; 0: not known */
	int64_t memory, available; /* of the machine, bytes; 0: not known */
	const char *kmem_why;      /* why other kernel memory is not measured; NULL: not known */
	char *(*cause_name)(uint32_t id);
	const char *(*owner_name)(uint32_t uid);
};

/* Parse "pid,growth,name". False: `*wrong` is the first word that is no column (g_free). */
bool top_columns_parse(struct top_columns *c, const char *list, char **wrong);
/* The names of all columns: "pid, owner, … or name". Free with g_free(). */
char *top_columns_names(void);
/* The columns that fit: the least important are left out first. */
struct top_columns top_columns_fit(unsigned width);
/* The column at this place of a line, or TOP_COLUMNS. */
enum top_column top_column_at(const struct top_look *look, unsigned at);
/* The figure that a click on this column sorts by, or LIVE_SORTS. */
enum live_sort top_sort_of(enum top_column column);
/* The column of a figure that rows can be sorted by, or TOP_COLUMNS. */
enum top_column top_column_of(enum live_sort sort);

#define TOP_HEAD_LINES 7
/* Append the head: `most` lines, at most TOP_HEAD_LINES, the most important ones. */
void top_head(GString *out, const struct live_total *t, const struct top_look *look, unsigned most);
/* Append the titles of the columns, or a row, with a newline. No line is wider than the style. */
void top_titles(GString *out, const struct top_look *look);
void top_row(GString *out, const struct live_row *r, const struct top_look *look);

/* All rows as plain text, with the head. `most`: rows at most; 0: all. */
void top_round(GString *out, const struct live_total *t, const GArray *rows, unsigned most,
	       const struct top_look *look);

/* A process, in detail. `opened`: since its details were opened; the others since tare came. */
struct top_cause {
	uint32_t id;
	uint64_t window, in, opened;
};
struct top_function {
	char *name;
	int64_t window, opened, total; /* grown by it; `window`: TOP_NO_WINDOW: not known */
};
#define TOP_NO_WINDOW INT64_MIN
struct top_details {
	struct live_row row;
	uint64_t opened_ns;        /* how long ago */
	const GArray *threads;     /* struct live_row */
	const GArray *causes;      /* struct top_cause */
	const GArray *functions;   /* struct top_function; NULL: not sampled */
	int64_t limit, limit_used; /* of the nearest control group that has one; 0: none */
	const char *limit_group;
	const GArray *mappings;   /* struct mapping, largest in memory first; NULL: see why */
	const char *mappings_why; /* NULL: nothing to say */
	bool replay; /* causes and limits were not recorded; functions are of the whole recording */
};
/* Append its lines. */
void top_details(GString *out, const struct live_total *t, const struct top_details *d,
		 const struct top_look *look);

/* A round as one JSON object on one line (schema tare.top/1). */
void top_json(GString *out, const struct live_total *t, const GArray *rows, unsigned most,
	      const struct top_look *look);
const char *top_schema(void); /* static: do not free */

/* The names of the fields of top_csv(); a round: one line for each row. */
void top_csv_head(GString *out);
void top_csv(GString *out, const struct live_total *t, const GArray *rows, unsigned most,
	     const struct top_look *look);

/* Replace characters beyond ASCII by similar ones, in place. */
void top_to_ascii(GString *text);

#endif
