(* SPDX-License-Identifier: GPL-2.0-only

   One task: an OCaml 5 fiber: a function under an effect handler that performs
   Sleep; its continuation waits in the scheduler's timers, a Map from wake time
   to continuations. OCaml's library has no scheduler, so one is written here as
   its manual does it. A task runs at once until it first waits. *)
open Effect
open Effect.Deep

type _ Effect.t += Sleep : float -> unit Effect.t

module Timers = Map.Make (Float)

let timers : (unit, unit) continuation list Timers.t ref = ref Timers.empty

let sleep_until time k =
  let add others = Some (k :: Option.value others ~default:[]) in
  timers := Timers.update time add !timers

let spawn task =
  let effc : type a. a Effect.t -> ((a, unit) continuation -> unit) option =
    function
    | Sleep seconds ->
        Some (fun k -> sleep_until (Unix.gettimeofday () +. seconds) k)
    | _ -> None
  in
  try_with task () { effc }

let rec run () =
  match Timers.min_binding_opt !timers with
  | None -> ()
  | Some (time, sleepers) ->
      let left = time -. Unix.gettimeofday () in
      if left > 0. then Unix.sleepf left
      else begin
        timers := Timers.remove time !timers;
        List.iter (fun k -> continue k ()) sleepers
      end;
      run ()

let run_all n seconds =
  let parked = ref 0 in
  for _ = 1 to n do
    spawn (fun () ->
        incr parked;
        perform (Sleep seconds))
  done;
  Printf.printf "ready %d\n%!" !parked;
  if n = 0 then Unix.sleepf seconds;
  run ()

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
      run_all n (float_of_int seconds);
      if flags <> [] then begin
        Printf.printf "after %d\n%!" n;
        while true do Unix.sleep 3600 done
      end
  | _ ->
      prerr_endline "usage: main N [SECONDS] [--after], N up to 10^8";
      exit 2
