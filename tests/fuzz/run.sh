#!/bin/bash
# run - let libFuzzer work on each target for a while.
#
#     tests/fuzz/run.sh FOLDER SECONDS JOBS TARGET...
#
# FOLDER has the targets (FOLDER/bin/fuzz_TARGET) and gets what they find:
# corpus/TARGET, crashes/TARGET-*, log/TARGET.  The seeds in tests/fuzz/corpus
# are read and never written.  Ends with 1 if anything was found.
set -euo pipefail

folder=$1 seconds=$2 jobs=$3
shift 3

one() {
	local folder=$1 seconds=$2 name=$3 dict=() mask=0 rc=0
	local log=$folder/log/$name
	mkdir -p "$folder/corpus/$name" "$folder/crashes" "$folder/log"
	[ ! -e "tests/fuzz/$name.dict" ] || dict=("-dict=tests/fuzz/$name.dict")
	[ "$name" != configfile ] || mask=2 # complaints are its usual output
	"$folder/bin/fuzz_$name" "-max_total_time=$seconds" -timeout=10 \
		-rss_limit_mb=2048 "-close_fd_mask=$mask" -print_final_stats=1 \
		"-artifact_prefix=$folder/crashes/$name-" "${dict[@]}" \
		"$folder/corpus/$name" "tests/fuzz/corpus/$name" \
		>"$log" 2>&1 || rc=$?
	if [ $rc -ne 0 ]; then
		tail -n 40 "$log" >&2
		echo "fuzz: $name FOUND SOMETHING: $log, $folder/crashes" >&2
		return 1
	fi
	awk -v name="$name" '
		/^#.* cov: / { for (i = 1; i < NF; i++)
			if ($i == "cov:") cov = $(i + 1) }
		/number_of_executed_units/ { runs = $2 }
		END { printf "fuzz: %-14s %10d runs, %5d edges\n",
			name, runs, cov }' "$log"
}
export -f one

printf '%s\n' "$@" |
	xargs -P "$jobs" -I '{}' bash -c 'one "$@"' one "$folder" "$seconds" '{}'
