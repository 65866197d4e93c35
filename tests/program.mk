# SPDX-License-Identifier: GPL-2.0-or-later
#
# Build the programs that guest tests call.  The Makefile of a folder of tests
# includes this, and gets one program from each NAME.c beside it and from each
# NAME/*.c below it; in the guest they are in the PATH.
#
# make -C tests/FOLDER [BUILD=where programs go] [LIB=where libp2pusb.a is]

top      := ../..
BUILD    ?= $(top)/build/tests
LIB      ?= $(top)/build
CFLAGS   ?= -O2 -g
CFLAGS   += -std=gnu11 -Wall -Wextra -Werror
CPPFLAGS += -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -I$(top)/uapi \
	    -I$(top)/userspace/lib \
	    $(shell pkg-config --cflags libusb-1.0 libnl-genl-3.0)
# Only what a program uses becomes a need of it.
LDLIBS   += $(wildcard $(LIB)/libp2pusb.a) -Wl,--as-needed \
	    $(shell pkg-config --libs libusb-1.0 libnl-genl-3.0) -lpthread

headers  := $(wildcard *.h */*.h)
programs := $(patsubst %.c,%,$(wildcard *.c)) \
	    $(patsubst %/,%,$(sort $(dir $(wildcard */*.c))))

.PHONY: all
all: $(addprefix $(BUILD)/,$(programs))

.SECONDEXPANSION:
$(BUILD)/%: $$(wildcard $$*.c $$*/*.c) $(headers)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $(filter %.c,$^) $(LDLIBS)
