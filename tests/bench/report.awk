# SPDX-License-Identifier: GPL-2.0-or-later
#
# From single values to medians, ratios and verdicts.
#
# awk -v kernel=V -v json=1 -v names="NAME..." -f report.awk targets values
#
# Values are "NAME SIDE VALUE" lines.  Ends with status 1 when one of the names
# has no value of ours.

function pattern(glob)
{
	gsub(/\./, "\\.", glob)
	gsub(/\*/, "[^.]*", glob)
	return "^" glob "$"
}

FNR == 1 {
	file++
}

/^#/ || NF == 0 {
	next
}

# NAME BOUND KIND [KERNEL]
file == 1 {
	if (NF > 3 && $4 != kernel)
		next
	ntargets++
	glob[ntargets] = pattern($1)
	bound[ntargets] = $2
	kind[ntargets] = $3
	next
}

{
	key = $1 SUBSEP $2
	value[key, ++n[key]] = $3 + 0
}

# Sort the values of one key, as few as they are.
function sort_values(key,	i, j, v)
{
	for (i = 2; i <= n[key]; i++) {
		v = value[key, i]
		for (j = i - 1; j >= 1 && value[key, j] > v; j--)
			value[key, j + 1] = value[key, j]
		value[key, j + 1] = v
	}
}

function median(key,	half)
{
	half = int((n[key] + 1) / 2)
	if (n[key] % 2)
		return value[key, half]
	return (value[key, half] + value[key, half + 1]) / 2
}

function number(v)
{
	if (v >= 1000 && v == int(v))
		return sprintf("%d", v)
	return sprintf(v >= 1000 ? "%.0f" : v >= 10 ? "%.1f" : "%.3f", v)
}

function meets(kind, bound, ours, ratio)
{
	if (kind == "most")
		return ours <= bound
	if (kind == "least")
		return ours >= bound
	if (ratio == "")
		return 0
	return kind == "ratio-most" ? ratio <= bound : ratio >= bound
}

function words(kind, bound)
{
	return (kind ~ /^ratio/ ? "ratio " : "") \
		(kind ~ /most$/ ? "<= " : ">= ") bound
}

# Sets target and met of a name.
function judge(name, ours, ratio,	i)
{
	target = ""
	met = 1
	for (i = 1; i <= ntargets; i++) {
		if (name !~ glob[i])
			continue
		target = target (target == "" ? "" : ", ") words(kind[i], bound[i])
		met = met && meets(kind[i], bound[i], ours, ratio)
	}
}

function side_json(name, side,	key)
{
	key = name SUBSEP side
	if (!n[key])
		return "null"
	return sprintf("{\"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"n\": %d}",
		       median(key), value[key, 1], value[key, n[key]], n[key])
}

function side_text(name, side,	key)
{
	key = name SUBSEP side
	if (!n[key])
		return "-"
	return number(median(key)) " [" number(value[key, 1]) ".." \
		number(value[key, n[key]]) "]"
}

function print_json(name, first)
{
	printf "%s\n  \"%s\": {\"ours\": %s, \"theirs\": %s, \"local\": %s, \"ratio\": %s, \"target\": %s, \"met\": %s}",
		first ? "" : ",", name, side_json(name, "ours"),
		side_json(name, "theirs"), side_json(name, "local"),
		ratio == "" ? "null" : sprintf("%.4f", ratio),
		target == "" ? "null" : "\"" target "\"",
		target == "" ? "null" : met ? "true" : "false"
}

function print_text(name)
{
	printf "%-30s %-28s %-28s %-7s %s\n", name, side_text(name, "ours"),
		side_text(name, "theirs"),
		ratio == "" ? "-" : sprintf("%.3f", ratio),
		target == "" ? "" : target (met ? ": met" : ": MISSED")
	if (n[name, "local"])
		printf "%-30s   without either: %s\n", "",
			side_text(name, "local")
}

function report_one(name, first,	ours, theirs)
{
	sort_values(name SUBSEP "ours")
	sort_values(name SUBSEP "theirs")
	sort_values(name SUBSEP "local")
	ours = n[name, "ours"] ? median(name SUBSEP "ours") : ""
	theirs = n[name, "theirs"] ? median(name SUBSEP "theirs") : ""
	ratio = ours == "" || theirs == "" || !theirs ? "" : ours / theirs
	judge(name, ours, ratio)
	if (ours == "") {
		print "no value: " name >"/dev/stderr"
		missing = 1
		return
	}
	if (target != "")
		met ? nmet++ : nmissed++
	if (json)
		print_json(name, first)
	else
		print_text(name)
}

END {
	count = split(names, list, /[ \n]+/)
	if (json)
		printf "{"
	else
		printf "%-30s %-28s %-28s %-7s %s\n", "figure", "ours [min..max]",
			"theirs [min..max]", "ratio", "target"
	printed = 0
	for (i = 1; i <= count; i++) {
		report_one(list[i], !printed)
		if (n[list[i], "ours"])
			printed++
	}
	if (json)
		print "\n}"
	else
		printf "%d figures; %d targets met, %d missed\n", printed, nmet,
			nmissed
	exit missing
}
