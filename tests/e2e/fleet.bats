#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tare report of several recordings, and tare diff of two sets of them: the recording that is
# unlike the others is named, with the function; what cannot be read is named and left out.

load lib/common

# service SET HOST PARSED SESSIONS: a recording of regress, as if on that host.
service() {
	mkdir -p "$1"
	"$TARE" run --as-root -r "$1/$2.tare" --host "$2" -o /dev/null --format json "${@:5}" -- \
		"$PROGRAMS/regress" "$3" "$4"
}

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	service old web-1 16000 64
	service old web-2 16500 64
	service old web-3 17000 640 # this one leaks sessions
	service new/web-1 web-1 48000 64
	service new/web-2 web-2 48500 64
	service new/web-3 web-3 49000 64
	service mixed web-4 16000 64 --period 0
	cp old/web-1.tare old/web-2.tare mixed
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

# rows SECTION: the lines below the section's column titles.
rows() {
	sed -n "/^$1 /,/^\$/p" <<<"$output" | tail -n +3
}

@test "one screen names the outlier, its function and process" {
	COLUMNS=80 run -0 "$TARE" report old/web-1.tare old/web-2.tare old/web-3.tare
	[ "$(wc -l <<<"$output")" -le 25 ] || fail "$output"
	fits_80_columns
	says '^of: .*3 × regress, 3 hosts' '^outliers: web-3 has 3[0-9.]* MiB more in open_session'
	rows WHO | grep -q '^regress .*web-3 .*+3[0-9.]* MiB' || fail "$output"
	rows WHERE | grep -q '^open_session .*web-3' || fail "$output"
	rows WHERE | grep '^parse_body\|^load_index' | grep -q web- && fail "$output"
	says_not '^but:'
}

