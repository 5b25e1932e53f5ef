/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Kernel functions from a list of symbols, and which frames of a kernel stack are the profiler's.
 *
 * links: symbol/kernel.c symbol/profiler_frames.c symbol/string_set.c base/alloc.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "symbol/kernel.h"
#include "symbol/profiler_frames.h"

static struct kernel_symbols *read_text(const char *text)
{
	int fd = memfd_create("kallsyms", MFD_CLOEXEC);
	struct kernel_symbols *k;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	k = kernel_symbols_read(fd);
	close(fd);
	return k;
}

static void assert_symbol(const struct kernel_symbols *k, uint64_t address, const char *name, const char *module)
{
	struct kernel_symbol s = kernel_symbols_find(k, address);

	if (name)
		assert_string_equal(s.name, name);
	else
		assert_null(s.name);
	assert_string_equal(s.module, module);
}

static void symbols_are_found(void **state)
{
	struct kernel_symbols *k = read_text(
		"ffffffff81001000 T vfs_read\n"
		"ffffffff81000000 T _stext\n"
		"ffffffff81001ff0 t __pfx_vfs_write\n"
		"ffffffff81002000 t vfs_write.isra.0\n"
		"ffffffff81002800 D a_variable\n"
		"ffffffff81003000 W weak_one\n"
		"ffffffffc0100000 t nf_hook\t[nf_tables]\n"
		"ffffffffc0101000 T nf_end\t[nf_tables]\n"
		"ffffffffc0200000 t bpf_prog_e0282508781a9c5b_sw\t[bpf]\n"
		"not a line\n"
		"ffffffff81009000 T\n"
		"ffffffff8100a000\n");

	(void)state;
	assert_symbol(k, 0xffffffff80ffffff, NULL, "kernel");
	assert_symbol(k, 0xffffffff81000000, "_stext", "kernel");
	assert_symbol(k, 0xffffffff81001000, "vfs_read", "kernel");
	assert_symbol(k, 0xffffffff81001fff, "vfs_read", "kernel");
	assert_symbol(k, 0xffffffff81002900, "vfs_write.isra.0", "kernel");
	assert_symbol(k, 0xffffffff81003001, "weak_one", "kernel");
	assert_symbol(k, 0xffffffff81012fff, "weak_one", "kernel");
	assert_symbol(k, 0xffffffff81013000, NULL, "kernel"); /* too far from any symbol */
	assert_symbol(k, 0xffffffffc0100010, "nf_hook", "nf_tables");
	assert_symbol(k, 0xffffffffc0101010, "nf_end", "nf_tables");
	assert_symbol(k, 0xffffffffc0200010, "bpf_prog_e0282508781a9c5b_sw", "bpf");
	assert_symbol(k, 0, NULL, "kernel");
	assert_symbol(k, UINT64_MAX, NULL, "kernel");
	kernel_symbols_free(k);
}

static void the_best_alias_is_taken(void **state)
{
	struct kernel_symbols *k = read_text(
		"ffffffff81000000 t memcpy_local\n"
		"ffffffff81000000 T __memcpy\n"
		"ffffffff81000000 T memcpy_orig\n"
		"ffffffff81000000 T memcpy\n"
		"ffffffff81000000 T __pi_memcpy\n"
		"ffffffff81000100 t __b\n"
		"ffffffff81000100 t _b_long\n");

	(void)state;
	assert_symbol(k, 0xffffffff81000001, "memcpy", "kernel");
	assert_symbol(k, 0xffffffff81000100, "_b_long", "kernel");
	kernel_symbols_free(k);
}

/* kernel.kptr_restrict shows zeros. */
static void hidden_addresses_are_no_symbols(void **state)
{
	struct kernel_symbols *k = read_text("0000000000000000 T vfs_read\n0000000000000000 T vfs_write\n");

	(void)state;
	assert_symbol(k, 0, NULL, "kernel");
	assert_symbol(k, 0x10, NULL, "kernel");
	assert_symbol(k, 0xffffffff81000000, NULL, "kernel");
	kernel_symbols_free(k);
	k = kernel_symbols_read(-1);
	assert_symbol(k, 0xffffffff81000000, NULL, "kernel");
	kernel_symbols_free(k);
}

/* ---- stacks: names from the innermost on, "|" before the first one that is to be shown --------------------------- */

