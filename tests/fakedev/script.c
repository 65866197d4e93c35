// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * script - the small language that says what devices there are.
 */
#include <errno.h>
#include <p2pusb/wire.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "persona.h"
#include "script.h"

#define LINE_MAX_BYTES	4096
#define WORDS_MAX	80
#define MS_MAX		3600000u

/**
 * struct reader - where we are
 * @script: what is filled
 * @spec: device of this block, NULL before the first
 * @name: of the file
 * @line: number
 * @nwords: words of the line
 * @words: those
 * @error: sentence
 * @error_len: its size
 */
struct reader {
	struct script *script;
	struct spec *spec;
	const char *name;
	unsigned int line;
	unsigned int nwords;
	char *words[WORDS_MAX];
	char *error;
	size_t error_len;
};

static int fail(struct reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(struct reader *r, const char *fmt, ...)
{
	va_list args;
	int n;

	n = snprintf(r->error, r->error_len, "%s:%u: ", r->name, r->line);
	if (n < 0 || (size_t)n >= r->error_len)
		return -EINVAL;
	va_start(args, fmt);
	vsnprintf(r->error + n, r->error_len - (size_t)n, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* Words to numbers */

static int number(struct reader *r, const char *word, uint32_t min,
		  uint32_t max, uint32_t *out)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(word, &end, 0);
	if (errno || end == word || *end || *word == '-' || v < min || v > max)
		return fail(r, "\"%s\" is no number from %u to %u", word, min,
			    max);
	*out = (uint32_t)v;
	return 0;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int hex(struct reader *r, const char *word, uint8_t *to, size_t max,
	       size_t *len)
{
	int high;
	int low;

	for (; *word; word += 2) {
		high = hex_digit(word[0]);
		low = high < 0 ? -1 : hex_digit(word[1]);
		if (low < 0)
			return fail(r, "\"%s\": bytes are pairs of hexadecimal digits",
				    word);
		if (*len >= max)
			return fail(r, "more than %zu bytes", max);
		to[(*len)++] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static int ids(struct reader *r, const char *word, uint16_t *vid, uint16_t *pid)
{
	unsigned int v;
	unsigned int p;
	char rest;

	if (sscanf(word, "%4x:%4x%c", &v, &p, &rest) != 2)
		return fail(r, "\"%s\" is no VID:PID, as in 1209:0001", word);
	*vid = (uint16_t)v;
	*pid = (uint16_t)p;
	return 0;
}

/* Index of a word in a table of names that ends with NULL; -1 = none */
static int find(const char *const *names, const char *word)
{
	int i;

	for (i = 0; names[i]; i++) {
		if (!strcmp(names[i], word))
			return i;
	}
	return -1;
}

static struct spec_rule *rule_of(struct spec *spec, uint8_t ep)
{
	unsigned int i;

	for (i = 0; i < spec->nrules; i++) {
		if (spec->rules[i].ep == ep)
			return &spec->rules[i];
	}
	if (spec->nrules >= SPEC_RULES_MAX)
		return NULL;
	spec->rules[spec->nrules].ep = ep;
	return &spec->rules[spec->nrules++];
}

/* Of an endpoint: what follows "on EP WORD" are words 3… */

static int rule_source(struct reader *r, struct spec_rule *rule)
{
	const char *name = r->words[3];

	rule->loop = !strcmp(name, "loop");
	if (rule->loop && rule->ep & 0x80 && rule->ep & 0x0f)
		return 0;
	rule->data = data_find(name);
	if (!rule->data)
		return fail(r, "no data are called \"%s\"", name);
	return 0;
}

static int rule_delay(struct reader *r, struct spec_rule *rule)
{
	int ret;

	ret = number(r, r->words[3], 0, MS_MAX, &rule->delay_ms);
	if (!ret && r->nwords > 4)
		ret = number(r, r->words[4], rule->delay_ms, MS_MAX,
			     &rule->delay_max_ms);
	return ret;
}

static int rule_nak(struct reader *r, struct spec_rule *rule)
{
	return number(r, r->words[3], 1, MS_MAX, &rule->nak_ms);
}

static int rule_stall(struct reader *r, struct spec_rule *rule)
{
	return number(r, r->words[3], 1, UINT32_MAX, &rule->stall_after);
}

static int rule_short(struct reader *r, struct spec_rule *rule)
{
	return number(r, r->words[3], 1, UINT32_MAX, &rule->short_bytes);
}

static int rule_silent(struct reader *r, struct spec_rule *rule)
{
	return number(r, r->words[3], 1, UINT32_MAX, &rule->silent_from);
}

static int rule_unplug(struct reader *r, struct spec_rule *rule)
{
	return number(r, r->words[3], 1, UINT32_MAX, &rule->unplug_at);
}

static int rule_error(struct reader *r, struct spec_rule *rule)
{
	static const char *const names[] = {
		"ok", "stall", "overflow", "proto", "crc", "timeout", "comm",
		"nosr", "xdev", NULL,
	};
	int status = find(names, r->words[4]);

	if (status <= 0)
		return fail(r, "\"%s\" is no error. Try: stall, overflow, proto, crc, timeout, comm, nosr, xdev",
			    r->words[4]);
	rule->error_status = (uint32_t)status;
	return number(r, r->words[3], 1, UINT32_MAX, &rule->error_at);
}

static int rule_answer(struct reader *r, struct spec_rule *rule)
{
	struct spec_answer *answer;
	unsigned int i;
	size_t len;
	int ret;

	if (!rule->answers)
		rule->answers = calloc(SPEC_ANSWERS_MAX, sizeof(*answer));
	if (!rule->answers)
		return -ENOMEM;
	for (i = 3; i < r->nwords; i++) {
		if (rule->nanswers >= SPEC_ANSWERS_MAX)
			return fail(r, "more than %u answers",
				    SPEC_ANSWERS_MAX);
		answer = &rule->answers[rule->nanswers];
		len = 0;
		ret = hex(r, r->words[i], answer->bytes, SPEC_ANSWER_MAX, &len);
		if (ret)
			return ret;
		answer->len = (uint8_t)len;
		rule->nanswers++;
	}
	return 0;
}

static const struct {
	const char *name;
	unsigned int min;
	unsigned int max;
	int (*set)(struct reader *r, struct spec_rule *rule);
} rule_rows[] = {
	{ "source", 1, 1, rule_source },
	{ "sink", 1, 1, rule_source },
	{ "delay", 1, 2, rule_delay },
	{ "nak", 1, 1, rule_nak },
	{ "stall-after", 1, 1, rule_stall },
	{ "short", 1, 1, rule_short },
	{ "silent", 1, 1, rule_silent },
	{ "unplug", 1, 1, rule_unplug },
	{ "error", 2, 2, rule_error },
	{ "answer", 1, WORDS_MAX, rule_answer },
};

static int line_on(struct reader *r)
{
	struct spec_rule *rule;
	unsigned int more = r->nwords - 3;
	uint32_t ep;
	size_t i;

	if (number(r, r->words[1], 0, 0x8f, &ep))
		return -EINVAL;
	if (ep & 0x70 || ep == 0x80)
		return fail(r, "%s is no endpoint address", r->words[1]);
	rule = rule_of(r->spec, (uint8_t)ep);
	if (!rule)
		return fail(r, "rules for more than %u endpoints",
			    SPEC_RULES_MAX);
	for (i = 0; i < sizeof(rule_rows) / sizeof(rule_rows[0]); i++) {
		if (strcmp(rule_rows[i].name, r->words[2]))
			continue;
		if (more < rule_rows[i].min || more > rule_rows[i].max)
			return fail(r, "%s: wrong number of values",
				    r->words[2]);
		return rule_rows[i].set(r, rule);
	}
	return fail(r, "no rule is called \"%s\"", r->words[2]);
}

/* Of a device */

static int line_device(struct reader *r)
{
	const struct persona *persona = persona_find(r->words[1]);
	struct script *script = r->script;
	const struct persona_ep *ep;
	struct spec *spec;

	if (!persona)
		return fail(r, "no personality is called \"%s\". Try: --list",
			    r->words[1]);
	if (script->nspecs >= SCRIPT_SPECS_MAX)
		return fail(r, "more than %u kinds of devices",
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
			rule_of(spec, ep->addr)->loop = 1;
	}
	r->spec = spec;
	return 0;
}

static int line_speed(struct reader *r)
{
	static const char *const names[] = {
		"low", "full", "high", "super", "super-plus", NULL,
	};
	int speed = find(names, r->words[1]) + 1;

	if (!speed)
		return fail(r, "no speed is called \"%s\". Try: low, full, high, super, super-plus",
			    r->words[1]);
	if (speed < r->spec->persona->min_speed)
		return fail(r, "%s cannot be of %s speed",
			    r->spec->persona->name, r->words[1]);
	r->spec->speed = (uint8_t)speed;
	return 0;
}

static int line_id(struct reader *r)
{
	return ids(r, r->words[1], &r->spec->vid, &r->spec->pid);
}

static int line_on_reset(struct reader *r)
{
	return ids(r, r->words[1], &r->spec->reset_vid, &r->spec->reset_pid);
}

/* Texts are all words of the line. */
static int text(struct reader *r, char to[SPEC_TEXT_MAX])
{
	unsigned int i;
	size_t len = 0;
	const char *c;

	for (i = 1; i < r->nwords; i++) {
		if (i > 1 && len + 1 < SPEC_TEXT_MAX)
			to[len++] = ' ';
		for (c = r->words[i]; *c; c++) {
			if (*c < 0x20 || *c > 0x7e || *c == '"' || *c == '\\')
				return fail(r, "texts are printable ASCII without \" and \\");
			if (len + 1 >= SPEC_TEXT_MAX)
				return fail(r, "text is longer than %u bytes",
					    SPEC_TEXT_MAX - 1);
			to[len++] = *c;
		}
	}
	to[len] = '\0';
	return 0;
}

static int line_serial(struct reader *r)
{
	return text(r, r->spec->serial);
}

static int line_product(struct reader *r)
{
	return text(r, r->spec->product);
}

static int line_manufacturer(struct reader *r)
{
	return text(r, r->spec->manufacturer);
}

static int line_count(struct reader *r)
{
	return number(r, r->words[1], 1, SPEC_COUNT_MAX, &r->spec->count);
}

static int line_identical(struct reader *r)
{
	r->spec->identical = 1;
	return 0;
}

static int line_unplug(struct reader *r)
{
	return number(r, r->words[1], 1, MS_MAX, &r->spec->unplug_ms);
}

static int line_return(struct reader *r)
{
	return number(r, r->words[1], 1, MS_MAX, &r->spec->return_ms);
}

static int line_wakeup(struct reader *r)
{
	return number(r, r->words[1], 1, MS_MAX, &r->spec->wakeup_ms);
}

/* endpoint ADDR TYPE BYTES [INTERVAL-US [STREAMS]] */
static int line_endpoint(struct reader *r)
{
	static const char *const types[] = {
		"control", "iso", "bulk", "interrupt", NULL,
	};
	uint32_t v[4] = { 0, 0, 1000, 0 };
	struct spec *spec = r->spec;
	int type = find(types, r->words[2]);

	if (spec->persona != &persona_plain)
		return fail(r, "only a plain device takes endpoints");
	if (spec->neps >= SPEC_EPS_MAX)
		return fail(r, "more than %u endpoints", SPEC_EPS_MAX);
	if (type <= 0)
		return fail(r, "no endpoint is of type \"%s\". Try: iso, bulk, interrupt",
			    r->words[2]);
	if (number(r, r->words[1], 1, 0x8f, &v[0]) ||
	    number(r, r->words[3], 1, 1024, &v[1]) ||
	    (r->nwords > 4 && number(r, r->words[4], 0, 4096000, &v[2])) ||
	    (r->nwords > 5 && number(r, r->words[5], 0, 65536, &v[3])))
		return -EINVAL;
	if (v[0] & 0x70 || !(v[0] & 0x0f))
		return fail(r, "%s is no endpoint address", r->words[1]);
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
static int line_descriptor(struct reader *r)
{
	static const char *const names[] = { "device", "config", "bos", NULL };
	struct spec_raw *const raws[] = {
		&r->spec->raw_device, &r->spec->raw_config, &r->spec->raw_bos,
	};
	int which = find(names, r->words[1]);
	unsigned int i;
	size_t len;
	int ret;

	if (which < 0)
		return fail(r, "no descriptor is called \"%s\". Try: device, config, bos",
			    r->words[1]);
	len = raws[which]->len;
	for (i = 2; i < r->nwords; i++) {
		ret = hex(r, r->words[i], raws[which]->bytes,
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
	int (*take)(struct reader *r);
} line_rows[] = {
	{ "device", 1, 1, line_device },
	{ "speed", 1, 1, line_speed },
	{ "id", 1, 1, line_id },
	{ "serial", 1, WORDS_MAX, line_serial },
	{ "product", 1, WORDS_MAX, line_product },
	{ "manufacturer", 1, WORDS_MAX, line_manufacturer },
	{ "count", 1, 1, line_count },
	{ "identical", 0, 0, line_identical },
	{ "endpoint", 3, 5, line_endpoint },
	{ "descriptor", 2, WORDS_MAX, line_descriptor },
	{ "on", 2, WORDS_MAX, line_on },
	{ "on-reset", 1, 1, line_on_reset },
	{ "unplug-after", 1, 1, line_unplug },
	{ "return-after", 1, 1, line_return },
	{ "wakeup-after", 1, 1, line_wakeup },
};

static int take_line(struct reader *r)
{
	unsigned int more = r->nwords - 1;
	size_t i;

	for (i = 0; i < sizeof(line_rows) / sizeof(line_rows[0]); i++) {
		if (strcmp(line_rows[i].name, r->words[0]))
			continue;
		if (more < line_rows[i].min || more > line_rows[i].max)
			return fail(r, "%s: wrong number of values",
				    r->words[0]);
		if (i && !r->spec)
			return fail(r, "\"%s\" before the first \"device\"",
				    r->words[0]);
		return line_rows[i].take(r);
	}
	return fail(r, "no line starts with \"%s\"", r->words[0]);
}

/* Splits in place; a word that starts with # ends the line. */
static int split(struct reader *r, char *line)
{
	char *save = NULL;
	char *word;

	r->nwords = 0;
	for (word = strtok_r(line, " \t\r", &save); word && *word != '#';
	     word = strtok_r(NULL, " \t\r", &save)) {
		if (r->nwords >= WORDS_MAX)
			return fail(r, "more than %u words", WORDS_MAX);
		r->words[r->nwords++] = word;
	}
	return 0;
}

int script_read_text(struct script *script, const char *name, const char *text,
		     char *error, size_t len)
{
	struct reader r = {
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
			return fail(&r, "line is longer than %zu bytes",
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
		return fail(&r, "no device");
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
