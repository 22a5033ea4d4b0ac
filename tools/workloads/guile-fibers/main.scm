;; SPDX-License-Identifier: GPL-2.0-only
;;
;; One task: a fiber of guile-fibers (a delimited continuation) in sleep. The last
;; one to count itself, before and after the sleep, signals the condition that main
;; waits for.
(use-modules ((fibers) #:select (run-fibers spawn-fiber (sleep . sleep-fiber)))
             (fibers conditions) (ice-9 atomic) (ice-9 regex) (srfi srfi-1))

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

;; Returns how a task counts itself, and how main waits until n have.
(define (make-counter)
  (define count (make-atomic-box 0))
  (define full (make-condition))
  (define (add!)
    (let* ((old (atomic-box-ref count))
           (seen (atomic-box-compare-and-swap! count old (1+ old))))
      (cond ((not (eqv? seen old)) (add!))
            ((= (1+ old) n) (signal-condition! full)))))
  (values add! (lambda () (when (> n 0) (wait full)))))

(define (run-all)
  (define-values (parked! wait-parked) (make-counter))
  (define-values (ended! wait-ended) (make-counter))
  (define (task)
    (parked!)
    (sleep-fiber seconds)
    (ended!))
  (do ((i 0 (1+ i))) ((= i n)) (spawn-fiber task))
  (wait-parked)
  (say "ready")
  (when (= n 0) (sleep-fiber seconds))
  (wait-ended))

(sigaction SIGTERM SIG_DFL)
(run-fibers
 (lambda ()
   (run-all)
   (when stay?
     (say "after")
     (let forever () (sleep-fiber 3600) (forever)))))
