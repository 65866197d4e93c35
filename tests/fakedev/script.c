// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * script - the small language that says what devices there are.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "persona.h"
#include "script_line.h"

#define LINE_MAX_BYTES	4096

/* Of a device */

static int line_device(struct script_line *r)
{
	const struct persona *persona = persona_find(r->words[1]);
	struct script *script = r->script;
	const struct persona_ep *ep;
	struct spec *spec;

	if (!persona)
		return script_fail(r, "no personality is called \"%s\". Try: --list",
			    r->words[1]);
	if (script->nspecs >= SCRIPT_SPECS_MAX)
		return script_fail(r, "more than %u kinds of devices",
			    SCRIPT_SPECS_MAX);
	spec = &script->specs[script->nspecs++];
	spec->persona = persona;
	spec->speed = persona->speed;
	spec->vid = persona->vid;
	spec->pid = persona->pid;
	spec->count = 1;
	spec->line = r->line;
	snprintf(spec->manufacturer, sizeof(spec->manufacturer), "p2pusb");
	snprintf(spec->product, sizeof(spec->product), "fakedev %s",
		 persona->name);
	snprintf(spec->serial, sizeof(spec->serial), "FAKE");
	for (ep = persona->eps; ep->addr; ep++) {
		if (!strcmp(ep->data, "loop"))
			script_rule(spec, ep->addr)->loop = 1;
	}
	r->spec = spec;
	return 0;
}

static int line_speed(struct script_line *r)
{
	static const char *const names[] = {
		"low", "full", "high", "super", "super-plus", NULL,
	};
	int speed = script_find(names, r->words[1]) + 1;

	if (!speed)
		return script_fail(r, "no speed is called \"%s\". Try: low, full, high, super, super-plus",
			    r->words[1]);
	if (speed < r->spec->persona->min_speed)
		return script_fail(r, "%s cannot be of %s speed",
			    r->spec->persona->name, r->words[1]);
	r->spec->speed = (uint8_t)speed;
	return 0;
}

static int line_id(struct script_line *r)
{
	return script_ids(r, r->words[1], &r->spec->vid, &r->spec->pid);
}

static int line_on_reset(struct script_line *r)
{
	return script_ids(r, r->words[1], &r->spec->reset_vid, &r->spec->reset_pid);
}

/* Texts are all words of the line. */
static int text(struct script_line *r, char to[SPEC_TEXT_MAX])
{
	unsigned int i;
	size_t len = 0;
	const char *c;

	for (i = 1; i < r->nwords; i++) {
		if (i > 1 && len + 1 < SPEC_TEXT_MAX)
			to[len++] = ' ';
		for (c = r->words[i]; *c; c++) {
			if (*c < 0x20 || *c > 0x7e || *c == '"' || *c == '\\')
				return script_fail(r, "texts are printable ASCII without \" and \\");
			if (len + 1 >= SPEC_TEXT_MAX)
				return script_fail(r, "text is longer than %u bytes",
					    SPEC_TEXT_MAX - 1);
			to[len++] = *c;
		}
	}
	to[len] = '\0';
	return 0;
}

static int line_serial(struct script_line *r)
{
	return text(r, r->spec->serial);
}

static int line_product(struct script_line *r)
{
	return text(r, r->spec->product);
}

static int line_manufacturer(struct script_line *r)
{
	return text(r, r->spec->manufacturer);
}

static int line_count(struct script_line *r)
{
	return script_number(r, r->words[1], 1, SPEC_COUNT_MAX, &r->spec->count);
}

static int line_identical(struct script_line *r)
{
	r->spec->identical = 1;
	return 0;
}

static int line_unplug(struct script_line *r)
{
	return script_number(r, r->words[1], 1, SCRIPT_MS_MAX, &r->spec->unplug_ms);
}

static int line_return(struct script_line *r)
{
	return script_number(r, r->words[1], 1, SCRIPT_MS_MAX, &r->spec->return_ms);
}

static int line_wakeup(struct script_line *r)
{
	return script_number(r, r->words[1], 1, SCRIPT_MS_MAX, &r->spec->wakeup_ms);
}

/* endpoint ADDR TYPE BYTES [INTERVAL-US [STREAMS]] */
static int line_endpoint(struct script_line *r)
{
	static const char *const types[] = {
		"control", "iso", "bulk", "interrupt", NULL,
	};
	uint32_t v[4] = { 0, 0, 1000, 0 };
	struct spec *spec = r->spec;
	int type = script_find(types, r->words[2]);

	if (spec->persona != &persona_plain)
		return script_fail(r, "only a plain device takes endpoints");
	if (spec->neps >= SPEC_EPS_MAX)
		return script_fail(r, "more than %u endpoints", SPEC_EPS_MAX);
	if (type <= 0)
		return script_fail(r, "no endpoint is of type \"%s\". Try: iso, bulk, interrupt",
			    r->words[2]);
	if (script_number(r, r->words[1], 1, 0x8f, &v[0]) ||
	    script_number(r, r->words[3], 1, 1024, &v[1]) ||
	    (r->nwords > 4 && script_number(r, r->words[4], 0, 4096000, &v[2])) ||
	    (r->nwords > 5 && script_number(r, r->words[5], 0, 65536, &v[3])))
		return -EINVAL;
	if (v[0] & 0x70 || !(v[0] & 0x0f))
		return script_fail(r, "%s is no endpoint address", r->words[1]);
	spec->eps[spec->neps++] = (struct spec_ep) {
		.addr = (uint8_t)v[0],
		.attributes = (uint8_t)type,
		.packet = (uint16_t)v[1],
		.interval_us = v[2],
		.streams = v[3],
	};
	return 0;
}

