// SPDX-License-Identifier: GPL-2.0-only
//
// go-channel N [SECONDS] [--after]
//
// One task is one goroutine that receives from an unbuffered channel of its own. Main keeps
// the channels and, after SECONDS, sends a value into each.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

func main() {
	n, seconds, after := -1, 10.0, false
	for i, arg := range os.Args[1:] {
		var err error
		switch {
		case i == 0:
			n, err = strconv.Atoi(arg)
		case arg == "--after":
			after = true
		default:
			seconds, err = strconv.ParseFloat(arg, 64)
		}
		if err != nil {
			n = -1
			break
		}
	}
	if n < 0 || n > 100_000_000 || seconds < 0 || seconds > 1e9 {
		fmt.Fprintln(os.Stderr,
			"usage: go-channel N [SECONDS] [--after], N up to 100000000")
		os.Exit(2)
	}
	var parked, ended sync.WaitGroup
	parked.Add(n)
	ended.Add(n)
	channels := make([]chan int, n)
	for i := range channels {
		channel := make(chan int)
		channels[i] = channel
		go func() {
			defer ended.Done()
			parked.Done()
			<-channel
		}()
	}
	parked.Wait()
	fmt.Printf("ready %d\n", n)
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	for _, channel := range channels {
		channel <- 1
	}
	ended.Wait()
	if after {
		fmt.Printf("after %d\n", n)
		for {
			time.Sleep(time.Hour)
		}
	}
}
