/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The subcommands: argv[0] is the subcommand's name. Each returns tare's exit
 * status.
 */
#ifndef TARE_CMD_H
#define TARE_CMD_H

#define EXIT_FAILED 1
/* `run` exits with the command's status. Its own failures use the same values as env(1). Wrong
 * usage has one status in all subcommands: one that is not taken for the command's. */
#define EXIT_TARE 125
#define EXIT_USAGE EXIT_TARE
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

int cmd_run(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_agent(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_diff(int argc, char **argv);

#endif
