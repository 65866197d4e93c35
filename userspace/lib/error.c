// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * error - the table of codes that people and scripts see.
 *
 * Codes are only ever added: scripts match on them.  Does not print.
 */
#include "error.h"

#include <string.h>

/* Sorted by exit status, then by code. */
static const struct error_code error_codes[] = {
	{ "E_INTERNAL", ERROR_EXIT_FAILED,
	  "The program met a situation that it does not understand. This is a "
	  "defect: please report the line and the version (p2pusbctl "
	  "--version)." },
	{ "E_IO", ERROR_EXIT_FAILED,
	  "The operating system refused to read, write or open something; the "
	  "sentence names it. Look at the free space and the rights of that "
	  "file, or at the cable of that device." },
	{ "E_PROTOCOL", ERROR_EXIT_FAILED,
	  "The other side sent something that is not the protocol. Usually the "
	  "two sides are of different versions: compare p2pusbctl --version "
	  "on both and restart the daemons after an upgrade." },
	{ "E_UNPLUGGED", ERROR_EXIT_FAILED,
	  "The device left the other machine while it was being attached or "
	  "used. Plug it in again and look for it with p2pusbctl list PEER." },
	{ "E_UNSUPPORTED", ERROR_EXIT_FAILED,
	  "This device cannot be shared (a hub, for instance), or this version "
	  "cannot do what was asked." },

	{ "E_BAD_ADDRESS", ERROR_EXIT_USAGE,
	  "An address is HOST, HOST:PORT, an IPv4 address or [IPv6]:PORT, "
	  "without spaces." },
	{ "E_BAD_ID", ERROR_EXIT_USAGE,
	  "An id is what p2pusbctl id prints on the other machine: groups of "
	  "eight letters and digits. A mistyped id is noticed by its checksum. "
	  "Copy the whole line." },
	{ "E_BAD_NAME", ERROR_EXIT_USAGE,
	  "The name of a peer has 1 to 32 of the characters A-Z a-z 0-9 . _ -" },
	{ "E_BAD_PATTERN", ERROR_EXIT_USAGE,
	  "A pattern is *, VID:PID, VID:PID:SERIAL, port:BUSID or class:NAME; "
	  "* and ? and [...] stand for characters. Quote it for the shell." },
	{ "E_USAGE", ERROR_EXIT_USAGE,
	  "The command line or a request is not understood. p2pusbctl help "
	  "VERB shows what a verb takes." },

	{ "E_CONFIG", ERROR_EXIT_CONFIG,
	  "A configuration file holds something that the program does not "
	  "understand; the sentence names file, line and key. Correct the "
	  "line and restart the daemon." },

	{ "E_AMBIGUOUS", ERROR_EXIT_UNKNOWN,
	  "More than one device answers to that name; nothing was guessed. Use "
	  "one of the names that were listed." },
	{ "E_UNKNOWN_CODE", ERROR_EXIT_UNKNOWN,
	  "There is no such code. p2pusbctl explain lists all." },
	{ "E_UNKNOWN_DEVICE", ERROR_EXIT_UNKNOWN,
	  "No such device is there, or it is not for you: a server shows and "
	  "gives a peer only what its patterns allow and what is shared. Look "
	  "with p2pusbctl list PEER here and with p2pusbctl list and "
	  "p2pusbctl peer list on the server." },
	{ "E_UNKNOWN_PEER", ERROR_EXIT_UNKNOWN,
	  "No peer of that name is known here. Known ones: p2pusbctl peer "
	  "list. New ones: p2pusbctl peer add NAME ID." },
	{ "E_UNKNOWN_PORT", ERROR_EXIT_UNKNOWN,
	  "Nothing is attached under that port or name. p2pusbctl status shows "
	  "what is." },

	{ "E_BUSY", ERROR_EXIT_BUSY,
	  "Somebody uses the device, or it is attached already. A device "
	  "belongs to one client at a time: detach it there first." },
	{ "E_CLAIM", ERROR_EXIT_BUSY,
	  "The server could not take the device from its own system: a program "
	  "or a driver there holds it. End that program and try again." },
	{ "E_LIMIT", ERROR_EXIT_BUSY,
	  "A limit is reached; the sentence names it (peers, devices, ports, "
	  "requests at a time)." },
	{ "E_PEER_EXISTS", ERROR_EXIT_BUSY,
	  "A peer of that name, or with that id, is known already. Remove it "
	  "first: p2pusbctl peer remove NAME." },

	{ "E_DENIED", ERROR_EXIT_DENIED,
	  "The other machine, or the policy here, does not admit this. An "
	  "empty list admits nobody: on the server, p2pusbctl peer add NAME ID "
	  "--allow PATTERN, and p2pusbctl share DEVICE." },
	{ "E_KEY", ERROR_EXIT_DENIED,
	  "A key does not fit: the other machine does not know this one's id, "
	  "or it proved another id than the one on file. Compare p2pusbctl id "
	  "on each side with p2pusbctl peer list on the other. If you did not "
	  "change a key, somebody else may answer at that address." },
	{ "E_PERMISSION", ERROR_EXIT_DENIED,
	  "Plugging hardware into this machine, or speaking to a daemon, needs "
	  "a right that you lack. Use sudo; for everything but attach and "
	  "detach, membership in the group p2pusb is enough." },
	{ "E_REVOKED", ERROR_EXIT_DENIED,
	  "The server took the device back: it is no longer shared, or no "
	  "longer allowed to this machine." },

	{ "E_AGENT_DOWN", ERROR_EXIT_UNREACHABLE,
	  "The module is loaded, but no agent listens for requests. Start it: "
	  "systemctl start p2pusb-agent; journalctl -u p2pusb-agent tells why "
	  "it stopped." },
	{ "E_DAEMON_DOWN", ERROR_EXIT_UNREACHABLE,
	  "The daemon that this verb needs does not run. On the machine that "
	  "shares devices: systemctl start p2pusbd. On the machine that uses "
	  "them: systemctl start p2pusb-agent." },
	{ "E_MODULE_MISSING", ERROR_EXIT_UNREACHABLE,
	  "The kernel module p2pvhci is not loaded. modprobe p2pvhci; if it is "
	  "not found, install p2pvhci-dkms and the headers of the running "
	  "kernel; if it is refused, Secure Boot may want it signed." },
	{ "E_SHUTDOWN", ERROR_EXIT_UNREACHABLE,
	  "The daemon is going down. Try again when it is back." },
	{ "E_UNREACHABLE", ERROR_EXIT_UNREACHABLE,
	  "No answer from the other machine: wrong address, a firewall (UDP), "
	  "p2pusbd not running there, or the line is cut." },

	{ "E_TIMEOUT", ERROR_EXIT_TIMEOUT,
	  "There was no answer in time. The same may work at the next try; "
	  "attach takes --timeout SECONDS." },
	{ NULL, 0, NULL }
};

const struct error_code *error_find(const char *code)
{
	const struct error_code *row;

	if (!code)
		return NULL;
	for (row = error_codes; row->code; row++)
		if (!strcmp(row->code, code))
			return row;
	return NULL;
}

const struct error_code *error_table(void)
{
	return error_codes;
}
