/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The terminal of `tare top`, by ncursesw: takes it, draws the screen's lines, reads keys, and puts
 * it back on every way out: the end, signals, suspension, a crash. Messages to stderr are kept
 * meanwhile, for they would be written into the screen.
 */
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/choices.h"
#include "cli/top.h"
#include "cli/top_functions.h"
#include "cli/top_ui.h"

#define ESCAPE_MS 25 /* a key's other bytes follow an escape sooner than that */

struct top_screen {
	struct top *t;
	struct top_ui *ui;
	struct top_functions *functions;
	SCREEN *curses;
	int real_stderr, kept; /* the terminal's, and a file in memory in its place */
	off_t shown;           /* bytes of `kept` that were shown */
	int signals;           /* descriptor; -1: not begun */
	sigset_t old_mask;
	bool colours;
};

/* What a crash writes: the handler can call nothing of ncurses. */
static struct {
	struct termios modes;
	char text[256];
	size_t len;
} restore;

static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static void on_crash(int signal)
{
	if (write(STDOUT_FILENO, restore.text, restore.len) < 0)
		_exit(128 + signal); /* there is no terminal any more */
	tcsetattr(STDIN_FILENO, TCSANOW, &restore.modes);
	raise(signal); /* SA_RESETHAND: as if there had been no handler */
}

static void add_restore(const char *name)
{
	const char *text = tigetstr(name);

	if (text && text != (const char *)-1)
		restore.len += (size_t)g_snprintf(restore.text + restore.len,
						  sizeof(restore.text) - restore.len, "%s", text);
}

static void prepare_crash(void)
{
	struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_RESETHAND };

	restore.len = 0;
	add_restore("sgr0");
	add_restore("cnorm");
	add_restore("rmkx");
	add_restore("rmcup");
	for (unsigned i = 0; i < G_N_ELEMENTS(fatal); i++)
		sigaction(fatal[i], &action, NULL);
}

static void forget_crash(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(fatal); i++)
		signal(fatal[i], SIG_DFL);
}

bool top_screen_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
	       strcmp(term, "dumb");
}

static void keep_stderr(struct top_screen *s)
{
	s->kept = memfd_create("tare-messages", MFD_CLOEXEC);
	if (s->kept < 0)
		return;
	s->real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(s->kept, STDERR_FILENO);
}

/* Print what was kept. */
static void release_stderr(struct top_screen *s)
{
	char text[4096];
	ssize_t n;

	if (s->kept < 0)
		return;
	fflush(stderr);
	if (s->real_stderr >= 0)
		dup2(s->real_stderr, STDERR_FILENO);
	lseek(s->kept, 0, SEEK_SET);
	while ((n = read(s->kept, text, sizeof(text))) > 0)
		if (write(STDERR_FILENO, text, (size_t)n) != n)
			break;
	close(s->real_stderr);
	close(s->kept);
}

/* The last message that came since the last look, for the screen's last line. NULL: none. */
static char *last_message(struct top_screen *s)
{
	char text[512];
	struct stat now;
	ssize_t n;
	char *line;

	if (s->kept < 0 || fstat(s->kept, &now) || now.st_size <= s->shown)
		return NULL;
	n = pread(s->kept, text, sizeof(text) - 1, MAX(now.st_size - (off_t)sizeof(text) + 1, 0));
	s->shown = now.st_size;
	if (n <= 0)
		return NULL;
	text[n] = '\0';
	g_strchomp(text);
	line = strrchr(text, '\n');
	return g_strdup(line ? line + 1 : text);
}

static void begin_colours(struct top_screen *s)
{
	const char *no_colour = getenv("NO_COLOR");

	s->colours = has_colors() && !(no_colour && *no_colour) && start_color() == OK;
	if (!s->colours)
		return;
	use_default_colors();
	init_pair(1, COLOR_GREEN, -1);
	init_pair(2, COLOR_YELLOW, -1);
	init_pair(3, COLOR_RED, -1);
}

/* The attribute of one of paint()'s escape sequences. */
static attr_t attribute(const struct top_screen *s, int code)
{
	switch (code) {
	case 1:
		return A_BOLD;
	case 2:
		return A_DIM;
	case 32:
		return s->colours ? COLOR_PAIR(1) : A_NORMAL;
	case 33:
		return s->colours ? COLOR_PAIR(2) : A_BOLD;
	case 31:
		return (s->colours ? COLOR_PAIR(3) : A_REVERSE) | A_BOLD;
	default:
		return A_NORMAL;
	}
}

