;;; SPDX-License-Identifier: GPL-2.0-only
;;;
;;; One task: an SBCL thread (an OS thread with Lisp control, binding and alien
;;; stacks) in sleep; main joins each. The last one to count itself signals a
;;; semaphore that main waits on.
(defpackage :main (:use :cl :sb-thread))
(in-package :main)

(sb-ext:defglobal *parked* 0)
(declaim (type fixnum *parked*))

(defun say (word n)
  (format t "~a ~d~%" word n)
  (finish-output))

(defun stop (status &rest message)
  (apply #'format *error-output* message)
  (finish-output *error-output*)
  (sb-ext:exit :code status :abort t))

(defun run-all (n seconds)
  (let* ((all-parked (make-semaphore))
         (task (lambda ()
                 (when (= (1+ (sb-ext:atomic-incf *parked*)) n)
                   (signal-semaphore all-parked))
                 (sleep seconds)))
         (threads
           (loop for k below n
                 collect (handler-case (make-thread task)
                           (error (reason)
                             (stop 3 "stopped at ~d of ~d: ~a~%" k n reason))))))
    (when (plusp n) (wait-on-semaphore all-parked))
    (say "ready" n)
    (when (zerop n) (sleep seconds))
    (mapc #'join-thread threads)))

(defun natural (text)
  (if (and (<= 1 (length text) 9) (every #'digit-char-p text))
      (parse-integer text)
      -1))

(let* ((args (rest sb-ext:*posix-argv*))
       (numbers (mapcar #'natural (remove "--after" args :test #'string=))))
  (unless (and (<= 1 (length numbers) 2) (notany #'minusp numbers)
               (<= (first numbers) 100000000))
    (stop 2 "usage: main N [SECONDS] [--after], N up to 10^8~%"))
  (sb-sys:enable-interrupt sb-unix:sigterm :default)
  (run-all (first numbers) (or (second numbers) 10))
  (when (member "--after" args :test #'string=)
    (say "after" (first numbers))
    (loop (sleep 3600))))
