/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/machine.h"

#include <stddef.h>

#include "bpf/abi.h"

const struct machine *machine_own(void)
{
	static const struct machine *const all[] = { &machine_x86, &machine_arm64, &machine_riscv };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]->elf == ARCH_ELF)
			return all[i];
	return NULL; /* there is no such architecture in bpf/arch/ */
}
