// SPDX-License-Identifier: GPL-2.0-only
//
// go-connect N SECONDS HOST:PORT
//
// One task is one goroutine in Read on a TCP connection of its own, which it opened
// with net.Dial. The N connections go to 127.0.0.1 … 127.0.0.8 in turn, because one
// address has only so many local ports. SECONDS count from `ready`. Go raises the soft
// limit of open files by itself.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func arguments(args []string) (n int, wait time.Duration, port string, ok bool) {
	if len(args) != 3 {
		return
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 0 || n > 100_000_000 {
		return
	}
	seconds, err := strconv.ParseFloat(args[1], 64)
	if err != nil || !(seconds >= 0 && seconds <= 1e9) {
		return
	}
	_, port, err = net.SplitHostPort(args[2])
	return n, time.Duration(seconds * float64(time.Second)), port, err == nil
}

func main() {
	n, wait, port, ok := arguments(os.Args[1:])
	if !ok {
		fmt.Fprintln(os.Stderr, "usage: go-connect N SECONDS HOST:PORT, N up to 100000000")
		os.Exit(2)
	}
	var parked atomic.Int64
	var ended sync.WaitGroup
	ready, all, refused := make(chan bool), make(chan bool), make(chan error)
	ended.Add(n)
	for i := 0; i < n; i++ {
		address := net.JoinHostPort(fmt.Sprintf("127.0.0.%d", 1+i%8), port)
		go func() {
			defer ended.Done()
			connection, err := net.Dial("tcp", address)
			if err != nil {
				refused <- err
				return
			}
			defer connection.Close()
			if parked.Add(1) == int64(n) {
				close(ready)
			}
			var buffer [1]byte
			connection.Read(buffer[:])
		}()
	}
	if n == 0 {
		close(ready)
	}
	select {
	case <-ready:
	case err := <-refused:
		fmt.Fprintf(os.Stderr, "stopped at %d of %d: %v\n", parked.Load(), n, err)
		os.Exit(3)
	}
	fmt.Printf("ready %d\n", n)
	if n > 0 {
		go func() {
			ended.Wait()
			close(all)
		}()
	}
	select {
	case <-all:
	case <-time.After(wait):
	}
}
