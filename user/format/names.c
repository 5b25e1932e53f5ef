/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/names.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/printable.h"

#define PLACE_COMPONENTS 2 /* of a path: enough to know the file again */

char *name_text(const char *s, size_t columns)
{
	return s && *s ? printable(s, strlen(s), columns) : xstrdup("?");
}

char *name_function(const struct frame *frame)
{
	return name_text(frame->function, NAME_COLUMNS);
}

char *name_module(const char *module)
{
	return name_text(path_tail(module, 1), NAME_COLUMNS);
}

char *name_place(const struct frame *frame, uint32_t line)
{
	_cleanup_free_ char *file = NULL;

	if (!frame->file || !*frame->file)
		return frame->module && *frame->module ? name_module(frame->module) : NULL;
	file = name_text(path_tail(frame->file, PLACE_COMPONENTS), NAME_COLUMNS);
	return line ? xasprintf("%s:%u", file, line) : TAKE_PTR(file);
}

char *name_frame(const struct frame *frame, uint32_t line)
{
	_cleanup_free_ char *function = name_function(frame);
	_cleanup_free_ char *place = name_place(frame, line);

	return place ? xasprintf("%s, %s", function, place) : TAKE_PTR(function);
}

char *name_loop_busy(const struct loop_busy *b)
{
	_cleanup_free_ char *request = b->request ? name_text(b->request, NAME_COLUMNS) : NULL;
	_cleanup_free_ char *frame = b->function ? name_frame(&(struct frame){.function = b->function, .file = b->file}, b->line) : NULL;

	return xasprintf("%s%s%s%s", b->gil ? "waiting for the GIL, held by " : "", request ? request : "", request && frame ? " in " : "",
			 frame ? frame : "");
}

char *name_wait(enum time_class class, const char *object)
{
	_cleanup_free_ char *name = object ? name_text(object, NAME_COLUMNS) : NULL;

	return xasprintf("[%s%s%s]", time_class_names[class], name ? " " : "", name ? name : "");
}

char *name_thread(const struct thread *t)
{
	return name_text(t->name && *t->name ? t->name : t->comm, NAME_COLUMNS);
}

char *name_process(const char *comm, int32_t pid)
{
	_cleanup_free_ char *name = name_text(comm, NAME_COLUMNS);

	return pid ? xasprintf("%s[%d]", name, pid) : xasprintf("interrupt %s", name);
}
