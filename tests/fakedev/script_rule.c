// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * script_rule - how an endpoint behaves: "on ADDRESS RULE".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "script_line.h"

struct spec_rule *script_rule(struct spec *spec, uint8_t ep)
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

static int rule_source(struct script_line *r, struct spec_rule *rule)
{
	const char *name = r->words[3];

	rule->loop = !strcmp(name, "loop");
	if (rule->loop && rule->ep & 0x80 && rule->ep & 0x0f)
		return 0;
	rule->data = data_find(name);
	if (!rule->data)
		return script_fail(r, "no data are called \"%s\"", name);
	return 0;
}

static int rule_delay(struct script_line *r, struct spec_rule *rule)
{
	int ret;

	ret = script_number(r, r->words[3], 0, SCRIPT_MS_MAX, &rule->delay_ms);
	if (!ret && r->nwords > 4)
		ret = script_number(r, r->words[4], rule->delay_ms,
				    SCRIPT_MS_MAX, &rule->delay_max_ms);
	return ret;
}

static int rule_nak(struct script_line *r, struct spec_rule *rule)
{
	return script_number(r, r->words[3], 1, SCRIPT_MS_MAX, &rule->nak_ms);
}

static int rule_stall(struct script_line *r, struct spec_rule *rule)
{
	return script_number(r, r->words[3], 1, UINT32_MAX, &rule->stall_after);
}

static int rule_short(struct script_line *r, struct spec_rule *rule)
{
	return script_number(r, r->words[3], 1, UINT32_MAX, &rule->short_bytes);
}

static int rule_silent(struct script_line *r, struct spec_rule *rule)
{
	return script_number(r, r->words[3], 1, UINT32_MAX, &rule->silent_from);
}

static int rule_unplug(struct script_line *r, struct spec_rule *rule)
{
	return script_number(r, r->words[3], 1, UINT32_MAX, &rule->unplug_at);
}

static int rule_error(struct script_line *r, struct spec_rule *rule)
{
	static const char *const names[] = {
		"ok", "stall", "overflow", "proto", "crc", "timeout", "comm",
		"nosr", "xdev", NULL,
	};
	int status = script_find(names, r->words[4]);

	if (status <= 0)
		return script_fail(r, "\"%s\" is no error. Try: stall, overflow, proto, crc, timeout, comm, nosr, xdev",
			    r->words[4]);
	rule->error_status = (uint32_t)status;
	return script_number(r, r->words[3], 1, UINT32_MAX, &rule->error_at);
}

static int rule_answer(struct script_line *r, struct spec_rule *rule)
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
			return script_fail(r, "more than %u answers",
				    SPEC_ANSWERS_MAX);
		answer = &rule->answers[rule->nanswers];
		len = 0;
		ret = script_hex(r, r->words[i], answer->bytes, SPEC_ANSWER_MAX, &len);
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
	int (*set)(struct script_line *r, struct spec_rule *rule);
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
	{ "answer", 1, SCRIPT_WORDS_MAX, rule_answer },
};

int script_rule_line(struct script_line *r)
{
	struct spec_rule *rule;
	unsigned int more = r->nwords - 3;
	uint32_t ep;
	size_t i;

	if (script_number(r, r->words[1], 0, 0x8f, &ep))
		return -EINVAL;
	if (ep & 0x70 || ep == 0x80)
		return script_fail(r, "%s is no endpoint address", r->words[1]);
	rule = script_rule(r->spec, (uint8_t)ep);
	if (!rule)
		return script_fail(r, "rules for more than %u endpoints",
			    SPEC_RULES_MAX);
	for (i = 0; i < sizeof(rule_rows) / sizeof(rule_rows[0]); i++) {
		if (strcmp(rule_rows[i].name, r->words[2]))
			continue;
		if (more < rule_rows[i].min || more > rule_rows[i].max)
			return script_fail(r, "%s: wrong number of values",
				    r->words[2]);
		return rule_rows[i].set(r, rule);
	}
	return script_fail(r, "no rule is called \"%s\"", r->words[2]);
}
