/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fuzz_NAME [-q] [FILE | DIRECTORY]…: a target applied to its corpus (or what is named instead), and to damaged copies of each file. Prints TAP.
 * -q: no damaged copies.
 *
 * A child process does it and says in shared memory where it is, so that what it dies of has a name.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "mutants.h"

#define MUTANTS_MAX 24000       /* of all files together: seconds */
#define CPU_SECONDS_MAX 240     /* whoever needs more hangs */

struct file {
	char *path;
	uint8_t *data;
	size_t size;
};

struct files {
	struct file *list;
	size_t n, cap;
};

/* How far the child is. */
struct progress {
	size_t file, mutant, inputs;
};

/* ---- the corpus -------------------------------------------------------------------------------------------------------- */

static void add_file(struct files *files, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	struct file f;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	f = (struct file){.path = xstrdup(path), .data = xcalloc(1, st.st_size + 1), .size = st.st_size};
	MUST(read(fd, f.data, f.size) == (ssize_t)f.size);
	GROW(files->list, files->n, files->cap);
	files->list[files->n++] = f;
}

static void add_path(struct files *files, const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);

	if (n < 0) {
		add_file(files, path);
		return;
	}
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *entry = xasprintf("%s/%s", path, entries[i]->d_name);

		add_file(files, entry);
		free(entries[i]);
	}
	free(entries);
}

static void free_files(struct files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->list[i].path);
		free(files->list[i].data);
	}
	free(files->list);
}

/* ---- the child ----------------------------------------------------------------------------------------------------------- */

static void try_file(const struct file *f, struct progress *progress, size_t max)
{
	struct mutants m;
	size_t size;

	mutants_of(&m, f->data, f->size, max);
	for (progress->mutant = 0; progress->mutant < (max ? m.n : 1); progress->mutant++) {
		_cleanup_free_ uint8_t *copy = mutant(&m, progress->mutant, &size);

		LLVMFuzzerTestOneInput(copy, size);
		progress->inputs++;
	}
	mutants_free(&m);
}

static void try_all(const struct files *files, struct progress *progress, size_t max)
{
	struct rlimit cpu = {CPU_SECONDS_MAX, CPU_SECONDS_MAX};

	setrlimit(RLIMIT_CPU, &cpu);
	for (progress->file = 0; progress->file < files->n; progress->file++)
		try_file(&files->list[progress->file], progress, max);
}

/* ---- the parent ------------------------------------------------------------------------------------------------------------ */

static void keep_culprit(const struct files *files, const struct progress *at, size_t max)
{
	_cleanup_free_ char *path = xasprintf("%s/died-%s-%zu-%zu", FUZZ_KEEP, FUZZ_NAME, at->file, at->mutant);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	const struct file *f = &files->list[at->file];
	struct mutants m;
	size_t size;

	mutants_of(&m, f->data, f->size, max);
	_cleanup_free_ uint8_t *copy = mutant(&m, at->mutant, &size);

	printf("# of %s, damaged copy %zu", f->path, at->mutant);
	if (fd >= 0 && write(fd, copy, size) == (ssize_t)size)
		printf(", kept as %s", path);
	puts("");
	mutants_free(&m);
}

static int report(const struct files *files, const struct progress *at, int status, size_t max)
{
	bool good = WIFEXITED(status) && !WEXITSTATUS(status) && at->file == files->n && files->n;

	printf("%s 1 - %s: %zu files, %zu inputs\n", good ? "ok" : "not ok", FUZZ_NAME, files->n, at->inputs);
	if (!good && !files->n)
		puts("# no corpus");
	else if (!good)
		printf("# %s %d\n", WIFSIGNALED(status) ? "died of signal" : "exit status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (!good && at->file < files->n)
		keep_culprit(files, at, max);
	puts("1..1");
	return !good;
}

int main(int argc, char **argv)
{
	struct progress *progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int first = argc > 1 && !strcmp(argv[1], "-q") ? 2 : 1, status = -1, r;
	struct files files = {0};
	size_t max;
	pid_t pid;

	for (int i = first; i < argc; i++)
		add_path(&files, argv[i]);
	if (first >= argc)
		add_path(&files, FUZZ_CORPUS);
	max = first == 2 || !files.n ? 0 : MUTANTS_MAX / files.n;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		try_all(&files, progress, max);
		free_files(&files);
		return 0;
	}
	MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
	r = report(&files, progress, status, max);
	free_files(&files);
	munmap(progress, sizeof *progress);
	return r;
}
