# SPDX-License-Identifier: GPL-2.0-only
#
# One task: a Tcl coroutine that yields until the event loop's `after` timer
# resumes it. It runs at once until it first waits; main waits in the event loop
# until the last one ends. Tcl keeps timers in a sorted list that each new one
# walks, so the time grows with the square of N.
set numbers [lsearch -all -inline -not -exact $argv --after]
set stay [expr {[llength $numbers] < $argc}]
lassign [concat $numbers 10] n seconds
if {[llength $numbers] < 1 || [llength $numbers] > 2 ||
        ![regexp {^\d{1,9}( \d{1,9})?$} $numbers] || [scan $n %d] > 100000000} {
    puts stderr "usage: main.tcl N \[SECONDS\] \[--after\], N up to 10^8"
    exit 2
}
set n [scan $n %d]
set seconds [scan $seconds %d]
set parked 0
set ended 0

proc task {} {
    incr ::parked
    after [expr {$::seconds * 1000}] [info coroutine]
    yield
    incr ::ended
}

for {set i 0} {$i < $n} {incr i} {
    coroutine task$i task
}
puts "ready $parked"
flush stdout
if {$n == 0} {
    after [expr {$seconds * 1000}]
}
while {$ended < $n} {
    vwait ended
}
if {$stay} {
    puts "after $n"
    flush stdout
    vwait forever
}
