// SPDX-License-Identifier: GPL-2.0-only
//
// A program with a planted regression: "parse" or "index" keeps all that it makes.
package main

import (
	"fmt"
	"os"
)

type row struct{ cells [125]int }

var kept []*row

func keep(i int) *row { return &row{cells: [125]int{i}} }

//go:noinline
func parseRows(leak bool) {
	for i := 0; i < 30000; i++ {
		if leak || i < 100 {
			kept = append(kept, keep(i)) // planted: parse
		}
	}
}

//go:noinline
func buildIndex(leak bool) {
	for i := 0; i < 30000; i++ {
		if leak || i < 100 {
			kept = append(kept, keep(i)) // planted: index
		}
	}
}

func main() {
	parseRows(os.Args[1] == "parse")
	buildIndex(os.Args[1] == "index")
	fmt.Println(len(kept))
}
