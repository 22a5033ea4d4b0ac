;; SPDX-License-Identifier: GPL-2.0-only
;;
;; One task: a fiber of guile-fibers (a delimited continuation) in sleep; it then
;; puts a message on the channel from which main joins. Another channel gets a
;; message from each just before it sleeps.
(use-modules ((fibers) #:select (run-fibers spawn-fiber (sleep . sleep-fiber)))
             (fibers channels) (ice-9 regex) (srfi srfi-1))

(define args (cdr (command-line)))
(define numbers (delete "--after" args))
(define stay? (member "--after" args))
(define (number text)
  (and (string-match "^[0-9]{1,9}$" text) (string->number text)))
(unless (and (<= 1 (length numbers) 2) (every number numbers)
             (<= (number (first numbers)) 100000000))
  (display "usage: main.scm N [SECONDS] [--after], N up to 10^8\n"
           (current-error-port))
  (primitive-exit 2))
(define n (number (first numbers)))
(define seconds (if (= (length numbers) 2) (number (second numbers)) 10))

(define (say text)
  (format #t "~a ~a\n" text n)
  (force-output))

(define (run-all)
  (define parked (make-channel))
  (define ended (make-channel))
  (define (task)
    (put-message parked #t)
    (sleep-fiber seconds)
    (put-message ended #t))
  (do ((i 0 (1+ i))) ((= i n)) (spawn-fiber task))
  (do ((i 0 (1+ i))) ((= i n)) (get-message parked))
  (say "ready")
  (when (= n 0) (sleep-fiber seconds))
  (do ((i 0 (1+ i))) ((= i n)) (get-message ended)))

(sigaction SIGTERM SIG_DFL)
(run-fibers
 (lambda ()
   (run-all)
   (when stay?
     (say "after")
     (let forever () (sleep-fiber 3600) (forever)))))
