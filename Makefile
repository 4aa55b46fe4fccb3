# wals: weighted alternating least squares inside PostgreSQL
#
#   make && make install        build and install (PG_CONFIG=... for another server)
#   make installcheck           regress and isolation tests against that server
#   make unit | tap             the other two tiers; test/run does everything
#   make unit-tsan              the threads under ThreadSanitizer
#   make lint | format | bench  checks of the tree, clang-format, benchmarks

EXTENSION  = wals
MODULE_big = $(EXTENSION)

# The control file is where the version is written; everything else derives it.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" $(EXTENSION).control)

# Rooms, bottom up (src/README.md).
CORE_OBJS := $(patsubst %.c,%.o,$(sort $(wildcard src/core/*/*.c)))
PG_OBJS   := $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/base/*.c \
               src/store/*.c src/run/*/*.c src/api/*.c)))
OBJS       = $(CORE_OBJS) $(PG_OBJS)
HDRS      := $(wildcard src/*.h src/*/*.h src/*/*/*.h)

# To compile for this machine only: make OPTFLAGS=-march=native
OPTFLAGS    =
PG_CPPFLAGS = -Isrc -DWALS_VERSION=\"$(EXTVERSION)\"
PG_CFLAGS   = $(OPTFLAGS)
# For tests of faults: make DEBUG_POINTS=1, see src/base/debug.c.
ifdef DEBUG_POINTS
PG_CPPFLAGS += -DWALS_DEBUG_POINTS
endif
SHLIB_LINK  = -lm -lpthread $(DL_LIBS)

# dlopen, until it became a part of the C library (glibc 2.34)
DL_LIBS     = $(if $(filter linux,$(PORTNAME)),-ldl)

# The parts in sql/wals are the truth; the install script is all of them in the
# order of their names.
SQL_PARTS := $(sort $(wildcard sql/$(EXTENSION)/*.sql))
CURRENT    = sql/$(EXTENSION)--$(EXTVERSION).sql
DATA       = $(filter-out $(CURRENT),$(wildcard sql/$(EXTENSION)--*.sql))
DATA_built = $(CURRENT)

REGRESS       := $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS   = --inputdir=test --load-extension=$(EXTENSION)
ISOLATION     := $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=$(EXTENSION)
PROVE_TESTS    = test/t/*.pl
EXTRA_CLEAN    = build-unit

# No JIT bitcode: our time goes into loops, not into SQL expressions, and the
# bitcode needs the very clang the server was built with.
override with_llvm = no

PG_CONFIG ?= pg_config
PGXS      := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# Another processor's compiler, for the unit tests.
ifdef CROSS
override CC = $(CROSS)-gcc
endif

$(CURRENT): $(SQL_PARTS)
	cat $^ > $@

# PGXS may come without automatic dependencies; the version is compiled in.
$(OBJS): $(HDRS) $(EXTENSION).control

# The numbers deserve -O3.  No contraction: a compiler that may fuse a * b + c
# at will gives other last bits from one build or processor to the next.
KERNEL_OBJS := $(filter $(patsubst %.c,%.o,$(wildcard src/core/*/kernel_*.c)),$(CORE_OBJS))
$(filter-out $(KERNEL_OBJS),$(CORE_OBJS)): override CFLAGS += -O3 -ffp-contract=off

# The kernels say themselves which sums and products are one instruction.  Where
# C's float is wider than the processor's (s390x, x87) they want the latter.
KERNEL_FLAGS := -ffp-contract=fast -fno-math-errno \
    $(shell $(CC) -fexcess-precision=fast -Werror -E -xc /dev/null \
        >/dev/null 2>&1 && echo -fexcess-precision=fast)
$(KERNEL_OBJS): override CFLAGS += -O3 $(KERNEL_FLAGS)

# ---------------------------------------------------------------------------
# Unit tests: src/core alone, without PostgreSQL's include paths, under
# sanitizers.  make -k -j2 unit runs all of them side by side; each program
# ends with its line "name: N passed, N failed".
#
# -fno-wrapv: the server's flags define signed overflow and so would hide it.
#
# For another processor: make unit CROSS=aarch64-linux-gnu compiles with that
# gcc and runs in qemu, optimized instead of sanitized.
# ---------------------------------------------------------------------------

UNIT_DIR      = build-unit
UNIT_OPTIMIZE = -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
ifdef CROSS
UNIT_DIR      = build-unit/$(CROSS)
UNIT_OPTIMIZE = -O2 -static
EMULATOR      = qemu-$(firstword $(subst -, ,$(CROSS)))
export EMULATOR
endif

UNIT_CFLAGS = -std=c11 -D_GNU_SOURCE -DWC_ASSERTIONS -Wall -Wextra -Werror \
              -g -fno-omit-frame-pointer -fno-wrapv -ffp-contract=off \
              $(UNIT_OPTIMIZE) -Isrc -Itest/unit
# what the server's flags ask of core too
UNIT_CORE   = -Wdeclaration-after-statement -Wmissing-prototypes -Wvla \
              -Wmissing-format-attribute -Wpointer-arith -Wcast-function-type
UNIT_LIBS   = -lm -lpthread $(DL_LIBS)
UNIT_TESTS := $(patsubst test/unit/%.c,%,$(sort $(wildcard test/unit/test_*.c)))
UNIT_OBJS   = $(patsubst src/core/%.o,$(UNIT_DIR)/core/%.o,$(CORE_OBJS))

# The kernels keep their sums in arrays that must become registers, or the
# tests take minutes: unrolled, and not watched for their scope.
$(patsubst src/core/%.o,$(UNIT_DIR)/core/%.o,$(KERNEL_OBJS)): UNIT_CORE += \
    -O3 -fno-sanitize-address-use-after-scope $(KERNEL_FLAGS)

$(UNIT_DIR)/core/%.o: src/core/%.c $(HDRS) Makefile
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) $(UNIT_CORE) -c $< -o $@

