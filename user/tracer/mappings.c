/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/mappings.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"

#define RING_PAGES 16 /* a power of two: hundreds of records, read ten times a second */

struct ring {
	int event;              /* −1 = the CPU is offline */
	struct perf_event_mmap_page *page;
};

struct mappings {
	struct ring *rings;
	int n;
	size_t page_size;
};

/* Never wakes us: the watermark is beyond the ring. */
static int open_ring(struct mappings *m, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_DUMMY, .mmap = 1, .task = 1, .watermark = 1,
		.wakeup_watermark = UINT32_MAX,
	};
	struct ring *r = &m->rings[cpu];
	void *page;

	r->event = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (r->event < 0)
		return errno == ENODEV ? 0 : -errno;
	page = mmap(NULL, (1 + RING_PAGES) * m->page_size, PROT_READ | PROT_WRITE, MAP_SHARED, r->event, 0);
	if (page == MAP_FAILED)
		return -errno;
	r->page = page;
	return 0;
}

struct mappings *mappings_open(void)
{
	struct mappings *m = xcalloc(1, sizeof *m);
	int r = 0;

	m->n = libbpf_num_possible_cpus();
	m->page_size = sysconf(_SC_PAGESIZE);
	m->rings = xcalloc(m->n, sizeof *m->rings);
	for (int cpu = 0; cpu < m->n; cpu++)
		m->rings[cpu].event = -1;
	for (int cpu = 0; cpu < m->n && !r; cpu++)
		r = open_ring(m, cpu);
	if (!r)
		return m;
	mappings_close(m);
	errno = -r;
	return NULL;
}

void mappings_close(struct mappings *m)
{
	if (!m)
		return;
	for (int cpu = 0; cpu < m->n; cpu++) {
		if (m->rings[cpu].page)
			munmap(m->rings[cpu].page, (1 + RING_PAGES) * m->page_size);
		if (m->rings[cpu].event >= 0)
			close(m->rings[cpu].event);
	}
	free(m->rings);
	free(m);
}

/* Bytes of the ring at a position that only grows; they may begin at its end and go on at its beginning. */
static void copy(const struct mappings *m, const struct ring *r, uint64_t at, void *ret, size_t n)
{
	const char *data = (const char *)r->page + m->page_size;
	size_t size = RING_PAGES * m->page_size, first = size - at % size;

	first = first < n ? first : n;
	memcpy(ret, data + at % size, first);
	memcpy((char *)ret + first, data, n - first);
}

/* man perf_event_open(2): behind its header PERF_RECORD_MMAP has pid and tid, PERF_RECORD_FORK pid and ppid, the same for a thread. */
static void read_ring(struct mappings *m, struct ring *r, void (*mapped)(void *ctx, pid_t pid), void *ctx)
{
	uint64_t head = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE), at = r->page->data_tail;
	struct {
		struct perf_event_header header;
		uint32_t pid, other;
	} record;

	while (head - at >= sizeof record) {
		copy(m, r, at, &record, sizeof record);
		if (record.header.size < sizeof record.header)
			break;
		if (record.header.type == PERF_RECORD_MMAP || (record.header.type == PERF_RECORD_FORK && record.pid != record.other))
			mapped(ctx, record.pid);
		else if (record.header.type == PERF_RECORD_LOST)
			mapped(ctx, 0);
		at += record.header.size;
	}
	__atomic_store_n(&r->page->data_tail, head, __ATOMIC_RELEASE);
}

void mappings_read(struct mappings *m, void (*mapped)(void *ctx, pid_t pid), void *ctx)
{
	for (int cpu = 0; cpu < m->n; cpu++)
		if (m->rings[cpu].page)
			read_ring(m, &m->rings[cpu], mapped, ctx);
}
