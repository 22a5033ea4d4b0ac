<?php
// SPDX-License-Identifier: GPL-2.0-only
//
// A program with a planted regression: "split" or "join" keeps all that it makes.
$leak = $argv[1];
$words = array_fill(0, 20, 'word');
$line = implode(',', $words);
$kept = [];
for ($i = 0; $i < 40000; $i++) {
    if ($leak === 'split' || $i < 100)
        $kept[] = explode(',', $line);
    if ($leak === 'join' || $i < 100)
        $kept[] = implode(',', $words);
}
echo count($kept), "\n";
