# SPDX-License-Identifier: GPL-2.0-or-later
# p2pusb - build, test and install.  `make help` lists the verbs.

PREFIX     ?= /usr
SBINDIR    ?= $(PREFIX)/sbin
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system
UDEVDIR    ?= $(PREFIX)/lib/udev/rules.d
MODLOADDIR  ?= $(PREFIX)/lib/modules-load.d
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
DKMSDIR       = /usr/src/p2pvhci-$(VERSION)
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
DESTDIR    ?=
BUILD      ?= build
KDIR       ?= /lib/modules/$(shell uname -r)/build
V          ?= 0
Q          := $(if $(filter 1,$(V)),,@)

VERSION    := 0.1.0
LIBS       := gnutls nettle hogweed libngtcp2 libngtcp2_crypto_gnutls libuv \
	      json-c inih libnl-genl-3.0 libcap-ng
CPPFLAGS   += -Iuapi -Iuserspace/lib -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	      -DP2PUSB_VERSION='"$(VERSION)"'
CFLAGS     ?= -O2 -g
CFLAGS     += -std=gnu11 -Wall -Wextra -Werror -fstack-protector-strong \
	      -MMD -MP
PKG_CFLAGS  = $(shell pkg-config --cflags $(LIBS) libusb-1.0)
LDLIBS      = $(shell pkg-config --libs $(LIBS)) -lpthread

