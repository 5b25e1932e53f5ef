# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# How the tests are built and run; tests/README.md says what there is.

# Unit tests: tests/unit/test_NAME.c, one program each. Its line "links: FILE …" names the sources that it is linked with (below user/ or bpf/,
# or gen/profile.pb-c.c, html/embed.S); everything is compiled with ASan and UBSan.

ASAN := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT_SRCS := $(wildcard tests/unit/test_*.c)
UNIT_BINS := $(UNIT_SRCS:tests/unit/%.c=$(B)/unit/%)
links = $(shell sed -n 's/^.*links: *\(.*[^ */]\)[ */]*$$/\1/p' $(1))

fuzz-objects = $(foreach f,$(call links,$(1)),$(B)/libfuzzer/$(basename $(f)).o)
asan-objects = $(foreach f,$(call links,$(1)),$(B)/asan/$(basename $(f:.bpf.c=.c)).o)

$(B)/asan/%.o: user/%.c
	$(call say,ASAN)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 $(WARN) $(ASAN) -c -o $@ $<
$(B)/asan/gen/%.o: $(B)/gen/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 $(ASAN) -c -o $@ $<
$(B)/asan/html/embed.o: $(B)/html/embed.o
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@
$(B)/asan/profile/encode.o $(B)/asan/profile/decode.o $(B)/asan/format/pprof.o: | $(PROTO)

# A BPF source compiled for the host, against tests/unit/fake_bpf/ instead of the kernel; words are read wherever they lie.
BPF_ASAN := -MMD -MP -std=gnu11 -Wall -Wno-unknown-pragmas -Wno-overflow $(ASAN) -fno-sanitize=alignment -D__TARGET_ARCH_$(ARCH) \
            -Itests/unit/fake_bpf -Ibpf
$(B)/asan/bpf/%.o: bpf/%.bpf.c
	$(call say,ASAN)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BPF_ASAN) -c -o $@ $<
$(B)/asan/fake_bpf/%.o: tests/unit/fake_bpf/%.c
	$(call say,ASAN)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BPF_ASAN) -c -o $@ $<

.SECONDEXPANSION:
$(B)/unit/%: tests/unit/%.c $$(call asan-objects,tests/unit/$$*.c)
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 $(WARN) $(ASAN) -Itests/unit -o $@ $< $(filter %.o,$^) -lcmocka $(LDLIBS)

# Tests of BPF programs in the kernel: tests/bpf/NAME.c. Its line "bpf: FILE …" names the BPF sources that are linked into one object, whose
# skeleton it includes as "NAME.skel.h"; without one it may include the program's "reqprof.skel.h". "links: FILE …" as above, not instrumented.
BPF_TEST_SRCS := $(filter-out %.bpf.c,$(wildcard tests/bpf/*.c))
BPF_TEST_BINS := $(BPF_TEST_SRCS:%.c=$(B)/%)
bpf-links = $(patsubst %.bpf.c,$(B)/%.bpf.o,$(shell sed -n 's/^.*bpf: *\(.*[^ */]\)[ */]*$$/\1/p' $(1)))
plain-objects = $(patsubst %.c,$(B)/%.o,$(call links,$(1)))
test-skel = $(if $(call bpf-links,$(1)),$(patsubst %.c,$(B)/%.skel.h,$(1)))

$(B)/tests/bpf/%.bpf.o: tests/bpf/%.bpf.c
	$(call say,BPF)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Itests/bpf -MMD -MP -c -o $@ $<
$(B)/tests/bpf/%.linked.o: tests/bpf/%.c $$(call bpf-links,tests/bpf/$$*.c)
	$(call say,BPFLINK)
	$(Q)$(BPFTOOL) gen object $@ $(filter %.o,$^)
$(B)/tests/bpf/%.skel.h: $(B)/tests/bpf/%.linked.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name $* > $@
$(B)/tests/bpf/%: tests/bpf/%.c $$(call plain-objects,tests/bpf/$$*.c) | $$(or $$(call test-skel,tests/bpf/$$*.c),$(SKEL))
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -I$(@D) -Itests/bpf -o $@ $< $(filter %.o,$^) -lcmocka $(LDLIBS)

