# SPDX-License-Identifier: GPL-2.0-only
#
# One task: a Coro coroutine (Perl stacks of its own) from async in
# Coro::AnyEvent::sleep (an AnyEvent timer on EV); main joins each. They start
# when main first waits, so the last one to count itself says that all are there.
use strict;
use warnings;
use EV;
use AnyEvent;
use Coro;
use Coro::AnyEvent;

my @numbers = grep { $_ ne "--after" } @ARGV;
my $stay = @numbers < @ARGV;
my ($n, $seconds) = (@numbers, 10);
if (@numbers < 1 || @numbers > 2 || grep({ !/\A[0-9]{1,9}\z/ } @numbers) || $n > 1e8) {
    print STDERR "usage: main.pl N [SECONDS] [--after], N up to 10^8\n";
    exit 2;
}
$| = 1;
$n += 0;

my $parked = 0;

sub task {
    print "ready $n\n" if ++$parked == $n;
    Coro::AnyEvent::sleep $seconds;
}

sub run_all {
    my @tasks;
    push @tasks, async(\&task) for 1 .. $n;
    $_->join for @tasks;
}

if ($n == 0) {
    print "ready 0\n";
    Coro::AnyEvent::sleep $seconds;
}
run_all();
if ($stay) {
    print "after $n\n";
    Coro::AnyEvent::sleep 3600 while 1;
}