static void draw_line(const struct top_screen *s, int y, const char *line, bool selected)
{
	const char *at;

	move(y, 0);
	attrset(selected ? A_REVERSE : A_NORMAL);
	while ((at = strstr(line, "\033["))) {
		addnstr(line, (int)(at - line));
		if (!selected)
			attrset(attribute(s, atoi(at + 2)));
		line = strchr(at, 'm') + 1;
	}
	addstr(line);
	if (selected)
		mvchgat(y, 0, -1, A_REVERSE, 0, NULL);
	attrset(A_NORMAL);
}

static void draw(struct top_screen *s)
{
	int selected;
	const GPtrArray *lines = top_ui_lines(s->ui, &selected);

	erase();
	for (unsigned i = 0; i < lines->len; i++)
		draw_line(s, (int)i, lines->pdata[i], (int)i == selected);
	refresh();
}

static void quit(void *ctx)
{
	top_quit(((struct top_screen *)ctx)->t);
}

static char *new_name(const char *suffix)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *name = g_date_time_format(now, "tare-top-%Y%m%d-%H%M%S");

	return g_strconcat(name, suffix, NULL);
}

static char *write_report(void *ctx)
{
	struct top_screen *s = ctx;
	g_autofree char *path = new_name(html_built() ? ".html" : ".json");
	struct report *r = session_report(s->t->session, REPORT_SNAPSHOT);
	int err = reporter_save(&s->t->reporter, r, path);

	report_free(r);
	return err ? NULL : g_strdup_printf("report written: %s", path);
}

static char *stop_record(struct top *t)
{
	struct options *o = &t->session_options;
	struct report *r = session_report(t->session, REPORT_SNAPSHOT);
	char *said;
	int err;

	session_checkpoints(t->session, NULL, 0);
	err = reporter_record(&t->reporter, r);
	report_free(r);
	reporter_end(&t->reporter);
	said = err ? NULL : g_strdup_printf("recorded: tare report %s", o->record);
	t->look.record = o->record = NULL;
	return said;
}

static char *toggle_record(void *ctx)
{
	struct top *t = ((struct top_screen *)ctx)->t;
	struct options *o = &t->session_options;
	char *path;

	if (o->record)
		return stop_record(t);
	path = new_name(".tare");
	top_forget_record(t);
	t->own_path = path;
	if (choice_output(&t->own_record, path) || recording_check_output(t->own_record))
		return NULL;
	o->to_record = t->own_record;
	t->look.record = o->record = path;
	if (!reporter_record_begin(&t->reporter, t->session))
		return g_strdup_printf("recording to %s; r: stop", path);
	t->look.record = o->record = NULL;
	return NULL;
}

static void fill_details(void *ctx, struct top_details *d)
{
	struct top_screen *s = ctx;

	if (s->t->source) {
		s->t->source->details(s->t, d);
		return;
	}
	top_functions_limit(s->functions, d);
	top_functions_mappings(s->functions, d);
	top_functions_fill(s->functions, d, s->t->look.query.window);
}

static void seek(void *ctx, enum top_seek how)
{
	struct top *t = ((struct top_screen *)ctx)->t;

	t->source->seek(t, how);
}

struct top_screen *top_screen_open(struct top *t)
{
	struct top_screen *s = g_new0(struct top_screen, 1);

	s->t = t;
	s->signals = s->real_stderr = s->kept = -1;
	tcgetattr(STDIN_FILENO, &restore.modes);
	s->curses = newterm(NULL, stdout, stdin);
	if (!s->curses) {
		log_error("TERM=%s: this terminal is not known", getenv("TERM"));
		log_hint("tare top -b, or another TERM");
		g_free(s);
		return NULL;
	}
	keep_stderr(s);
	prepare_crash();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	mousemask(BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED |
			  BUTTON5_PRESSED,
		  NULL);
	begin_colours(s);
	t->look.style.colour = true; /* bold and dim; colours where the terminal has them */
	mvaddstr(0, 0,
		 t->source ? "tare top: the recording is being read …" :
			     "tare top: the programs are being loaded …");
	refresh();
	return s;
}

/* A key of ncurses as one of the screen's. */
static uint32_t key_of(wint_t key)
{
	switch (key) {
	case KEY_UP:
		return TOP_KEY_UP;
	case KEY_DOWN:
		return TOP_KEY_DOWN;
	case KEY_LEFT:
		return TOP_KEY_LEFT;
	case KEY_RIGHT:
		return TOP_KEY_RIGHT;
	case KEY_PPAGE:
		return TOP_KEY_PAGE_UP;
	case KEY_NPAGE:
		return TOP_KEY_PAGE_DOWN;
	case KEY_HOME:
		return TOP_KEY_HOME;
	case KEY_END:
		return TOP_KEY_END;
	case KEY_BACKSPACE:
		return TOP_KEY_BACK;
	case KEY_ENTER:
		return TOP_KEY_ENTER;
	default:
		return key >= KEY_F(1) && key <= KEY_F(10) ? TOP_KEY_F1 + (key - KEY_F(1)) : 0;
	}
}

