(* SPDX-License-Identifier: GPL-2.0-only

   One task: a promise of Lwt_unix.sleep with what is bound to it; main waits
   for all with Lwt.join. A task runs at once until it first waits. *)
open Lwt.Syntax

let parked = ref 0

let task seconds =
  incr parked;
  Lwt_unix.sleep seconds

let run_all n seconds =
  let all = Lwt.join (List.init n (fun _ -> task seconds)) in
  Printf.printf "ready %d\n%!" !parked;
  if n = 0 then Lwt_unix.sleep seconds else all

let main n seconds stay =
  let* () = run_all n seconds in
  if stay then begin
    Printf.printf "after %d\n%!" n;
    fst (Lwt.wait ())
  end
  else Lwt.return_unit

let number text =
  let digit c = c >= '0' && c <= '9' in
  if text <> "" && String.length text <= 9 && String.for_all digit text then
    int_of_string text
  else -1

let () =
  let args = List.tl (Array.to_list Sys.argv) in
  let flags, rest = List.partition (( = ) "--after") args in
  match List.map number rest with
  | ([ n ] | [ n; _ ]) as numbers
    when n >= 0 && n <= 100_000_000 && not (List.mem (-1) numbers) ->
      let seconds = match numbers with [ _; s ] -> s | _ -> 10 in
      Lwt_main.run (main n (float_of_int seconds) (flags <> []))
  | _ ->
      prerr_endline "usage: main N [SECONDS] [--after], N up to 10^8";
      exit 2
