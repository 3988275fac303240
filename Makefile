# submitd: build, check, install.  `make help` lists the targets.
#
# Variables: BUILD (output folder), CC, CFLAGS (added to ours), LDFLAGS,
# DESTDIR, prefix, V=1 (show commands), SAN (sanitizers: address,undefined).

BUILD      ?= build
prefix     ?= /usr/local
sbindir    ?= $(prefix)/sbin
libexecdir ?= $(prefix)/libexec/submitd
sysconfdir ?= /etc
docdir     ?= $(prefix)/share/doc/submitd

CC       ?= cc
CFLAGS   ?= -O2 -g
PKG_CONFIG ?= pkg-config

V ?= 0
Q  = $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n')

WARN  = -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes \
	-Wmissing-prototypes -Wimplicit-fallthrough -Wvla -Werror
HARDEN = -fstack-protector-strong -fstack-clash-protection -fcf-protection \
	-fno-strict-aliasing -fno-delete-null-pointer-checks \
	-fPIE
ifeq ($(SAN),)
HARDEN += -ftrivial-auto-var-init=zero -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
else
HARDEN += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif
CPPFLAGS_ALL = -D_GNU_SOURCE -iquote include -DLIBEXECDIR='"$(libexecdir)"' \
	-DSYSCONFDIR='"$(sysconfdir)"' $(CPPFLAGS)
CFLAGS_ALL   = -std=c11 $(WARN) $(HARDEN) -pthread $(CFLAGS)
LDFLAGS_ALL  = -pie -pthread -Wl,-z,relro,-z,now -Wl,-z,noexecstack \
	-Wl,--as-needed $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)

# -- what is built from what --------------------------------------------------

SHARED := $(wildcard submitd/shared/*.c)
MASTER := $(filter-out %/main.c,$(wildcard submitd/master/*.c))
SMTP   := $(filter-out %/main.c,$(wildcard submitd/smtp/*.c))
RELAY  := $(filter-out %/main.c,$(wildcard submitd/relay/*.c))
AUTH   := $(filter-out %/main.c,$(wildcard auth/*.c))
CTL    := $(filter-out %/main.c,$(wildcard submitd/ctl/*.c))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

LIBS_MASTER = -lconfuse -levent_core
LIBS_SMTP   = -levent_openssl -levent_core -lssl -lcrypto
LIBS_RELAY  = -levent_openssl -levent_extra -levent_core -lssl -lcrypto
LIBS_AUTH   = -levent_core -lsasl2 -lldap -llber -lidn -lcjose -ljansson \
	-lcrypto -lcrypt
LIBS_CTL    =
LIBS_ALL    = -lconfuse -levent_openssl -levent_extra -levent_core -lsasl2 \
	-lldap -llber -lidn -lcjose -ljansson -lssl -lcrypto -lcrypt

BINS = $(addprefix $(BUILD)/bin/,submitd submitd-smtp submitd-auth \
	submitd-relay submitctl)
ROLE_LIBS = $(patsubst %,$(BUILD)/lib%.a,master smtp relay auth shared)

.PHONY: all
all: $(BINS)

$(BUILD)/libshared.a: $(call obj,$(SHARED))
$(BUILD)/libmaster.a: $(call obj,$(MASTER))
$(BUILD)/libsmtp.a:   $(call obj,$(SMTP))
$(BUILD)/librelay.a:  $(call obj,$(RELAY))
$(BUILD)/libauth.a:   $(call obj,$(AUTH))
$(BUILD)/libctl.a:    $(call obj,$(CTL))

$(BUILD)/lib%.a:
	$(say) AR $@
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/bin/submitd:       $(call obj,submitd/master/main.c) $(BUILD)/libmaster.a
$(BUILD)/bin/submitd-smtp:  $(call obj,submitd/smtp/main.c) $(BUILD)/libsmtp.a
$(BUILD)/bin/submitd-relay: $(call obj,submitd/relay/main.c) $(BUILD)/librelay.a
$(BUILD)/bin/submitd-auth:  $(call obj,auth/main.c) $(BUILD)/libauth.a
$(BUILD)/bin/submitctl:     $(call obj,submitd/ctl/main.c) $(BUILD)/libctl.a
$(BUILD)/bin/submitd:       LIBS = $(LIBS_MASTER)
$(BUILD)/bin/submitd-smtp:  LIBS = $(LIBS_SMTP)
$(BUILD)/bin/submitd-relay: LIBS = $(LIBS_RELAY)
$(BUILD)/bin/submitd-auth:  LIBS = $(LIBS_AUTH)
$(BUILD)/bin/submitctl:     LIBS = $(LIBS_CTL)

$(BINS): $(BUILD)/libshared.a
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) -Wl,--start-group \
		$(filter %.a,$^) -Wl,--end-group $(LIBS)

# Other flags (a prefix, a sanitizer) make other objects.
$(shell mkdir -p $(BUILD))
$(file >$(BUILD)/flags.now,$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL))
$(shell cmp -s $(BUILD)/flags.now $(BUILD)/flags || \
	cp $(BUILD)/flags.now $(BUILD)/flags)

$(BUILD)/obj/%.o: %.c Makefile $(BUILD)/flags
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(INCLUDES) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Tests see every role's headers; programs see their own folder's only.
$(BUILD)/obj/tests/%.o: INCLUDES = -iquote submitd/master -iquote submitd/smtp \
	-iquote submitd/relay -iquote auth -iquote tests/unit

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# -- tests --------------------------------------------------------------------

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(ROLE_LIBS)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< -Wl,--start-group $(ROLE_LIBS) \
		-Wl,--end-group -lcmocka $(LIBS_ALL)

.SECONDARY:

.PHONY: unit
unit: $(UNIT_TESTS)
	@set -e; for t in $(UNIT_TESTS); do $$t >$$t.log 2>&1 || \
		{ cat $$t.log; echo "FAILED $$t"; exit 1; }; \
		grep -h 'PASSED' $$t.log | sed "s|^|$${t##*/}: |"; done

