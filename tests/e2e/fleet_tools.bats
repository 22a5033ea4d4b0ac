#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The examples in tools/fleet: what their own tools say of them, where Debian has these, and that
# the metrics, labels and paths in them exist.

load lib/common

setup() {
	cd "$BATS_TEST_DIRNAME/../../tools/fleet" || return
}

teardown() {
	[ -z "${agent:-}" ] || { kill "$agent" && wait "$agent"; } || :
}

@test "promtool reads the configuration and the rules" {
	cp prometheus.yml rules.yml "$DIR"
	echo token >"$DIR/token"
	sed -i "s|/etc/prometheus/tare-token|$DIR/token|" "$DIR/prometheus.yml"
	run -0 promtool check config "$DIR/prometheus.yml"
	says 'rules found'
	says_not FAILED
	run -0 promtool check rules rules.yml
}

@test "the alerts come when they should, and not before" {
	cp rules.yml rules_test.yml "$DIR"
	run -0 promtool test rules "$DIR/rules_test.yml"
	# Each rule matters: a limit that is ten times as high is noticed.
	sed -i 's/> 64 \* 1024/> 640 * 1024/; s/> 256 \* 1024/> 2560 * 1024/
		s/2 \* tare:name/20 * tare:name/' "$DIR/rules.yml"
	run promtool test rules "$DIR/rules_test.yml"
	status_is 1
	says TareKernelMemoryGrows TareUnitMemoryGrows TareMachineUnlikeOthers
}

@test "the queries of the dashboard are PromQL, on sums that the rules make" {
	jq -r '.panels[].targets[].expr' grafana.json | sed 's/\$instance/.*/g' >"$DIR/queries"
	[ "$(wc -l <"$DIR/queries")" -ge 8 ]
	n=0
	{
		echo 'groups: [{name: dashboard, rules: ['
		while read -r query; do
			jq -n --arg q "$query" --arg n "x$((n++))" '{record: $n, expr: $q}'
			echo ,
		done <"$DIR/queries"
		echo ']}]'
	} >"$DIR/queries.yml"
	run -0 promtool check rules "$DIR/queries.yml"
	for sum in $(grep -oE 'tare:[a-z_]+:[a-z]+' "$DIR/queries" rules.yml -h | sort -u); do
		grep -q "record: $sum\$" rules.yml || fail "no rule makes $sum"
	done
}

# names FILE…: runs the comparison with what the metrics' golden file has.
names() {
	run "$LIB/fleet_names.py" "$golden" "$@"
}

@test "the metrics, labels and their values are those that an agent has" {
	local golden=$BATS_TEST_DIRNAME/../golden/expected/metrics-fleet.text wrong
	names rules.yml rules_test.yml grafana.json README.md ../../user/man/tare-metrics.5
	status_is 0
	[ "$output" -ge 60 ]
	for wrong in 's/tare_books_balanced/tare_books_balance/' 's/unit="leaky/units="leaky/' \
		's/kind="sockets"/kind="socket"/'; do
		sed "$wrong" rules_test.yml >"$DIR/rules.yml"
		names "$DIR/rules.yml"
		status_is 1
	done
	sed 's/by (job, fleet, instance, comm)/by (job, fleet, instance, command)/' rules.yml \
		>"$DIR/rules.yml"
	names "$DIR/rules.yml"
	status_is 1
	says "no metric has the label command"
}

# as_configured FILE…: asks the agent for each path in them, with the token.
as_configured() {
	local path header
	header="Authorization: Bearer $(cat "$DIR/token")"
	for path in /metrics $(grep -ohE '/debug/pprof/[a-z]+' "$@" | sort -u); do
		[ "$(curl -s -o "$DIR/body" -w '%{http_code}' -H "$header" \
			"http://127.0.0.1:$port$path")" = 200 ] || fail "$path"
	done
}

@test "an agent that is set up as the README says answers the paths of all examples" {
	port=$(free_port)
	(umask 077; openssl rand -hex 32 >"$DIR/token")
	sed -n '/^    listen/,/^    token/s/^    //p' README.md >"$DIR/agent.conf"
	sed -i "s|0.0.0.0:9464|127.0.0.1:$port|; s|/etc/tare|$DIR|" "$DIR/agent.conf"
	"$TARE" agent --config "$DIR/agent.conf" 2>"$DIR/err" 3>&- &
	agent=$!
	until_true 120 as_configured README.md config.alloy parca.yaml otelcol.yaml ||
		fail "$(cat "$DIR/err")"
	[ "$(curl -s -o "$DIR/body" -w '%{http_code}' "http://127.0.0.1:$port/metrics")" = 401 ]
}

@test "Parca's and the collector's files are YAML, and ask for what an agent has" {
	for file in parca.yaml otelcol.yaml; do
		ruby -ryaml -e 'YAML.safe_load(File.read(ARGV[0])) or exit 1' $file
	done
	ruby -ryaml -rjson -e 'puts YAML.safe_load(File.read("parca.yaml")).to_json' |
		jq -e '.scrape_configs[0].profiling_config.pprof_config |
			[to_entries[] | select(.value.enabled) | .value.path] ==
			["/debug/pprof/allocs", "/debug/pprof/kernel"]'
	run -0 grep -ohE '/debug/pprof/[a-z]+"?$' config.alloy
	[ "$(tr -d '"' <<<"$output" | sort)" = "/debug/pprof/allocs
/debug/pprof/kernel" ] || fail "$output"
}