/* descriptor device|config|bos HEX...; later lines of a kind add to it */
static int line_descriptor(struct script_line *r)
{
	static const char *const names[] = { "device", "config", "bos", NULL };
	struct spec_raw *const raws[] = {
		&r->spec->raw_device, &r->spec->raw_config, &r->spec->raw_bos,
	};
	int which = script_find(names, r->words[1]);
	unsigned int i;
	size_t len;
	int ret;

	if (which < 0)
		return script_fail(r, "no descriptor is called \"%s\". Try: device, config, bos",
			    r->words[1]);
	len = raws[which]->len;
	for (i = 2; i < r->nwords; i++) {
		ret = script_hex(r, r->words[i], raws[which]->bytes,
				 which ? SPEC_RAW_MAX : 18, &len);
		if (ret)
			return ret;
	}
	raws[which]->len = (uint16_t)len;
	return 0;
}

static const struct {
	const char *name;
	unsigned int min;
	unsigned int max;
	int (*take)(struct script_line *r);
} line_rows[] = {
	{ "device", 1, 1, line_device },
	{ "speed", 1, 1, line_speed },
	{ "id", 1, 1, line_id },
	{ "serial", 1, SCRIPT_WORDS_MAX, line_serial },
	{ "product", 1, SCRIPT_WORDS_MAX, line_product },
	{ "manufacturer", 1, SCRIPT_WORDS_MAX, line_manufacturer },
	{ "count", 1, 1, line_count },
	{ "identical", 0, 0, line_identical },
	{ "endpoint", 3, 5, line_endpoint },
	{ "descriptor", 2, SCRIPT_WORDS_MAX, line_descriptor },
	{ "on", 2, SCRIPT_WORDS_MAX, script_rule_line },
	{ "on-reset", 1, 1, line_on_reset },
	{ "unplug-after", 1, 1, line_unplug },
	{ "return-after", 1, 1, line_return },
	{ "wakeup-after", 1, 1, line_wakeup },
};

static int take_line(struct script_line *r)
{
	unsigned int more = r->nwords - 1;
	size_t i;

	for (i = 0; i < sizeof(line_rows) / sizeof(line_rows[0]); i++) {
		if (strcmp(line_rows[i].name, r->words[0]))
			continue;
		if (more < line_rows[i].min || more > line_rows[i].max)
			return script_fail(r, "%s: wrong number of values",
				    r->words[0]);
		if (i && !r->spec)
			return script_fail(r, "\"%s\" before the first \"device\"",
				    r->words[0]);
		return line_rows[i].take(r);
	}
	return script_fail(r, "no line starts with \"%s\"", r->words[0]);
}

/* Splits in place; a word that starts with # ends the line. */
static int split(struct script_line *r, char *line)
{
	char *save = NULL;
	char *word;

	r->nwords = 0;
	for (word = strtok_r(line, " \t\r", &save); word && *word != '#';
	     word = strtok_r(NULL, " \t\r", &save)) {
		if (r->nwords >= SCRIPT_WORDS_MAX)
			return script_fail(r, "more than %u words", SCRIPT_WORDS_MAX);
		r->words[r->nwords++] = word;
	}
	return 0;
}

int script_read_text(struct script *script, const char *name, const char *text,
		     char *error, size_t len)
{
	struct script_line r = {
		.script = script, .name = name, .error = error,
		.error_len = len,
	};
	char line[LINE_MAX_BYTES];
	size_t n;
	int ret;

	while (*text) {
		n = strcspn(text, "\n;");
		r.line++;
		if (n >= sizeof(line))
			return script_fail(&r, "line is longer than %zu bytes",
				    sizeof(line) - 1);
		memcpy(line, text, n);
		line[n] = '\0';
		text += n + (text[n] != '\0');
		ret = split(&r, line);
		if (!ret && r.nwords)
			ret = take_line(&r);
		if (ret)
			return ret;
	}
	if (!script->nspecs)
		return script_fail(&r, "no device");
	return 0;
}

int script_read_file(struct script *script, const char *path, char *error,
		     size_t len)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *file;
	int ret;

	file = fopen(path, "re");
	if (!file) {
		ret = -errno;
		snprintf(error, len, "%s: %s", path, strerror(-ret));
		return ret;
	}
	n = getdelim(&text, &size, '\0', file);
	fclose(file);
	ret = script_read_text(script, path, n > 0 ? text : "", error, len);
	free(text);
	return ret;
}

void script_free(struct script *script)
{
	unsigned int i;
	unsigned int k;

	for (i = 0; i < script->nspecs; i++) {
		for (k = 0; k < script->specs[i].nrules; k++)
			free(script->specs[i].rules[k].answers);
	}
	script->nspecs = 0;
}
