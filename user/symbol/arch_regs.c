/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/arch_regs.h"

#include <stddef.h>

#include "bpf/abi.h"

const struct arch_regs *arch_regs_own(void)
{
	static const struct arch_regs *const all[] = { &arch_regs_x86, &arch_regs_arm64,
						       &arch_regs_riscv };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]->elf == ARCH_ELF)
			return all[i];
	return NULL; /* not reached: bpf/arch/ has only these */
}
