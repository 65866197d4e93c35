// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The server's configuration: defaults, good values, sentences for bad ones.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Not the agent's of the same name: the folder has its own. */
#include "../../userspace/server/settings.h"

static struct settings settings;
static char error[512];

static int read_text(const char *text)
{
	char path[] = "/tmp/p2pusb-unit-XXXXXX";
	int fd = mkstemp(path);
	int ret;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	error[0] = '\0';
	ret = settings_read(path, &settings, error, sizeof(error));
	unlink(path);
	return ret;
}

static void test_defaults(void **state)
{
	const struct sockaddr_in6 *addr = (void *)&settings.listen[0];

	(void)state;
	assert_int_equal(settings_read("/nonexistent/p2pusbd.conf", &settings,
				       error, sizeof(error)), -ENOENT);
	assert_int_equal(read_text(""), 0);
	assert_int_equal(settings.nlisten, 1);
	assert_int_equal(addr->sin6_family, AF_INET6);
	assert_int_equal(ntohs(addr->sin6_port), 3241);
	assert_true(IN6_IS_ADDR_UNSPECIFIED(&addr->sin6_addr));
	assert_int_equal(settings.nshare, 0);
}

static void test_engine(void **state)
{
	(void)state;
	assert_int_equal(read_text("[server]\nname = x\n"), 0);
	assert_int_equal(settings.engine, SETTINGS_USBFS);
	assert_int_equal(read_text("[server]\nengine = libusb\n"), 0);
	assert_int_equal(settings.engine, SETTINGS_LIBUSB);
	assert_int_equal(read_text("[server]\nengine = winusb\n"), -EINVAL);
	assert_non_null(strstr(error, "is one of usbfs, libusb"));
}

static void test_listen(void **state)
{
	const struct sockaddr_in *in = (void *)&settings.listen[0];
	const struct sockaddr_in6 *in6 = (void *)&settings.listen[1];

	(void)state;
	assert_int_equal(read_text("[server]\nlisten = 192.0.2.1:99\n"
				   "listen = [2001:db8::1]:77\n"
				   "listen = ::1\nlisten = 127.0.0.1\n"), 0);
	assert_int_equal(settings.nlisten, 4);
	assert_int_equal(ntohs(in->sin_port), 99);
	assert_int_equal(ntohs(in6->sin6_port), 77);
	assert_int_equal(settings.listen[2].ss_family, AF_INET6);
	assert_int_equal(settings.listen[3].ss_family, AF_INET);
}

static void test_bad_listen(void **state)
{
	static const char *const bad[] = {
		"here", "1.2.3", "[::1", "[::1]x", "[::1]:", "1.2.3.4:",
		"1.2.3.4:70000", "1.2.3.4:7x", ":3241", "[]:1",
	};
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "[server]\nlisten = %s\n", bad[i]);
		if (!read_text(text))
			fail_msg("%s is good", bad[i]);
		assert_non_null(strstr(error, ":2: listen"));
	}
}

static void test_share(void **state)
{
	(void)state;
	assert_int_equal(read_text("[share]\ndevice = 0781:*\n"
				   "device = class:hid\n"), 0);
	assert_int_equal(settings.nshare, 2);
	assert_string_equal(settings.share[0], "0781:*");
	assert_int_not_equal(read_text("[share]\ndevice = what ever\n"), 0);
	assert_non_null(strstr(error, ":2: device"));
}

static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(read_text("[limits]\nrequests = 17\n"
				   "request_kib = 64\nendpoint_kib = 128\n"
				   "links = 2\n"), 0);
	assert_int_equal(settings.max_urbs, 17);
	assert_int_equal(settings.max_urb_kib, 64);
	assert_int_equal(settings.max_ep_kib, 128);
	assert_int_equal(settings.max_links, 2);
	assert_int_not_equal(read_text("[limits]\nrequests = 0\n"), 0);
	assert_int_not_equal(read_text("[limits]\nrequest_kib = 9999\n"), 0);
}

static void test_unknown(void **state)
{
	(void)state;
	assert_int_not_equal(read_text("[server]\nlisen = ::\n"), 0);
	assert_non_null(strstr(error, ":2: lisen"));
	assert_int_not_equal(read_text("[server]\nlog = loud\n"), 0);
	assert_non_null(strstr(error, "is one of"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_engine),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_bad_listen),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
