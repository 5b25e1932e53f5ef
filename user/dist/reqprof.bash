# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# bash completion for reqprof

_reqprof_reports() {
	local file
	echo last
	for file in reqprof-reports/*.rp; do
		[[ $file =~ -([0-9a-f]{6})\.rp$ ]] && echo "${BASH_REMATCH[1]}"
	done
}

_reqprof_words() {
	local common='--help --usage --version'
	case $1 in
	report) echo "--format --output --merge --redact $common $(_reqprof_reports)" ;;
	diff) echo "--format --output $common $(_reqprof_reports)" ;;
	check) echo "--quiet $common $(_reqprof_reports)" ;;
	list) echo "$common" ;;
	serve) echo "--listen $common" ;;
	doctor) echo "--pid $common" ;;
	*)
		echo "--pid --port --marker --handler --interval --rate --count --duration --max-live --max-rate --max-time"
		echo "--output --format --keep-url --source --open --serve --quiet --verbose $common"
		[[ $1 ]] || echo 'record report list serve diff check doctor'
		;;
	esac
}

_reqprof() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' words=''
	[[ $word == '=' ]] && word=''
	[[ $before == '=' ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
	if ((COMP_CWORD > 1)); then
		case ${COMP_WORDS[1]} in record | report | list | serve | diff | check | doctor) command=${COMP_WORDS[1]} ;; esac
		[[ $command ]] || command=record
	fi
	case $before in
	-p | --pid) words=$(compgen -W "$(ps -e -o pid=)" -- "$word") ;;
	-f | --format) words=$(compgen -W 'html json text folded speedscope pprof gecko' -- "$word") ;;
	-o | --output) words=$(compgen -f -- "$word") ;;
	-l | --listen | --serve) words=$(compgen -W '127.0.0.1:7777 127.0.0.1:0' -- "$word") ;;
	-m | --marker | --port | -i | --interval | -F | --rate | -n | --count | -d | --duration | --max-live | --max-rate | --max-time) ;;
	*)
		words=$(compgen -W "$(_reqprof_words "$command")" -- "$word")
		case $command in report | diff | check) words+=$'\n'$(compgen -f -X '!*.rp' -- "$word")$'\n'$(compgen -d -- "$word") ;; esac
		[[ $command == list || $command == serve ]] && words+=$'\n'$(compgen -d -- "$word")
		;;
	esac
	mapfile -t COMPREPLY < <(sed '/^$/d' <<<"$words")
}

complete -o filenames -F _reqprof reqprof