# Fuzzing: tests/fuzz/fuzz_NAME.c with a line "links: FILE …" as above. Two programs each: one that replays the corpus (gcc), and libFuzzer's (clang).
FUZZ_NAMES := elf maps $(if $(wildcard user/symbol/perf_map.c),perf_map) $(if $(wildcard user/unwind/cfi.c),cfi) \
              python_code python_module
FUZZ_REPLAYS := $(FUZZ_NAMES:%=$(B)/fuzz/fuzz_%)
FUZZ_CFLAGS := -std=gnu11 $(WARN) -Itests/fuzz
FUZZ_CLANG := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer
$(B)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz_main.c tests/fuzz/fuzz.c tests/fuzz/mutants.c $$(call asan-objects,tests/fuzz/fuzz_$$*.c)
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(ASAN) -DFUZZ_NAME='"$*"' -DFUZZ_CORPUS='"$(CURDIR)/tests/fuzz/corpus/$*"' -DFUZZ_KEEP='"$(@D)"' -o $@ \
		$(filter %.c %.o,$^) $(LDLIBS)
$(B)/libfuzzer/%.o: user/%.c
	$(call say,FUZZ)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS) $(FUZZ_CFLAGS) $(FUZZ_CLANG) -c -o $@ $<
$(B)/libfuzzer/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.c $$(call fuzz-objects,tests/fuzz/fuzz_$$*.c)
	$(call say,FUZZ)
	$(Q)$(CLANG) $(CPPFLAGS) $(FUZZ_CFLAGS) $(FUZZ_CLANG) -fsanitize=fuzzer -o $@ $(filter %.c %.o,$^) $(LDLIBS)