static void on_mouse(struct top_screen *s)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return;
	if (event.bstate & BUTTON4_PRESSED)
		top_ui_key(s->ui, TOP_KEY_UP);
	else if (event.bstate & BUTTON5_PRESSED)
		top_ui_key(s->ui, TOP_KEY_DOWN);
	else
		top_ui_click(s->ui, (unsigned)event.y, (unsigned)event.x,
			     event.bstate & BUTTON1_DOUBLE_CLICKED);
}

/* If nothing can be read though the descriptor is ready, the terminal is gone. */
static bool is_closed(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&fd, 1, 0) > 0 && fd.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static void on_keys(void *ctx)
{
	struct top_screen *s = ctx;
	unsigned n = 0;
	wint_t key;
	int kind;

	while ((kind = get_wch(&key)) != ERR) {
		n++;
		if (kind == KEY_CODE_YES && key == KEY_MOUSE)
			on_mouse(s);
		else if (kind == KEY_CODE_YES && key != KEY_RESIZE)
			top_ui_key(s->ui, key_of(key));
		else if (kind == OK && key == 12) /* Ctrl-L */
			clearok(stdscr, TRUE);
		else if (kind == OK)
			top_ui_key(s->ui, key == 127 || key == 8 ? TOP_KEY_BACK : key);
	}
	if (s->t->over)
		return;
	if (!n && is_closed())
		top_quit(s->t);
	else
		draw(s);
}

static void resize(struct top_screen *s)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	top_ui_size(s->ui, (unsigned)COLS, (unsigned)LINES);
}

/* Where the terminal has no second screen, the shell goes on in an empty last line. */
static void leave(void)
{
	move(LINES - 1, 0);
	clrtoeol();
	refresh();
	endwin();
}

/* Stop as the shell expects it, with the terminal as it was; then go on. */
static void suspend(struct top_screen *s)
{
	sigset_t stop;

	leave();
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	signal(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here it stops, and here it goes on */
	sigprocmask(SIG_BLOCK, &stop, NULL);
	clearok(stdscr, TRUE);
	refresh();
	resize(s);
}

static void on_signals(void *ctx)
{
	struct top_screen *s = ctx;
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTSTP)
			suspend(s);
		else
			resize(s);
	}
	draw(s);
}

static int watch(struct top *t, int fd, session_ready_fn fn, void *ctx)
{
	return t->source ? t->source->watch(t, fd, fn, ctx) :
			   session_watch(t->session, fd, fn, ctx);
}

int top_screen_begin(struct top_screen *s)
{
	struct top_ui_calls calls = { .quit = quit, .details = fill_details, .ctx = s };
	sigset_t mask;
	int err;

	if (s->t->source) {
		calls.seek = seek;
	} else {
		calls.write = write_report;
		calls.record = toggle_record;
	}
	s->functions = top_functions_new(s->t);
	s->ui = top_ui_new(s->t->live, &s->t->look, &calls);
	top_ui_size(s->ui, (unsigned)COLS, (unsigned)LINES);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTSTP);
	sigaddset(&mask, SIGWINCH);
	sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
	s->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	err = s->signals < 0 ? -errno : watch(s->t, s->signals, on_signals, s);
	if (!err)
		err = watch(s->t, STDIN_FILENO, on_keys, s);
	if (err)
		log_error("cannot wait for keys: %s", g_strerror(-err));
	resize(s); /* it may have changed while the programs were loaded */
	return err;
}

void top_screen_tick(struct top_screen *s)
{
	char *message = last_message(s);

	if (message)
		top_ui_say(s->ui, message);
	top_ui_tick(s->ui);
	draw(s);
}

void top_screen_close(struct top_screen *s)
{
	if (!s)
		return;
	leave();
	forget_crash();
	tcsetattr(STDIN_FILENO, TCSANOW, &restore.modes);
	if (s->signals >= 0) {
		if (s->t->session) {
			session_unwatch(s->t->session, STDIN_FILENO);
			session_unwatch(s->t->session, s->signals);
		}
		close(s->signals);
		sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
	}
	release_stderr(s);
	top_ui_free(s->ui);
	top_functions_free(s->functions);
	delscreen(s->curses);
	g_free(s);
}
