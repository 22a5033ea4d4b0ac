;; SPDX-License-Identifier: GPL-2.0-only
;;
;; One task: a Gambit Scheme (green) thread in thread-sleep!; main joins each.
;; The last one to count itself posts a mailbox message to main.
(define args (cdr (command-line)))

(define (numbers-of args)
  (cond ((null? args) '())
        ((string=? (car args) "--after") (numbers-of (cdr args)))
        (else (cons (number (car args)) (numbers-of (cdr args))))))

(define (number text)
  (or (and (<= 1 (string-length text) 9)
           (let digits ((i 0))
             (or (= i (string-length text))
                 (and (char-numeric? (string-ref text i)) (digits (+ i 1)))))
           (string->number text))
      -1))

(define numbers (numbers-of args))
(if (not (and (<= 1 (length numbers) 2) (not (memv -1 numbers))
              (<= (car numbers) 100000000)))
    (begin
      (display "usage: main N [SECONDS] [--after], N up to 10^8\n"
               (current-error-port))
      (exit 2)))
(define n (car numbers))
(define seconds (if (= (length numbers) 2) (cadr numbers) 10))

(define (say text)
  (display text)
  (display " ")
  (display n)
  (newline)
  (force-output))

(define (run-all)
  (define main (current-thread))
  (define mutex (make-mutex))
  (define parked 0)
  (define (task)
    (mutex-lock! mutex)
    (set! parked (+ parked 1))
    (if (= parked n) (thread-send main 'all-parked))
    (mutex-unlock! mutex)
    (thread-sleep! seconds))
  (define (start k threads)
    (if (= k n)
        threads
        (start (+ k 1) (cons (thread-start! (make-thread task)) threads))))
  (let ((threads (start 0 '())))
    (if (> n 0) (thread-receive))
    (say "ready")
    (if (= n 0) (thread-sleep! seconds))
    (for-each thread-join! threads)))

(run-all)
(if (member "--after" args)
    (begin
      (say "after")
      (let forever () (thread-sleep! 3600) (forever))))
