// SPDX-License-Identifier: GPL-2.0-only
//
// go N [SECONDS] [--after] [--touch BYTES]
//
// One task is one goroutine in time.Sleep, started by a go statement and waited for
// through a sync.WaitGroup. With --touch it sleeps below calls that use BYTES of stack:
// what a goroutine's stack has grown to, the collector takes back once it has returned.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

type options struct {
	n, touch int
	sleep    time.Duration
	after    bool
}

func arguments(args []string) (o options, ok bool) {
	seconds := 10.0
	var err error
	if len(args) == 0 {
		return o, false
	}
	if o.n, err = strconv.Atoi(args[0]); err != nil || o.n < 0 || o.n > 100_000_000 {
		return o, false
	}
	for i := 1; i < len(args) && err == nil; i++ {
		switch {
		case args[i] == "--after":
			o.after = true
		case args[i] == "--touch" && i+1 < len(args):
			i++
			o.touch, err = strconv.Atoi(args[i])
		default:
			seconds, err = strconv.ParseFloat(args[i], 64)
		}
	}
	o.sleep = time.Duration(seconds * float64(time.Second))
	return o, err == nil && o.touch >= 0 && seconds >= 0 && seconds <= 1e9
}

//go:noinline
func deep(bytes int, park func()) byte {
	var part [1024]byte
	part[bytes%len(part)] = 1
	if bytes <= len(part) {
		park()
		return part[0]
	}
	return deep(bytes-len(part), park) + part[bytes%len(part)]
}

func main() {
	o, ok := arguments(os.Args[1:])
	if !ok {
		fmt.Fprintln(os.Stderr,
			"usage: go N [SECONDS] [--after] [--touch BYTES], N up to 100000000")
		os.Exit(2)
	}
	var parked, ended sync.WaitGroup
	parked.Add(o.n)
	ended.Add(o.n)
	park := func() {
		parked.Done()
		time.Sleep(o.sleep)
	}
	for i := 0; i < o.n; i++ {
		go func() {
			defer ended.Done()
			if o.touch > 0 {
				deep(o.touch, park)
			} else {
				park()
			}
		}()
	}
	parked.Wait()
	fmt.Printf("ready %d\n", o.n)
	if o.n == 0 {
		time.Sleep(o.sleep)
	}
	ended.Wait()
	if o.after {
		fmt.Printf("after %d\n", o.n)
		for {
			time.Sleep(time.Hour)
		}
	}
}