static const char *const stacks[] = {
	/* a switch, as a 6.18 kernel shows it */
	"bpf_prog_e028_on_switch[bpf] bpf_trace_run4 __schedule schedule | schedule_timeout wait_for_completion do_syscall_64",
	/* with a program that calls another, and older kernels' iterator */
	"bpf_prog_a_stack_take[bpf] bpf_prog_b_on_switch[bpf] bpf_trace_run4 __traceiter_sched_switch __schedule.constprop.0 schedule "
	"| schedule_hrtimeout_range_clock do_sys_poll",
	/* preempted on the way out of an interrupt */
	"bpf_prog_a[bpf] bpf_trace_run4 __schedule preempt_schedule_irq | irqentry_exit asm_sysvec_reschedule_ipi vfs_read",
	"bpf_prog_a[bpf] bpf_trace_run4 __schedule schedule | irqentry_exit_to_user_mode asm_sysvec_apic_timer_interrupt",
	/* the program was loaded after the symbols were read */
	"? bpf_trace_run4 __schedule schedule | do_nanosleep hrtimer_nanosleep",
	"? ? bpf_trace_run4 __schedule schedule | do_nanosleep hrtimer_nanosleep",
	/* socket tracepoints */
	"bpf_prog_a[bpf] bpf_trace_run3 call_trace_sock_recv_length | sock_recvmsg sock_read_iter vfs_read",
	"bpf_prog_a[bpf] bpf_trace_run3 call_trace_sock_send_length.constprop.0 | sock_write_iter vfs_write",
	"bpf_prog_a[bpf] bpf_trace_run3 __traceiter_sock_recv_length call_trace_sock_recv_length | sock_recvmsg",
	"bpf_prog_a[bpf] bpf_trampoline_6442 __traceiter_sock_recv_length | sock_recvmsg",
	/* wake-ups, forks */
	"bpf_prog_a[bpf] bpf_trace_run1 | try_to_wake_up hrtimer_wakeup __hrtimer_run_queues hrtimer_interrupt",
	"bpf_prog_a[bpf] bpf_trace_run2 __traceiter_sched_process_fork | kernel_clone __do_sys_clone",
	/* a tick whose stack begins in the profiler */
	"bpf_prog_a[bpf] bpf_overflow_handler __perf_event_overflow perf_swevent_hrtimer __hrtimer_run_queues hrtimer_interrupt "
	"__sysvec_apic_timer_interrupt sysvec_apic_timer_interrupt asm_sysvec_apic_timer_interrupt | vfs_read ksys_read",
	/* the bridge timer */
	"bpf_prog_a[bpf] bpf_timer_cb __hrtimer_run_queues hrtimer_interrupt __sysvec_apic_timer_interrupt sysvec_apic_timer_interrupt "
	"asm_sysvec_apic_timer_interrupt | copy_page ksys_read",
	/* only the profiler */
	"bpf_prog_a[bpf] bpf_trace_run4 __schedule schedule |",
	/* ticks that begin where the thread stood: all of it is real, the scheduler's and a timer's own work too */
	"| vsnprintf seq_printf seq_read do_syscall_64",
	"| finish_task_switch.isra.0 __schedule schedule schedule_timeout",
	"| __schedule schedule do_nanosleep",
	"| _raw_spin_unlock_irqrestore try_to_wake_up call_timer_fn run_timer_softirq handle_softirqs __irq_exit_rcu "
	"sysvec_apic_timer_interrupt asm_sysvec_apic_timer_interrupt folio_add_new_anon_rmap",
	"| bpf_check bpf_prog_load __sys_bpf do_syscall_64",
	/* an interrupt's work while a program ran below it belongs to the interrupt */
	"| handle_softirqs sysvec_apic_timer_interrupt asm_sysvec_apic_timer_interrupt bpf_prog_a[bpf] bpf_trace_run3 sock_recvmsg",
	"| ? ? vfs_read",
	"|",
};

/* One symbol of the list for each word; a frame is in the middle of its function. */
static size_t build_stack(const char *text, char **ret_symbols, uint64_t *addresses, size_t *ret_shown)
{
	_cleanup_free_ char *words = xstrdup(text);
	char *list = xstrdup("");
	size_t n = 0;

	for (char *save = NULL, *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		uint64_t address = 0xffffffff81000000 + n * 0x100000;
		char *bracket = strchr(word, '['), *longer;

		if (!strcmp(word, "|")) {
			*ret_shown = n;
			continue;
		}
		addresses[n++] = address + 0x10;
		if (!strcmp(word, "?"))
			continue;
		longer = xasprintf("%s%llx t %.*s%s%s\n", list, (unsigned long long)address,
				   bracket ? (int)(bracket - word) : (int)strlen(word), word, bracket ? "\t" : "", bracket ? bracket : "");
		free(list);
		list = longer;
	}
	*ret_symbols = list;
	return n;
}

static void the_profilers_frames_are_left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stacks); i++) {
		_cleanup_free_ char *symbols = NULL;
		uint64_t addresses[64];
		size_t shown = SIZE_MAX, n = build_stack(stacks[i], &symbols, addresses, &shown);
		struct kernel_symbols *k = read_text(symbols);

		if (profiler_frames(k, addresses, n) != shown)
			fail_msg("%zu frames left out of: %s", profiler_frames(k, addresses, n), stacks[i]);
		kernel_symbols_free(k);
	}
}

static void interrupts_are_told_from_calls(void **state)
{
	(void)state;
	assert_true(is_interrupt_entry("asm_exc_page_fault"));
	assert_true(is_interrupt_entry("asm_sysvec_apic_timer_interrupt"));
	assert_false(is_interrupt_entry("entry_SYSCALL_64_after_hwframe"));
	assert_false(is_interrupt_entry("vfs_read"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_are_found),
		cmocka_unit_test(the_best_alias_is_taken),
		cmocka_unit_test(hidden_addresses_are_no_symbols),
		cmocka_unit_test(the_profilers_frames_are_left_out),
		cmocka_unit_test(interrupts_are_told_from_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
