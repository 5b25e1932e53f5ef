/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names for addresses. Runs without privileges, on hostile input: files of the target come as descriptors from `symbol_source`.
 * Mappings are read once per process and again when an address is in none of them. ELF files are kept and shared, by device and inode or by
 * build-id and size; beyond SYMBOL_FILES_MAX the least recently used one that no process maps is dropped, and if there is none, files stay
 * unread: their addresses are module+0x…
 */
#ifndef REQPROF_SYMBOLIZER_H
#define REQPROF_SYMBOLIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYMBOL_FILES_MAX 512
#define INLINED_MAX 32 /* frames that one address can stand for */

/* Which file of the target. */
struct file_id {
	uint64_t device, inode, size;
	const char *path;       /* in the target's mount namespace */
};

/* Who wants to know which file is being read, as it may be the end of the process. */
struct file_watch {
	void *ctx;
	bool (*begin)(void *ctx, const struct file_id *file); /* false: leave it alone, as if it could not be had */
	void (*end)(void *ctx);
};

/* Where the debug file of DIR/FILE may be: DIR/NAME, DIR/.debug/NAME, /usr/lib/debug/DIR/NAME (gdb manual, "Separate Debug Files"). */
enum debug_link_place { DEBUG_LINK_BESIDE, DEBUG_LINK_BELOW, DEBUG_LINK_GLOBAL, DEBUG_LINK_PLACES };

/* Where the target's files come from; every call returns a new descriptor that the caller owns, or −errno. */
struct symbol_source {
	void *ctx;
	int (*open_maps)(void *ctx, int pid);                                        /* /proc/PID/maps */
	int (*open_file)(void *ctx, int pid, uint64_t start, uint64_t end);          /* the file mapped at [start, end) */
	int (*open_debug)(void *ctx, int pid, const uint8_t *build_id, size_t len);  /* its separate debug file */
	/* The debug file of the one mapped at [start, end), by the name that its .gnu_debuglink has; `place`: DEBUG_LINK_* */
	int (*open_debug_link)(void *ctx, int pid, uint64_t start, uint64_t end, const char *name, int place);
	int (*open_perf_map)(void *ctx, int pid);                                    /* /tmp/perf-PID.map */
	const struct file_watch *watch; /* NULL = nobody */
};

struct symbolizer;

/* kallsyms_fd: /proc/kallsyms, opened by who may see the addresses; −1 = none. Read when it is needed, not closed: it and the source must
 * outlive this. */
struct symbolizer *symbolizer_new(const struct symbol_source *source, int kallsyms_fd);
void symbolizer_free(struct symbolizer *s);

/* Read now what the first stack would have to wait for: the kernel's symbols, unless they are read already. */
void symbolizer_prepare(struct symbolizer *s);

/* Read the mappings of a process now, while it is there (its exit ends the chance). 0 or −errno. */
int symbolizer_add_process(struct symbolizer *s, int pid);
/* Its mappings are void: exec. Read them again. */
int symbolizer_renew_process(struct symbolizer *s, int pid);
void symbolizer_forget_process(struct symbolizer *s, int pid);

struct maps;

/* The mappings of a process as they were read last (maps.h), until they are read again. NULL = none were. */
const struct maps *symbolizer_maps(const struct symbolizer *s, int pid);

struct elf_file;

/* A mapping that holds code, or memory without a file that may. */
struct symbol_code {
	uint64_t start, end;
	bool executable;        /* now: programs that make code may take that away while they write */
	const char *path;       /* as in /proc/PID/maps, NULL = none */
	bool is_file;           /* a file is mapped; `elf` is NULL if it is no ELF file, or cannot be had */
	const struct elf_file *elf; /* lives as long as the mapping is known */
	const struct file_id *file; /* of `elf`, NULL = it is the kernel's */
	uint64_t id;            /* of `elf`: never used for two files */
	uint64_t bias;          /* address in the process − address in the file, modulo 2^64 */
};

/* The code of a process, and its memory without a file, by address, as its mappings were read last. */
void symbolizer_code(struct symbolizer *s, int pid, void (*code)(void *ctx, const struct symbol_code *code), void *ctx);

enum symbol_kind { SYMBOL_KERNEL, SYMBOL_NATIVE, SYMBOL_JIT, SYMBOL_PYTHON };

/* A frame and its names; they live as long as the call that they are handed to. */
struct symbol_frame {
	const char *function;   /* never NULL: a symbol, or module+0x… */
	const char *file;       /* NULL = unknown */
	const char *module;     /* path, "kernel" or a kernel module's name; of Python its top package; NULL = unknown, or the application's */
	uint32_t line;          /* 0 = unknown */
	enum symbol_kind kind;
	bool inlined;
	bool unnamed;           /* there is no symbol: the function is module+0x… */
	uint32_t at;            /* index of its address in the stack */
};

/* A Python frame, as the kernel side takes it. */
struct python_frame {
	uint64_t code;          /* address of the code object */
	uint32_t instr, check;  /* struct rp_python_frame */
};

/* A stack of addresses, innermost first. */
struct symbol_stack {
	int pid;
	uint64_t t;             /* when it was taken, CLOCK_MONOTONIC ns: what was mapped there may be gone */
	const uint64_t *addresses; /* n_kernel kernel ones, then n_user ones of `pid` */
	size_t n_kernel, n_user;
	bool user_exact;        /* the innermost user address is where the thread stood (tick in user mode), not one after a system call */
	const struct python_frame *python; /* Python frames, innermost first; the symbolizer does not look at them */
	size_t n_python;
};

/* Name a stack: `frame` is called for each frame, the outermost first, inlined functions expanded. All but the innermost user address and the code
 * that a signal handler returns to are return addresses (looked up at pc − 1). Kernel frames of the profiler itself and of the tracepoint (above
 * __schedule …) are left out. */
void symbolizer_stack(struct symbolizer *s, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame), void *ctx);

/* Name of a data symbol that contains the address (for locks): "app_lock" or "app_lock+0x10", NULL = none. The caller frees it. */
char *symbolizer_data_name(struct symbolizer *s, int pid, uint64_t address);

/* The executables seen so far in the process: their paths, build-ids (hex, NULL = none) and numbers (symbol_code.id), some more than once. */
void symbolizer_executables(struct symbolizer *s, int pid, void (*executable)(void *ctx, const char *path, const char *build_id, uint64_t id),
			    void *ctx);

#endif