# A fuzz target with a main of ours replays files; libFuzzer brings its own.
FUZZ_MAIN    ?= $(BUILD)/obj/tests/fuzz/replay.o
FUZZERS      := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BINS     = $(patsubst %,$(BUILD)/bin/fuzz_%,$(FUZZERS))
FUZZ          = $(FUZZERS)
FUZZ_SECONDS  = 60
FUZZ_JOBS     = $(shell nproc)
FUZZ_CC       = clang

$(FUZZ_BINS): $(BUILD)/bin/%: $(BUILD)/obj/tests/fuzz/%.o \
		$(filter %.o,$(FUZZ_MAIN)) $(ROLE_LIBS)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< $(FUZZ_MAIN) -Wl,--start-group \
		$(ROLE_LIBS) -Wl,--end-group -lcmocka $(LIBS_ALL)

.PHONY: fuzz-check
fuzz-check: $(FUZZ_BINS)
	@set -e; for t in $(FUZZERS); do \
		$(BUILD)/bin/fuzz_$$t tests/fuzz/corpus/$$t >$(BUILD)/fuzz.log 2>&1 || \
		{ cat $(BUILD)/fuzz.log; echo "FAILED fuzz_$$t"; exit 1; }; done
	@echo 'fuzz-check: $(words $(FUZZERS)) targets: PASSED'

.PHONY: fuzz fuzz-bins
fuzz-bins: $(FUZZ_BINS)
fuzz: packages
	$(Q)tests/packages.sh fuzz
	$(Q)$(MAKE) --no-print-directory BUILD=build/fuzz CC="$(FUZZ_CC)" \
		CFLAGS="-O1 -g" \
		SAN=fuzzer-no-link,address,undefined \
		FUZZ_MAIN=-fsanitize=fuzzer fuzz-bins
	$(Q)tests/fuzz/run.sh build/fuzz $(FUZZ_SECONDS) $(FUZZ_JOBS) $(FUZZ)

.PHONY: e2e
e2e: all
	$(Q)SUBMITD_BIN=$(abspath $(BUILD)/bin) /usr/bin/python3 -m pytest \
		-p no:cacheprovider -q $(PYTEST) tests/e2e

