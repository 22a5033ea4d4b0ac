#lang racket/base
; SPDX-License-Identifier: GPL-2.0-only
;
; One task: a Racket (green) thread in sleep; main waits for each with
; thread-wait. Each posts a semaphore just before it sleeps, and main waits on it
; n times.
(require racket/list)

(define-values (flags numbers)
  (partition (lambda (a) (equal? a "--after"))
             (vector->list (current-command-line-arguments))))
(define values-given (map string->number numbers))
(unless (and (<= 1 (length numbers) 2)
             (andmap (lambda (a) (regexp-match? #px"^\\d{1,9}$" a)) numbers)
             (<= (first values-given) 100000000))
  (eprintf "usage: main.rkt N [SECONDS] [--after], N up to 10^8\n")
  (exit 2))
(define n (first values-given))
(define seconds (if (= (length numbers) 2) (second values-given) 10))

(define (say text)
  (printf "~a ~a\n" text n)
  (flush-output))

(define (run-all)
  (define parked (make-semaphore 0))
  (define (task)
    (semaphore-post parked)
    (sleep seconds))
  (define threads (for/list ([_ (in-range n)]) (thread task)))
  (for ([_ (in-range n)]) (semaphore-wait parked))
  (say "ready")
  (when (= n 0) (sleep seconds))
  (for-each thread-wait threads))

; SIGTERM comes as a break of the main thread.
(with-handlers ([exn:break? (lambda (_) (exit 143))])
  (run-all)
  (unless (null? flags)
    (say "after")
    (sync never-evt)))
