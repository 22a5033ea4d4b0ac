#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Go programs without symbols: functions and lines by the runtime's own table.

load lib/common
load lib/stacks

setup() {
	need go
	export GOCACHE=$DIR/cache GOFLAGS= GO111MODULE=off GOTOOLCHAIN=local
	cat >"$DIR/grow.go" <<-'END'
		package main

		var keep [][]byte

		func fill(b []byte) []byte {
			for i := range b {
				b[i] = 1
			}
			return b
		}

		//go:noinline
		func makeRows(n int) {
			for i := 0; i < n; i++ {
				keep = append(keep, fill(make([]byte, 1<<20)))
			}
		}

		func main() { makeRows(32) }
	END
}

# built ARG…: the program, without symbols.
built() {
	(cd "$DIR" && go build -ldflags='-s -w' -o grow "$@" grow.go)
	! readelf -S "$DIR/grow" | grep -q -E ' \.(symtab|debug_)' || fail 'it has symbols'
}

@test "a stripped program has names of functions" {
	built
	folded -- "$DIR/grow"
	between 'main\.makeRows' $((31 << 20)) $((36 << 20))
	! grep -F "[grow+0x" "$DIR/out.folded"
}

@test "a stripped position-independent program has names of functions" {
	built -buildmode=pie
	folded -- "$DIR/grow"
	between 'main\.makeRows' $((31 << 20)) $((36 << 20))
}

@test "a stripped program has lines and inlined functions" {
	built
	folded --lines -- "$DIR/grow"
	between 'main\.main grow\.go:19.*;main\.makeRows grow\.go:15' $((31 << 20)) $((36 << 20))
	# Large blocks come zeroed from the kernel: fill() touches them first.
	between "main\.makeRows grow\.go:15[^;]*;main\.fill grow\.go:7_\[i\]" \
		$((28 << 20)) $((36 << 20))
}

# By hundreds of addresses: what the DWARF of the same program says.
@test "lines and inlined calls are those of the program with symbols" {
	need addr2line
	cat >"$DIR/many.go" <<-'END'
		package main

		import (
			"encoding/json"
			"fmt"
			"sort"
			"strings"
		)

		type row struct {
			Name   string
			Values map[string][]int
		}

		func main() {
			var rows []row
			for i := 0; i < 3000; i++ {
				r := row{fmt.Sprint("row ", i), map[string][]int{}}
				for k := 0; k < 8; k++ {
					name := strings.Repeat("k", k+1)
					r.Values[name] = append(r.Values[name], i, k)
				}
				rows = append(rows, r)
			}
			sort.Slice(rows, func(a, b int) bool { return rows[a].Name < rows[b].Name })
			text, _ := json.Marshal(rows)
			var back []row
			_ = json.Unmarshal(text, &back)
			fmt.Println(len(text), len(back))
		}
	END
	(cd "$DIR" && go build -o full many.go && strip -o grow full)
	compared go_lines "$TARE" "$DIR/full" "$DIR/grow"
}

@test "Debian's stripped Go compiler has names of functions" {
	local tool
	tool=$(go env GOTOOLDIR)/compile
	! readelf -S "$tool" | grep -q ' \.symtab' || skip "$tool has symbols"
	folded -- "$tool" -o "$DIR/grow.o" -p main -complete "$DIR/grow.go"
	local unnamed
	unnamed=$(bytes_of '\[compile\+0x')
	[ "$unnamed" = 0 ] || fail "$(grep -F "[compile+" "$DIR/out.folded" | head)"
	between ';cmd/compile/internal' $((4 << 20)) $((64 << 20))
}

# What the runtime does on stacks of its own has its goroutine's callers, and nothing that was
# over before it began.
@test "stacks are complete on the system stack and in deep recursion, also when stripped" {
	[ "$(uname -m)" = x86_64 ] || skip 'code is read on x86-64 only'
	cat >"$DIR/deep.go" <<-'END'
		package main

		type node struct{ left, right *node }

		//go:noinline
		func deep(n int, block []byte) *node {
			if n == 0 {
				return &node{}
			}
			var kept [200]byte
			copy(kept[:], block)
			return &node{deep(n-1, kept[:]), &node{}}
		}

		//go:noinline
		func build(n int) *node {
			if n == 0 {
				return &node{}
			}
			return &node{build(n - 1), build(n - 1)}
		}

		func main() {
			done := make(chan *node)
			for i := 0; i < 4; i++ {
				go func() { done <- build(18) }()
				go func() { done <- deep(100, make([]byte, 300)) }()
			}
			for i := 0; i < 8; i++ {
				<-done
			}
		}
	END
	for flags in '' '-s -w'; do
		(cd "$DIR" && go build -ldflags="$flags" -o deep deep.go)
		PERIOD=16KiB complete "$DIR/deep"
		folded --period 16KiB -- "$DIR/deep"
		! grep -E 'rt0_go.*;runtime.(systemstack|mcall|morestack)' "$DIR/out.folded" ||
			fail "frames of what was over"
		! grep -F '[deep+0x' "$DIR/out.folded" || fail 'an address that is no function'
		grep -qE 'main.build.*;runtime.mallocgc.*;runtime.systemstack' "$DIR/out.folded" ||
			fail "no caller of what runs on the system stack"
	done
}