lib_src    := $(wildcard userspace/lib/*.c)
agent_src  := $(wildcard userspace/agent/*.c)
server_src := $(wildcard userspace/server/*.c)
ctl_src    := $(wildcard userspace/ctl/*.c)
fake_src   := $(wildcard tests/fakedev/*.c)
obj         = $(patsubst %.c,$(BUILD)/%.o,$(1))
programs   := $(BUILD)/p2pusb-agent $(BUILD)/p2pusbd $(BUILD)/p2pusbctl \
	      $(BUILD)/p2pusb-fakedev

.PHONY: all
all: $(programs)

$(BUILD)/libp2pusb.a: $(call obj,$(lib_src))
	@echo "  AR      $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/p2pusb-agent: $(call obj,$(agent_src)) $(BUILD)/libp2pusb.a
$(BUILD)/p2pusbctl: $(call obj,$(ctl_src)) $(BUILD)/libp2pusb.a
$(BUILD)/p2pusbd: $(call obj,$(server_src)) $(BUILD)/libp2pusb.a
$(BUILD)/p2pusb-fakedev: $(call obj,$(fake_src)) $(BUILD)/libp2pusb.a
$(BUILD)/p2pusbd: LDLIBS += $(shell pkg-config --libs libusb-1.0)

$(programs):
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -c -o $@ $<

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: module
module:
	$(Q)$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR)/kmod modules

.PHONY: unit
unit:
	$(Q)$(MAKE) --no-print-directory -C tests/unit run

# What lies beside the daemons and where it goes; the suffix tells.
units      := $(wildcard userspace/*/*.service)
rules      := $(wildcard userspace/*/*.rules)
confs      := $(wildcard userspace/agent/*.conf userspace/server/*.conf)
modloads   := $(wildcard userspace/*/*.modules-load)
sysusers   := $(wildcard userspace/*/*.sysusers)
tmpfiles   := $(wildcard userspace/*/*.tmpfiles)
man        := $(wildcard Documentation/man/*.[58])
to_conf     = $(addprefix $(1)/,$(addsuffix .conf,$(basename $(notdir $(2)))))
to_man      = $(foreach m,$(man),$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m)))
# Everything but configuration, which may be the administrator's by now.
installed   = $(SBINDIR)/p2pusb-agent $(SBINDIR)/p2pusbd $(BINDIR)/p2pusbctl \
	      $(BINDIR)/p2pusb-fakedev \
	      $(addprefix $(UNITDIR)/,$(notdir $(units))) \
	      $(addprefix $(UDEVDIR)/,$(notdir $(rules))) \
	      $(call to_conf,$(MODLOADDIR),$(modloads)) \
	      $(call to_conf,$(SYSUSERSDIR),$(sysusers)) \
	      $(call to_conf,$(TMPFILESDIR),$(tmpfiles)) \
	      $(to_man) $(COMPLETIONDIR)/p2pusbctl

# A configuration file that is there already stays: it shows defaults only.
.PHONY: docs
docs:
	$(Q)Documentation/build $(BUILD)/docs

.PHONY: install
install: all
	install -Dm755 $(BUILD)/p2pusb-agent $(DESTDIR)$(SBINDIR)/p2pusb-agent
	install -Dm755 $(BUILD)/p2pusbd $(DESTDIR)$(SBINDIR)/p2pusbd
	install -Dm755 $(BUILD)/p2pusbctl $(DESTDIR)$(BINDIR)/p2pusbctl
	install -Dm755 $(BUILD)/p2pusb-fakedev \
		$(DESTDIR)$(BINDIR)/p2pusb-fakedev
	install -Dm644 -t $(DESTDIR)$(UNITDIR) $(units)
	install -Dm644 -t $(DESTDIR)$(UDEVDIR) $(rules)
	$(Q)for f in $(modloads); do n=$${f##*/}; install -Dm644 $$f \
		$(DESTDIR)$(MODLOADDIR)/$${n%.*}.conf || exit 1; done
	$(Q)for f in $(sysusers); do n=$${f##*/}; install -Dm644 $$f \
		$(DESTDIR)$(SYSUSERSDIR)/$${n%.*}.conf || exit 1; done
	$(Q)for f in $(tmpfiles); do n=$${f##*/}; install -Dm644 $$f \
		$(DESTDIR)$(TMPFILESDIR)/$${n%.*}.conf || exit 1; done
	$(Q)for f in $(confs); do t=$(DESTDIR)$(SYSCONFDIR)/p2pusb/$${f##*/}; \
		[ -e $$t ] || install -Dm644 $$f $$t || exit 1; done
	$(Q)for f in $(man); do install -Dm644 -t \
		$(DESTDIR)$(MANDIR)/man$${f##*.} $$f || exit 1; done
	install -Dm644 userspace/ctl/p2pusbctl.bash \
		$(DESTDIR)$(COMPLETIONDIR)/p2pusbctl
	$(if $(DESTDIR),,$(Q)$(MAKE) --no-print-directory activate)

# What a boot would do with the files: user, directories, rights of devices.
.PHONY: activate
activate:
	$(Q)[ -d /run/systemd/system ] || exit 0; \
	systemd-sysusers && systemd-tmpfiles --create $(notdir $(call \
		to_conf,x,$(tmpfiles))) && udevadm control --reload && \
	udevadm trigger --subsystem-match=usb --subsystem-match=misc && \
	systemctl daemon-reload

.PHONY: uninstall
uninstall:
	rm -f $(addprefix $(DESTDIR),$(installed))

# DKMS_KERNEL: "-k VERSION" for another kernel than the running one.
.PHONY: dkms-install
dkms-install:
	rm -rf $(DKMSDIR)
	install -d $(DKMSDIR)
	cp -r Kbuild dkms.conf kmod uapi $(DKMSDIR)
	$(Q)find $(DKMSDIR)/kmod \( -name '*.o' -o -name '*.ko' \
		-o -name '*.mod*' -o -name '.*.cmd' \) -delete
	dkms install --force p2pvhci/$(VERSION) $(DKMS_KERNEL)

.PHONY: dkms-remove
dkms-remove:
	dkms remove p2pvhci/$(VERSION) --all
	rm -rf $(DKMSDIR)

.PHONY: clean
clean:
	$(Q)rm -rf $(BUILD)
	$(Q)find kmod -name '*.o' -o -name '*.ko' -o -name '*.mod*' \
		-o -name '.*.cmd' -o -name 'modules.order' \
		-o -name 'Module.symvers' | xargs -r rm -f

.PHONY: help
help:
	@echo 'all                  the programs, into $(BUILD)/'
	@echo 'module [KDIR=]       p2pvhci.ko for one kernel'
	@echo 'unit                 unit tests, ASan and UBSan'
	@echo 'install [DESTDIR=]   programs, units, rules, man pages'
	@echo 'dkms-install         hand the module to DKMS; dkms-remove'
	@echo 'uninstall            remove what install wrote, but configuration'
	@echo 'docs                 HTML of Documentation/, with the headers in it'
	@echo 'clean                remove what was built'
	@echo 'tests/run            all tests, in virtual machines'
