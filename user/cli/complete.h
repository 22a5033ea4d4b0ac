/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a shell offers for a command line of tare. optspec_parse() calls this with a subcommand's
 * table of options instead of parsing, so that the words come from the tables that parse them.
 * This file must not know what an option means, nor which shell asks.
 *
 * A word is printed as "WORD<TAB>ABOUT". Other lines say what the shell completes itself:
 * ":file", ":dir", or ":command N" (a command begins at word N; tare is word 0).
 */
#ifndef TARE_COMPLETE_H
#define TARE_COMPLETE_H

#include <stdbool.h>

#include "cli/optspec.h"

/* From now on optspec_parse() prints words. */
void complete_begin(void);
bool complete_wanted(void);

/* Print what can follow in place of the last word of argv. */
void complete_options(const struct optspecs *o, int argc, char **argv);

/* Print `word` if it begins as the typed word does. `about` may be NULL. A word that a shell would
 * have to quote is not printed: names of processes are chosen by anybody. */
void complete_word(struct complete *c, const char *word, const char *about);
/* All words of an array that ends with NULL. */
void complete_words(struct complete *c, const char *const *words);
/* Words of the first argument, for a table that is none of options (subcommands). */
struct complete *complete_typed(const char *typed);

#endif