# Golden files: the formats, instrumented, applied to the fixtures.
GOLDEN_BIN := $(if $(wildcard tests/golden/render.c),$(B)/golden/render)
GOLDEN_OBJS := $(patsubst user/%.c,$(B)/asan/%.o,$(wildcard user/format/*.c user/profile/*.c user/base/*.c)) \
               $(PB:$(B)/%=$(B)/asan/%.o) $(B)/asan/html/embed.o
$(B)/golden/render: $(wildcard tests/golden/*.c) $(GOLDEN_OBJS)
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 $(WARN) $(ASAN) -Itests/golden -o $@ $^ $(LDLIBS)

# A directory of reports, as many as it takes.
$(B)/tests/make_reports: tests/browser/make_reports.c $(addprefix $(B)/,$(addsuffix .o,page/index page/rows page/row page/catalog page/names \
		page/template)) $(patsubst user/%.c,$(B)/%.o,$(wildcard user/format/*.c user/profile/*.c user/base/*.c)) $(PB:%=%.o) \
		$(B)/html/embed.o
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $^ $(LDLIBS)

# Servers and clients with a known truth: built with frame pointers, as what they are is what a report must say; and NAME-cfi without.
SERVER_BINS := $(addprefix $(B)/tests/servers/,pool pool-cfi database lazy-cfi deep-cxx deep-rust handler handler-cfi handler-cxx handler-rust \
               handler-go handler-go-anywhere handler-go-bare hyper microhttpd moved)
BENCH_BINS := $(addprefix $(B)/tests/servers/,depth depth-cfi) $(B)/tests/bench/cycles
SERVER_CFLAGS := -D_GNU_SOURCE -std=gnu11 $(WARN) -O2 -g
$(B)/tests/servers/pool $(B)/tests/servers/pool-cfi: tests/servers/operations.c
$(B)/tests/servers/microhttpd: SERVER_LIBS := -lmicrohttpd
$(B)/tests/servers/lazy-cfi: SERVER_LIBS := -Wl,-z,lazy
$(B)/tests/servers/%-cfi: tests/servers/%.c tests/servers/pool.h
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SERVER_CFLAGS) -fomit-frame-pointer -o $@ $(filter %.c,$^) -lpthread $(SERVER_LIBS)
$(B)/tests/servers/%: tests/servers/%.c tests/servers/pool.h
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SERVER_CFLAGS) -fno-omit-frame-pointer -fno-optimize-sibling-calls -o $@ $(filter %.c,$^) -lpthread $(SERVER_LIBS)

# depth without call frame information, so that it is walked by frame pointer; depth-cfi the other way round.
$(B)/tests/servers/depth: tests/servers/depth.c
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SERVER_CFLAGS) -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -Wl,--no-eh-frame-hdr -o $@ $<
	$(Q)objcopy --remove-section=.eh_frame --remove-section=.debug_frame $@

# Programs that are compiled as distributions do it.
CXX ?= g++
RUSTC ?= rustc
$(B)/tests/servers/%-cxx: tests/servers/%.cc
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) -Wall -Wextra $(if $(WERROR),-Werror) -O2 -g -o $@ $< -lpthread
$(B)/tests/servers/%-rust: tests/servers/%.rs
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)MAKEFLAGS= $(RUSTC) --edition 2021 -C opt-level=2 -C debuginfo=2 $(if $(WERROR),-D warnings) -o $@ $<

# Names that say which future it is that a function polls: those of the newer mangling.
CARGO ?= cargo
$(B)/tests/servers/hyper: tests/servers/hyper/Cargo.toml tests/servers/hyper/Cargo.lock tests/servers/hyper/src/main.rs
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)MAKEFLAGS= RUSTFLAGS='-C symbol-mangling-version=v0' $(CARGO) build --quiet --locked --release --manifest-path $< \
		--target-dir $(B)/cargo
	$(Q)cp $(B)/cargo/release/hyper-server $@

# Also to be loaded anywhere, and without debug information.
GO ?= go
go-build = MAKEFLAGS= GOCACHE=$(abspath $(B))/go-cache GOFLAGS= CGO_ENABLED=0 $(GO) build $(1) -o $@ $<
$(B)/tests/servers/%-go: tests/servers/%.go
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(call go-build)
$(B)/tests/servers/%-go-anywhere: tests/servers/%.go
	$(call say,TEST)
	$(Q)$(call go-build,-buildmode=pie)
$(B)/tests/servers/%-go-bare: tests/servers/%.go
	$(call say,TEST)
	$(Q)$(call go-build,-ldflags=-w)

# Stacks of any thread by the program's unwinder: tests/unwind/NAME.c, each with the probe.
UNWIND_BINS := $(addprefix $(B)/tests/unwind/,sample compare python-frames)
UNWIND_BPF := $(B)/bpf/maps.bpf.o $(patsubst bpf/%.bpf.c,$(B)/bpf/%.bpf.o,$(wildcard bpf/unwind*.bpf.c)) $(B)/tests/unwind/stacks.bpf.o
UNWIND_OBJS := $(B)/tracer/tables.o $(B)/tracer/cells.o $(B)/tracer/pieces.o \
               $(patsubst user/%.c,$(B)/%.o,$(wildcard user/unwind/*.c user/symbol/*.c user/base/*.c))
$(B)/tests/unwind/stacks.bpf.o: tests/unwind/stacks.bpf.c
	$(call say,BPF)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/tests/unwind/stacks.linked.o: $(UNWIND_BPF)
	$(call say,BPFLINK)
	$(Q)$(BPFTOOL) gen object $@ $^
$(B)/tests/unwind/stacks.skel.h: $(B)/tests/unwind/stacks.linked.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name stacks > $@
# compare: against libdwfl. python-frames: frames of CPython, without BPF programs.
$(B)/tests/unwind/compare $(B)/tests/unwind/python-frames: tests/unwind/reference.c tests/unwind/stopped.c
$(B)/tests/unwind/sample $(B)/tests/unwind/compare: tests/unwind/probe.c
$(B)/tests/unwind/python-frames: tests/unwind/python_walk.c
$(UNWIND_BINS): $(B)/tests/unwind/%: tests/unwind/%.c tests/unwind/target.c $(UNWIND_OBJS) | $(B)/tests/unwind/stacks.skel.h
	$(call say,TEST)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Itests/unwind -I$(@D) -o $@ $(filter %.c %.o,$^) $(LDLIBS)

# The probes of a handler, without the rest of the program.
$(B)/tests/bench/cycles: tests/bench/cycles.c tests/unwind/target.c $(filter-out $(B)/main.o $(B)/cmd/%,$(USER_OBJS))
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Itests/unwind -o $@ $(filter %.c %.o,$^) $(LDLIBS)

# ---- running them: make test, make test-NAME, with T=NAME only the files of that name ---------------------------------------------------

SUITES := unit bpf fuzz golden js integration browser lint
T ?= *
browser-modules = $(if $(wildcard tests/browser/package-lock.json),tests/browser/node_modules/.package-lock.json)
needs-unit = $(files-unit)
needs-bpf = $(files-bpf)
needs-fuzz = $(files-fuzz)
needs-golden := $(GOLDEN_BIN) $(B)/reqprof
needs-js = $(GOLDEN_BIN)
needs-integration = $(B)/reqprof $(SERVER_BINS) $(UNWIND_BINS) $(B)/tests/bench/cycles $(browser-modules)
needs-browser = $(GOLDEN_BIN) $(B)/reqprof $(B)/tests/make_reports $(browser-modules)
needs-lint = $(browser-modules)
files-unit = $(filter $(B)/unit/test_$(T:*=%),$(UNIT_BINS))
files-bpf = $(filter $(B)/tests/bpf/$(T:*=%),$(BPF_TEST_BINS))
files-fuzz = $(filter $(B)/fuzz/fuzz_$(T:*=%),$(FUZZ_REPLAYS))
files-scripts = $(wildcard tests/$(1)/$(T).t)
files = $(if $(filter unit bpf fuzz,$(1)),$(files-$(1)),$(files-scripts))

tests/browser/node_modules/.package-lock.json: tests/browser/package-lock.json
	$(Q)cd tests/browser && npm ci --no-audit --no-fund

$(SUITES:%=test-%): test-%: $$(needs-$$*)
	$(Q)tests/run -j 2 $(call files,$*)

# What is missing is installed first, and only then is anything else looked at.
test: ## run all tests (some need root)
	$(Q)tests/lib/install-packages --check $(PACKAGES) || $(MAKE) deps
	$(Q)$(MAKE) --no-print-directory run-tests

run-tests: $(foreach s,$(SUITES),$(needs-$(s)))
	$(Q)tests/run -j 2 $(foreach s,$(SUITES),$(call files,$(s)))

unit: test-unit ## run the unit tests; also test-bpf, test-fuzz, test-golden, test-js, test-integration, test-browser, test-lint; T=NAME picks one
lint: test-lint ## check layers, lengths and style

# What it finds: $(B)/libfuzzer/found-…; what is worth keeping goes to tests/fuzz/corpus/NAME/found-….
.PHONY: fuzz
FUZZ ?= $(FUZZ_NAMES)
SECONDS ?= 60
fuzz: $(FUZZ:%=$(B)/libfuzzer/fuzz_%) ## look for inputs that break what reads the target's files; FUZZ=NAME picks one, SECONDS=60
	$(Q)for name in $(FUZZ); do \
		mkdir -p $(B)/libfuzzer/corpus/$$name && \
		$(B)/libfuzzer/fuzz_$$name -max_total_time=$(SECONDS) -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
			-artifact_prefix=$(B)/libfuzzer/found-$$name- $(B)/libfuzzer/corpus/$$name tests/fuzz/corpus/$$name || exit 1; \
	done

bench: $(GOLDEN_BIN) $(browser-modules)
bench: all $(SERVER_BINS) $(BENCH_BINS) $(UNWIND_BINS) ## measure what it costs (needs root and a quiet machine); BENCH=NAME picks one
	$(Q)tests/bench/run $(BENCH)

.PHONY: test run-tests unit lint bench $(SUITES:%=test-%)
