// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An honest agent with its device, and a driver that moves verified bytes
 * through it.
 *
 * It has all the time it wants: it shares its processors with those who fuzz.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz_dice.h"
#include "fuzz_honest.h"
#include "ktap.h"
#include "ringdev.h"

#define LEN		20000
#define TIMEOUT_MS	60000

struct fuzz_honest *fuzz_honest;

void fuzz_wrong(const char *format, ...)
{
	uint32_t n = fuzz_honest->wrongs++;
	va_list args;

	if (n >= FUZZ_COMPLAINTS)
		return;
	va_start(args, format);
	vsnprintf(fuzz_honest->wrong[n], sizeof(fuzz_honest->wrong[n]),
		  format, args);
	va_end(args);
}

/* Processes ----------------------------------------------------------------- */

void *fuzz_share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		ktap_abort("no memory");
	return p;
}

pid_t fuzz_start(void (*run)(unsigned int), unsigned int arg)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run(arg);
	_exit(0);
}

void fuzz_join(pid_t pid, long timeout_ms)
{
	long end = ringdev_now_ms() + timeout_ms;

	while (!waitpid(pid, NULL, WNOHANG)) {
		if (ringdev_now_ms() > end) {
			fuzz_wrong("process %d does not end", pid);
			return;
		}
		usleep(10000);
	}
}

/* The pair ------------------------------------------------------------------ */

static void agent(unsigned int unused)
{
	struct ringdev d = { .product = FUZZ_HONEST, .area = 256 << 10 };

	(void)unused;
	if (ringdev_plug(&d, P2PVHCI_SPEED_HIGH))
		_exit(1);
	fuzz_honest->port = d.port;
	for (;;)
		pause();
}

/* There and back, by bulk or by control. */
static int loop(int usb, struct fuzz_dice *dice)
{
	static uint8_t out[LEN], in[LEN];
	int bulk = !fuzz_one_in(dice, 8);
	int len = 1 + fuzz_below(dice, bulk ? LEN : 4096);
	int there, back;

	ringdev_fill(out, len, fuzz_u64(dice));
	memset(in, 0, len);
	if (bulk) {
		there = ringdev_bulk(usb, RINGDEV_BULK_OUT, out, len,
				     TIMEOUT_MS);
		back = ringdev_bulk(usb, RINGDEV_BULK_IN, in, len, TIMEOUT_MS);
	} else {
		there = ringdev_control(usb, 0x40, RINGDEV_REQ_MEMORY, 0, 0,
					out, len, TIMEOUT_MS);
		back = ringdev_control(usb, 0xc0, RINGDEV_REQ_MEMORY, 0, 0, in,
				       len, TIMEOUT_MS);
	}
	if (there == len && back == len && !memcmp(out, in, len))
		return 2 * len;
	fuzz_wrong("honest %s of %d: %d there, %d back, %s bytes",
		   bulk ? "bulk" : "control", len, there, back,
		   memcmp(out, in, len) ? "other" : "the right");
	return -EIO;
}

static void driver(unsigned int seed)
{
	struct fuzz_dice dice = { fuzz_mix(seed, 1) };
	int usb = ringdev_usbfs_of(FUZZ_HONEST, 30000), rc = usb;

	if (usb < 0)
		fuzz_wrong("no honest device: %d", usb);
	while (rc >= 0 && !fuzz_honest->stop) {
		rc = loop(usb, &dice);
		if (rc > 0)
			fuzz_honest->bytes += rc;
		fuzz_honest->loops++;
		/* Others want to run, too. */
		usleep(10000);
	}
}

void fuzz_honest_start(uint64_t seed)
{
	long end = ringdev_now_ms() + 40000;

	fuzz_honest = fuzz_share(sizeof(*fuzz_honest));
	fuzz_honest->agent = fuzz_start(agent, 0);
	fuzz_honest->driver = fuzz_start(driver, seed);
	while (!fuzz_honest->loops && !fuzz_honest->wrongs &&
	       ringdev_now_ms() < end)
		usleep(10000);
	if (!fuzz_honest->loops || fuzz_honest->wrongs)
		ktap_abort("no honest pair: %s", fuzz_honest->wrong[0]);
}

void fuzz_honest_end(void)
{
	struct fuzz_honest *h = fuzz_honest;
	unsigned int i;

	h->stop = 1;
	fuzz_join(h->driver, 2 * TIMEOUT_MS);
	kill(h->agent, SIGKILL);
	fuzz_join(h->agent, TIMEOUT_MS);
	for (i = 0; i < h->wrongs && i < FUZZ_COMPLAINTS; i++)
		printf("# wrong: %s\n", h->wrong[i]);
}
