# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `make help` lists the targets. V=1 shows the commands, WERROR=1 turns warnings into errors.

B := build
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
VERSION := 0.1.0

ifeq ($(V),)
Q := @
say = @printf '  %-8s %s\n' '$(1)' '$(patsubst $(B)/%,%,$@)'
endif

PKGS := libbpf libdw libelf capstone liblzma zlib libprotobuf-c libcap-ng libmicrohttpd
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla $(if $(WERROR),-Werror)
CPPFLAGS += -D_GNU_SOURCE -DREQPROF_VERSION='"$(VERSION)"' -Iuser -Ibpf -I$(B)/gen -MMD -MP
CFLAGS ?= -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS += -std=gnu11 $(WARN)
LDLIBS = $(shell $(PKG_CONFIG) --libs $(PKGS)) -liberty -lm -lpthread

ARCH := x86
BPF_CFLAGS := -target bpf -D__TARGET_ARCH_$(ARCH) -O2 -g -mcpu=v3 -Wall -Wextra -Wno-unused-parameter $(if $(WERROR),-Werror) \
              -Ivmlinux/$(ARCH) -Ibpf

BPF_SRCS := $(wildcard bpf/*.bpf.c)
# maps first: see there.
BPF_OBJS := $(B)/bpf/maps.bpf.o $(filter-out %/maps.bpf.o,$(BPF_SRCS:bpf/%.bpf.c=$(B)/bpf/%.bpf.o))
SKEL := $(B)/gen/reqprof.skel.h
PROTOS := user/profile/profile.proto user/format/pprof.proto
PB := $(patsubst %.proto,$(B)/gen/%.pb-c,$(notdir $(PROTOS)))
PROTO := $(PB:%=%.h)
USER_SRCS := $(wildcard user/*.c user/*/*.c)
USER_OBJS := $(USER_SRCS:user/%.c=$(B)/%.o) $(PB:%=%.o) $(B)/html/embed.o

all: $(B)/reqprof ## build the program (default)

# ---- the program ------------------------------------------------------------------------------------------------------------

$(B)/reqprof: $(USER_OBJS)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/%.o: user/%.c
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# Only the session includes the skeleton, only the file module and the pprof format the generated protobuf code; .d files cover rebuilds.
$(B)/tracer/session.o: | $(SKEL)
$(B)/profile/encode.o $(B)/profile/decode.o $(B)/format/pprof.o: | $(PROTO)

define protoc
$(B)/gen/$(basename $(notdir $(1))).pb-c.c $(B)/gen/$(basename $(notdir $(1))).pb-c.h &: $(1)
	$$(call say,PROTOC)
	$$(Q)mkdir -p $$(@D)
	$$(Q)protoc-c --proto_path=$$(<D) --c_out=$$(@D) $$(<F)
endef
$(foreach p,$(PROTOS),$(eval $(call protoc,$(p))))

$(B)/gen/%.pb-c.o: $(B)/gen/%.pb-c.c
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -W%,$(CFLAGS)) -c -o $@ $<

# The page's files, embedded with .incbin: no build step touches them.
$(B)/html/embed.o: user/html/embed.S $(wildcard user/html/*.html user/html/*.css user/html/*/*)
	$(call say,AS)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -Iuser/html -c -o $@ $<

# ---- BPF: objects, linked into one, one skeleton --------------------------------------------------------------------------------

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/bpf/reqprof.o: $(BPF_OBJS)
	$(call say,BPFLINK)
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKEL): $(B)/bpf/reqprof.o
	$(call say,SKEL)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name reqprof > $@

# ---- packages (Debian, Ubuntu) ----------------------------------------------------------------------------------------------------

BUILD_PACKAGES := build-essential clang llvm bpftool pkg-config libbpf-dev libelf-dev libdw-dev libcapstone-dev liblzma-dev zlib1g-dev \
                  libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libiberty-dev uthash-dev libcap-ng-dev libmicrohttpd-dev
DEMO_PACKAGES := curl python3 python3-fastapi python3-httptools python3-uvicorn python3-uvloop
TEST_PACKAGES := apache2-bin cargo chromium firefox-esr git golang-go groff-base gunicorn h2o iproute2 libcmocka-dev libdebuginfod1 \
                 lighttpd lighttpd-mod-deflate lighttpd-mod-openssl linux-perf nghttp2-client nginx nodejs npm openssl perl php-fpm \
                 postgresql python3-aiohttp python3-django python3-flask python3-gevent python3-hypercorn python3-psycopg2 python3-tornado \
                 rustc shellcheck sudo uwsgi-core uwsgi-plugin-python3 wrk
PACKAGES := $(BUILD_PACKAGES) $(DEMO_PACKAGES) $(TEST_PACKAGES)

deps: ## install the packages that building, the demo and the tests need
	$(Q)tests/lib/install-packages $(PACKAGES)

# Installs less than `deps`: the tests need a browser, the demo does not.
demo: ## start a server, attach, send requests, show where the report is (needs root or sudo)
	$(Q)tests/lib/install-packages $(BUILD_PACKAGES) $(DEMO_PACKAGES)
	$(Q)$(MAKE) --no-print-directory --silent all
	$(Q)tests/demo/run

# ---- installing -------------------------------------------------------------------------------------------------------------------

BINDIR := $(DESTDIR)$(PREFIX)/bin
MANDIR := $(DESTDIR)$(PREFIX)/share/man/man1
COMPLETIONDIR := $(DESTDIR)$(PREFIX)/share/bash-completion/completions

install: all ## install program, manual page and completion below PREFIX (and DESTDIR)
	install -D -m 755 $(B)/reqprof $(BINDIR)/reqprof
	install -D -m 644 user/dist/reqprof.1 $(MANDIR)/reqprof.1
	install -D -m 644 user/dist/reqprof.bash $(COMPLETIONDIR)/reqprof

uninstall: ## remove what install installed
	rm -f $(BINDIR)/reqprof $(MANDIR)/reqprof.1 $(COMPLETIONDIR)/reqprof

# ---- tests: tests/README.md ------------------------------------------------------------------------------------------------------

include tests/tests.mk

clean: ## remove what was built
	rm -rf $(B)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: all clean demo deps help install uninstall
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(B) -name '*.d' -type f 2>/dev/null)
