# bash completion for p2pusbctl                             -*- shell-script -*-
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Verbs and options come from the tool itself, names of peers, devices and
# ports from the daemons, when they answer.  Never asks for a password.

_p2pusbctl_json() {
	timeout 3 p2pusbctl "$@" --json 2>/dev/null
}

# _p2pusbctl_members NAME - values of "NAME":"..." on stdin, one a line
_p2pusbctl_members() {
	grep -o "\"$1\":\"[^\"\\\\]*\"" | cut -d'"' -f4
}

_p2pusbctl_peers() {
	_p2pusbctl_json peer list "$@" | _p2pusbctl_members name
}

# What follows the slash is asked of that peer, which may have to be dialled.
_p2pusbctl_remote() {
	local peer=${1%%/*} device

	if [[ $1 != */* ]]; then
		_p2pusbctl_peers --agent | sed 's,$,/,'
		return
	fi
	_p2pusbctl_json list "$peer" | _p2pusbctl_members busid |
		while read -r device; do
			printf '%s/%s\n' "$peer" "$device"
		done
}

_p2pusbctl_attached() {
	_p2pusbctl_json status | _p2pusbctl_members target
}

_p2pusbctl_ports() {
	_p2pusbctl_json stats | grep -o '"ports":.*' | grep -o '"port":[0-9]*' |
		cut -d: -f2
}

_p2pusbctl_options() {
	_p2pusbctl_json help "$@" | grep -o '"--[a-z-]*"' | tr -d '"'
}

_p2pusbctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words=() word choice=''

	# Colons and equals signs split words in bash; a pattern has no use here.
	case $prev in
	--timeout | --watch | --address | --allow) return ;;
	--sleep)
		mapfile -t COMPREPLY < <(compgen -W 'detach veto' -- "$cur")
		return
		;;
	esac
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -* ]] || words+=("$word")
	done
	if [[ $cur == -* ]]; then
		if [[ ${words[0]} == peer ]]; then
			choice=$(_p2pusbctl_options "${words[@]:0:2}")
		else
			choice=$(_p2pusbctl_options "${words[@]:0:1}")
		fi
	else
		case ${#words[@]}:${words[0]} in
		0:) choice=$(_p2pusbctl_json help | _p2pusbctl_members name |
			cut -d' ' -f1 | sort -u) ;;
		1:peer) choice=$'add\nlist\nremove' ;;
		2:peer) [[ ${words[1]} != remove ]] ||
			choice=$(_p2pusbctl_peers) ;;
		1:list) choice=$(_p2pusbctl_peers --agent) ;;
		1:attach) choice=$(_p2pusbctl_remote "$cur") ;;
		1:stats) choice=$(_p2pusbctl_ports) ;;
		1:detach) choice=$(_p2pusbctl_attached) ;;
		1:share | 1:unshare) choice=$(_p2pusbctl_json list |
			_p2pusbctl_members busid) ;;
		1:explain) choice=$(_p2pusbctl_json explain |
			_p2pusbctl_members code) ;;
		1:help) choice=$(_p2pusbctl_json help |
			_p2pusbctl_members name | cut -d' ' -f1 | sort -u) ;;
		esac
	fi
	# Not compgen -W, which would run what a peer calls "$(...)": only
	# names without meaning to a shell are offered at all.
	COMPREPLY=()
	while read -r word; do
		[[ $word == "$cur"* && $word =~ ^[A-Za-z0-9._:/-]+$ ]] &&
			COMPREPLY+=("$word")
	done <<<"$choice"
	[[ ${COMPREPLY[0]} != */ ]] || compopt -o nospace
}

complete -F _p2pusbctl p2pusbctl