.PHONY: packages
packages:
	$(Q)tests/packages.sh

.PHONY: check
check: packages
	$(Q)$(MAKE) --no-print-directory all unit fuzz-check e2e

.PHONY: asan
asan: packages
	$(Q)$(MAKE) --no-print-directory BUILD=build/asan SAN=address,undefined \
		CFLAGS="-O1 -g" all unit fuzz-check e2e

# What runs in threads, which is auth and the pool; the rest has none.
TSAN_UNIT = $(patsubst %,$(BUILD)/tests/test_%,jobs passwordcheck abuse \
	exchange scram ldapservers)
TSAN_E2E  = tests/e2e/test_login_memory.py tests/e2e/test_bans.py \
	tests/e2e/test_login_flood.py

.PHONY: tsan tsan-run
tsan: packages
	$(Q)$(MAKE) --no-print-directory BUILD=build/tsan SAN=thread \
		CFLAGS="-O1 -g" tsan-run
tsan-run: all $(TSAN_UNIT)
	@set -e; for t in $(TSAN_UNIT); do $$t >$$t.log 2>&1 || \
		{ cat $$t.log; echo "FAILED $$t"; exit 1; }; done
	$(Q)SUBMITD_BIN=$(abspath $(BUILD)/bin) /usr/bin/python3 -m pytest \
		-p no:cacheprovider -q $(PYTEST) $(TSAN_E2E)

.PHONY: demo run
demo run: packages
	$(Q)$(MAKE) --no-print-directory all
	$(Q)SUBMITD_BIN=$(abspath $(BUILD)/bin) /usr/bin/python3 tests/demo.py $@

# -- style --------------------------------------------------------------------

C_FILES = $(shell git ls-files '*.c' '*.h')

.PHONY: format
format:
	$(Q)clang-format -i $(C_FILES)

.PHONY: lint
lint: packages
	$(Q)tests/packages.sh lint
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(Q)clang-tidy --quiet $(filter submitd/% auth/%,$(filter %.c,$(C_FILES))) -- \
		$(CPPFLAGS_ALL) -std=c11 2>/dev/null # findings are on stdout
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability \
		--suppress=missingIncludeSystem -Iinclude -D_GNU_SOURCE \
		$(filter submitd/% auth/%,$(filter %.c,$(C_FILES)))

# -- installation -------------------------------------------------------------

.PHONY: install
install: all
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(libexecdir) \
		$(DESTDIR)$(docdir)/clients $(DESTDIR)$(docdir)/ldap \
		$(DESTDIR)$(sysconfdir)/submitd
	install -m 755 $(BUILD)/bin/submitd $(BUILD)/bin/submitctl \
		$(DESTDIR)$(sbindir)
	install -m 755 $(BUILD)/bin/submitd-smtp $(BUILD)/bin/submitd-auth \
		$(BUILD)/bin/submitd-relay $(DESTDIR)$(libexecdir)
	install -m 644 README.md docs/*.md $(DESTDIR)$(docdir)
	install -m 644 docs/clients/* $(DESTDIR)$(docdir)/clients
	install -m 644 docs/ldap/* $(DESTDIR)$(docdir)/ldap

.PHONY: clean
clean:
	rm -rf $(BUILD)

.PHONY: help
help:
	@echo 'make            build everything into $(BUILD)/'
	@echo 'make demo       the main job, shown end to end; ends by itself'
	@echo 'make run        the same, left running in the foreground'
	@echo 'make check      build and pass every test (installs what it needs)'
	@echo 'make unit|e2e   only the unit tests / only the end-to-end tests'
	@echo 'make asan       the suite under ASan and UBSan'
	@echo 'make tsan       the threads of auth under ThreadSanitizer'
	@echo 'make fuzz       libFuzzer, FUZZ_SECONDS=60 for each of FUZZ=target...'
	@echo 'make fuzz-check every seed and kept crash once'
	@echo 'make lint       clang-format, clang-tidy, cppcheck'
	@echo 'make format     lay out the C files'
	@echo 'make install    DESTDIR=, prefix= as usual'
	@echo 'make clean      remove $(BUILD)/'
	@echo 'V=1 shows the commands.'