$(UNIT_DIR)/test_%: test/unit/test_%.c $(wildcard test/unit/*.h) $(UNIT_OBJS)
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) $< $(UNIT_OBJS) $(UNIT_LIBS) -o $@

unit: $(addprefix run-,$(UNIT_TESTS)) bench-syntax

# The benchmarks use core's insides and are seldom run.
bench-syntax:
	$(CC) -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -Isrc bench/*.c

$(addprefix run-,$(UNIT_TESTS)): run-%: $(UNIT_DIR)/%
	@test/unit/run $<

# The threads again, watched by ThreadSanitizer, which excludes the other one.
TSAN_TESTS  = test_fold_team test_ranking test_parallel test_sweep
TSAN_CFLAGS = $(filter-out -fsanitize% -fno-sanitize%,$(UNIT_CFLAGS)) -fsanitize=thread

build-unit/tsan/test_%: test/unit/test_%.c $(wildcard test/unit/*.h src/core/*.h src/core/*/*.[ch]) Makefile
	@mkdir -p $(@D)
	$(CC) $(TSAN_CFLAGS) $(KERNEL_FLAGS) -O2 $< src/core/*/*.c $(UNIT_LIBS) -o $@

unit-tsan: $(addprefix tsan-,$(TSAN_TESTS))

$(addprefix tsan-,$(TSAN_TESTS)): tsan-%: build-unit/tsan/%
	@test/unit/run $<

tap:
	$(prove_installcheck)

# ---------------------------------------------------------------------------
# The yard
# ---------------------------------------------------------------------------

lint:
	@for check in .ci/check-*; do $$check || red=1; done; test -z "$$red"

CLANG_FORMAT = clang-format-14

format:
	$(CLANG_FORMAT) -i $(wildcard src/*.[ch] src/*/*.[ch] src/*/*/*.[ch] test/unit/*.[ch])

bench:
	bench/run

# Half sweeps beside OpenBLAS: make half-sweep BENCH="--scale 1"
build-unit/half_sweep build-unit/solvers: bench/ratings.h
build-unit/%: bench/%.c $(CORE_OBJS)
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Isrc $(filter %.c %.o,$^) $(UNIT_LIBS) -o $@

half-sweep: build-unit/half_sweep
	build-unit/half_sweep $(BENCH)

# Providers of dense algebra side by side: env -u OPENBLAS_CORETYPE make dense
dense: build-unit/dense
	build-unit/dense

# Solvers side by side, loss against time: make solvers BENCH="--factors 128"
solvers: build-unit/solvers
	build-unit/solvers $(BENCH)

# One user folded in: make fold-in BENCH="--factors 128"
fold-in: build-unit/fold_in
	build-unit/fold_in $(BENCH)

.PHONY: unit bench-syntax $(addprefix run-,$(UNIT_TESTS)) unit-tsan \
        $(addprefix tsan-,$(TSAN_TESTS)) tap lint format bench half-sweep \
        dense solvers fold-in
