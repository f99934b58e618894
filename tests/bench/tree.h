/* SPDX-License-Identifier: BSD-2-Clause */
/* A small results tree that has every key which the program reads, for tests. Its figures are invented. */
#ifndef BENCH_TREE_H
#define BENCH_TREE_H

#include <check.h>
#include <jansson.h>

#include "schema.h"

#define TREE_COST "{\"count\":1,\"ticks\":2,\"bytes\":3,\"hist\":[0,1]}"
#define TREE_SUMS "{\"cycles\":{\"instructions\":50,\"walk\":30},\"count\":{\"walks\":4}}"
#define TREE_CYCLES                                                                                                              \
	"\"cycles\":{\"zen2-2019\":{\"guest\":" TREE_SUMS ",\"hypervisor\":" TREE_SUMS ",\"assumed\":{\"pwc_entries\":[40,-1]}," \
	"\"trips\":{\"cpuid\":{\"count\":2,\"cycles\":300,\"hist\":[0,0,2]}}}}"
#define TREE_ITEM                                                                                                                \
	"{\"recipe\":\"shadow2\",\"workload\":\"compute\",\"repetition\":1,\"traced\":false,\"state\":\"finished\",\"code\":-1," \
	"\"reason\":\"r\",\"words\":\"w\",\"ticks\":5,\"audit\":0,\"audit_text\":null,\"console_lost\":0,\"wall_seconds\":0.5,"  \
	"\"cpu_seconds\":0.5,"                                                                                                   \
	"\"stat\":{\"trip\":{\"cr3\":" TREE_COST "},\"counter\":{\"fill\":7}},\"exercise\":{\"answer\":\"ok\"},"                 \
	"\"regions\":[{\"phase\":\"fault\",\"ops\":10,\"instructions\":100,\"trips\":20,\"bytes\":30,\"guest_levels\":4,"        \
	"\"shadow_levels\":4,\"trip\":{\"cr3\":" TREE_COST                                                                       \
	"},\"counter\":{\"fill\":7},\"trace_written\":1,\"trace_lost\":0,\"trips_uncounted\":false," TREE_CYCLES                 \
	",\"host\":{\"ns\":5,"                                                                                                   \
	"\"cycles\":6,\"instructions\":7,\"cache_misses\":8,\"dtlb_misses\":9}}]}"
#define TREE_OPTIONS                                                                                                             \
	"{\"recipes\":\"shadow2\",\"workloads\":\"compute\",\"recipes_named\":true,\"workloads_named\":true,\"levels\":0,"       \
	"\"suite\":\"quick\",\"repeat\":3,\"jobs\":2,\"trace\":true,\"keep_going\":false,\"defaults\":true,\"qemu\":\"q\","      \
	"\"workloads_dir\":\"/w\",\"cycles\":true,\"sensitivity\":false,\"modelled\":true,\"machines\":\"m\","                   \
	"\"peers\":\"kvm\","                                                                                                     \
	"\"trace_mib\":64,\"guests_alone\":false,\"guests\":[{\"name\":\"own\",\"image\":\"i\",\"script\":null,\"initrd\":null," \
	"\"more_initrds\":"                                                                                                      \
	"[\"m\"],\"disk\":null,"                                                                                                 \
	"\"cmdline\":\"c\",\"from\":\"f\",\"to\":null,\"keep_disk\":false,\"traced\":true,\"memory_mib\":8,\"vcpus\":1,"         \
	"\"timeout_s\":9}]}"
#define TREE_MACHINE                                                                                                             \
	"{\"penumbra\":\"0\",\"commit\":null,\"qemu\":\"QEMU emulator version "                                                  \
	"7.2.0\",\"qemu_program\":\"/q\",\"qemu_package\":null,"                                                                 \
	"\"qemu_sha256\":\"00\",\"qemu_options\":{\"icount\":\"shift=0\"},"                                                      \
	"\"modelled\":{\"zen2-2019\":{\"title\":\"Zen "                                                                          \
	"2\",\"values\":{\"walk\":5},\"assumed\":[\"walk\"]}},\"images\":[{\"name\":\"i\",\"bytes\":1,\"sha256\":"               \
	"\"0\"}]}"
#define TREE                                                                                                                     \
	"{\"format\":1,\"run\":\"small\",\"started\":\"s\",\"ended\":\"e\",\"complete\":false,\"interrupted\":true,"             \
	"\"error\":\"e\",\"wall_seconds\":1.5,\"resumed\":[\"t\"],\"options\":" TREE_OPTIONS ",\"machine\":" TREE_MACHINE ","    \
	"\"recipes\":[{\"name\":\"shadow2\",\"kind\":\"shadow\",\"text\":\"t\",\"base\":\"b\",\"axis\":\"a\",\"parts\":\"p\","   \
	"\"peer\":\"p\",\"trips_uncounted\":false}],"                                                                            \
	"\"workloads\":[{\"name\":\"compute\",\"workload\":\"compute\",\"levels\":4,\"kind\":\"pvh\",\"suite\":\"quick\","       \
	"\"cmdline\":\"\",\"memory_mib\":16,\"timeout_s\":10,\"text\":\"t\"}],"                                                  \
	"\"trips\":[{\"name\":\"cr3\",\"text\":\"t\",\"paging\":true}],\"counters\":[{\"name\":\"fill\",\"text\":\"t\"}],"       \
	"\"items\":[" TREE_ITEM "],"                                                                                             \
	"\"traces\":[{\"recipe\":\"shadow2\",\"workload\":\"compute\",\"written\":1,\"lost\":0,\"emitted\":1,\"agree\":true,"    \
	"\"late\":0,\"cut\":0,"                                                                                                  \
	"\"events\":{}}],"                                                                                                       \
	"\"boots\":[{\"label\":\"shadow2\",\"recipe\":\"shadow2\",\"command\":\"q\",\"state\":\"ended\",\"ending\":\"it "        \
	"stopped\","                                                                                                             \
	"\"wall_seconds\":1,\"cpu_seconds\":1,\"cpu_seconds_to_hello\":1,\"files\":1,\"damaged_lines\":0,\"console_bytes_"       \
	"dropped\":0,\"tsc_khz\":1}]}"

static inline json_t *tree_of(const char *text)
{
	json_t *tree = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	ck_assert_ptr_nonnull(tree);
	return tree;
}

#endif
