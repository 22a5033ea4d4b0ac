/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Any bytes as a symbol's name: demangled and made printable.
 */
/* runs: 500000 */
#include "base/text.h"
#include "symbol/naming.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *name = g_strndup((const char *)data, MIN(size, 4096));
	g_autofree char *plain = naming_demangle(name);
	g_autofree char *safe = text_printable(plain ? plain : name);

	must(safe);
	return 0;
}
