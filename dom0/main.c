/* SPDX-License-Identifier: BSD-2-Clause */
/* penumbra-ctl: the control tool, with the real device. */
#include "ctl.h"

int main(int argc, char **argv)
{
	struct ctl c = { .open = pn_dev_open, .out = stdout, .err = stderr };

	return ctl_main(&c, argc, argv);
}