@test "a directory is the same; --full has every recording; wide terminals are used" {
	"$TARE" report old >"$DIR/a"
	"$TARE" report old/*.tare >"$DIR/b"
	cmp "$DIR/a" "$DIR/b"
	COLUMNS=140 run -0 "$TARE" report old --full
	says '^RECORDINGS' '^web-2 .*regress' 'median absolute deviation'
	[ "$(LC_ALL=C.UTF-8 wc -L <<<"$output")" -le 140 ]
}

@test "sums and medians are those of the recordings" {
	"$TARE" report old --format json >"$DIR/all.json"
	"$TARE" report --fleet-schema >"$DIR/schema.json"
	python3 -W ignore -m jsonschema -i "$DIR/all.json" "$DIR/schema.json"
	for i in 1 2 3; do
		"$TARE" report "old/web-$i.tare" --format json |
			jq --arg host "web-$i" 'select(.machine.host == $host) |
				[.processes[].at_peak | .anon, .file, .shmem, .swap] | add'
	done >"$DIR/values"
	sort -n "$DIR/values" | jq -s '[add, .[1], .[2]]' >"$DIR/want"
	jq '.processes[0]["live-peak"].user | [.sum, .median, .max]' "$DIR/all.json" >"$DIR/is"
	cmp "$DIR/want" "$DIR/is" || fail "$(cat "$DIR/want" "$DIR/is")"
	jq -e '. as $all | .functions[] | select(.name == "open_session")["live-peak"].user |
		$all.recordings[.outlier].host == "web-3" and .outliers == 1 and .in == 3' \
		"$DIR/all.json"
	"$TARE" report old --format csv | python3 -c '
import csv, sys
rows = [r for r in csv.DictReader(sys.stdin) if r["name"] == "regress"]
print(sum(int(r["peak_user"]) for r in rows))' | cmp - <(jq '.[0]' "$DIR/want")
}

@test "what a recording did not measure is said, and in no figure" {
	COLUMNS=80 run -0 "$TARE" report mixed
	says '^but: .*where it grew (samples) is measured in 2 of 3'
	rows WHERE | grep -q '^load_index *2/2 ' || fail "$output"
	rows WHO | grep -q '^regress *3/3 ' || fail "$output"
	"$TARE" report mixed --format csv >"$DIR/x.csv"
	! grep -q '^web-4,.*,functions,' "$DIR/x.csv"
}

@test "the screen has 25 lines also when there is much to say" {
	mkdir "$DIR/set"
	for i in 1 2 3 4 5; do
		cp /bin/true "$DIR/a-program-with-quite-a-long-name-$i"
		"$TARE" run --as-root -r "$DIR/set/$i.tare" --period 0 -o /dev/null --format json \
			--host "web-$(printf '%0200d' "$i")" -- \
			"$DIR/a-program-with-quite-a-long-name-$i"
	done
	cp old/*.tare mixed/web-4.tare "$DIR/set"
	echo text >"$DIR/set/x.tare"
	for width in 80 140; do
		COLUMNS=$width "$TARE" report "$DIR/set" >"$DIR/text" 2>"$DIR/err" || true
		output=$(cat "$DIR/text")
		says '^of: ' '^outliers: ' '^but: .*1 not read' '^WHO' '^WHERE'
		[ "$(wc -l <"$DIR/text")" -le 25 ] || fail "$output"
		[ "$(LC_ALL=C.UTF-8 wc -L <"$DIR/text")" -le "$width" ] || fail "$output"
	done
}

@test "broken files are named and left out, and the status is 1" {
	mkdir "$DIR/set"
	cp old/*.tare "$DIR/set"
	head -c 30000 old/web-1.tare >"$DIR/set/cut.tare"
	echo text >"$DIR/set/text.tare"
	mkfifo "$DIR/set/pipe.tare"
	ln -s /dev/zero "$DIR/set/device.tare"
	ln -s . "$DIR/set/loop"
	touch "$DIR/set/notes.txt"
	run "$TARE" report "$DIR/set"
	status_is 1
	says 'set/cut.tare' 'set/text.tare' 'set/pipe.tare is not a regular' \
		'set/device.tare is not a regular' '4 recordings were not read' \
		'^of: .*3 × regress, 3 hosts' '^but: .*4 not read' '^outliers: web-3'
	says_not notes loop
	mkdir "$DIR/none"
	run "$TARE" report "$DIR/none"
	status_is 1
	says 'none has no recordings'
	run "$TARE" report "$DIR/set/text.tare" "$DIR/set/cut.tare"
	status_is 1
	says 'no recording could be read'
}

@test "files of an older schema, without a host, are among them; several programs are told" {
	mkdir "$DIR/set"
	cp old/web-1.tare old/web-2.tare "$BATS_TEST_DIRNAME/../unit/data/schema1.tare" "$DIR/set"
	COLUMNS=80 run -0 "$TARE" report "$DIR/set" --full
	says '2 × regress' 'several programs' '^schema1.tare'
}

@test "a host's name is escaped for the terminal and as JSON" {
	"$TARE" run --as-root -r "$DIR/h.tare" --host $'a\e[31m,"b' -o /dev/null --format json \
		-- true
	run -0 "$TARE" report "$DIR" --full
	says 'a\\e\[31m'
	[[ $output != *$'\e'* ]]
	"$TARE" report "$DIR" --format json | jq -e '.recordings[0].host == "a\u001b[31m,\"b"'
}

@test "diff of two sets: what changed more than the machines differ" {
	COLUMNS=80 run -0 "$TARE" diff old new
	[ "$(wc -l <<<"$output")" -le 25 ] || fail "$output"
	fits_80_columns
	says '^before: .*3 × regress, 3 hosts' '^after: .*3 × regress, 3 hosts'
	rows WHO | grep -q '^regress .*+3[0-9.]* MiB .*≠' || fail "$output"
	rows WHERE | head -1 | grep -q '^parse_body .*+3[0-9.]* MiB .*≠' || fail "$output"
	# web-3 leaks, but the median of the set does not.
	rows WHERE | grep '^open_session' | grep -q '≠' && fail "$output"
	"$TARE" diff old new --format json >"$DIR/d.json"
	python3 -W ignore -m jsonschema -i "$DIR/d.json" <("$TARE" diff --fleet-schema)
	jq -e '.functions[0] | .name == "parse_body" and .beyond and .after.median > 45e6' \
		"$DIR/d.json"
}

@test "one recording against a set" {
	COLUMNS=80 run -0 "$TARE" diff new old/web-3.tare
	rows WHERE | grep '^open_session' | grep -q '+3[0-9.]* MiB .*≠' || fail "$output"
}

@test "wrong usage is refused before anything is read" {
	for how in "--format html" "--threads all" "--show who" "--sample-type virtual"; do
		# shellcheck disable=SC2086 # an option and its value
		run "$TARE" report missing.tare none.tare $how
		status_is 125
		says_not 'missing.tare'
	done
	run "$TARE" diff old new --html "$DIR/x.html"
	status_is 125
	[ ! -e "$DIR/x.html" ]
	run "$TARE" export old/web-1.tare old/web-2.tare --format json
	status_is 125
	run "$TARE" run --host '' -- true
	status_is 125
}
