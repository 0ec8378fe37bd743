;; Reads WebSocket frames (RFC 6455, section 5.2) that contain exactly one CLASP frame each, and unmasks them.
;; npm run build:scanner assembles this file to frame-scanner-module.ts.
;;
;; Memory: results at 0, the bytes of a read at 16, and at 131,072 the unmasked payloads, adjacent.
;; Vectors of 16 bytes are read and written beyond the end of a payload. What lies behind it in the output is
;; overwritten by the next payload.
(module
  (memory (export "memory") 4 4)

  ;; Scans the frames in [at, end) until one is incomplete or of another kind: fragments, control frames, text, larger
  ;; than maxLength, not one CLASP frame without a timestamp.
  ;; Returns the end of the last scanned frame. Results: end of the output, number of frames.
  (func (export "scan") (param $at i32) (param $end i32) (param $maxLength i32) (result i32)
    (local $length i32)
    (local $from i32)
    (local $next i32)
    (local $key i32)
    (local $head i32)
    (local $mask v128)
    (local $to i32)
    (local $count i32)
    (local.set $to (i32.const 131072))
    (block $other
      (loop $frames
        ;; The smallest such frame has 2 header bytes, 4 mask bytes, and the 4 header bytes of a CLASP frame.
        (br_if $other (i32.lt_s (i32.sub (local.get $end) (local.get $at)) (i32.const 10)))
        ;; FIN and opcode 2, masked
        (br_if $other
          (i32.ne (i32.and (i32.load16_u (local.get $at)) (i32.const 0x80ff)) (i32.const 0x8082)))
        (local.set $length (i32.and (i32.load8_u offset=1 (local.get $at)) (i32.const 0x7f)))
        (local.set $from (i32.add (local.get $at) (i32.const 6)))
        (if (i32.ge_u (local.get $length) (i32.const 126))
          (then
            (br_if $other (i32.eq (local.get $length) (i32.const 127)))
            (local.set $length (i32.or
              (i32.shl (i32.load8_u offset=2 (local.get $at)) (i32.const 8))
              (i32.load8_u offset=3 (local.get $at))))
            (local.set $from (i32.add (local.get $at) (i32.const 8)))))
        (br_if $other (i32.lt_u (local.get $length) (i32.const 4)))
        (br_if $other (i32.gt_u (local.get $length) (local.get $maxLength)))
        (local.set $next (i32.add (local.get $from) (local.get $length)))
        (br_if $other (i32.gt_u (local.get $next) (local.get $end)))
        (local.set $key (i32.load (i32.sub (local.get $from) (i32.const 4))))
        ;; The header of the CLASP frame: 0x53, flags without 0x20, the length of the payload in big-endian order.
        (local.set $head (i32.xor (i32.load (local.get $from)) (local.get $key)))
        (br_if $other (i32.ne (i32.and (local.get $head) (i32.const 0x20ff)) (i32.const 0x53)))
        (br_if $other (i32.ne (local.get $length) (i32.add (i32.const 4) (i32.or
          (i32.shr_u (local.get $head) (i32.const 24))
          (i32.and (i32.shr_u (local.get $head) (i32.const 8)) (i32.const 0xff00))))))
        (local.set $mask (i32x4.splat (local.get $key)))
        (loop $vectors
          (v128.store (local.get $to) (v128.xor (v128.load (local.get $from)) (local.get $mask)))
          (local.set $to (i32.add (local.get $to) (i32.const 16)))
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (br_if $vectors (i32.lt_u (local.get $from) (local.get $next))))
        (local.set $to (i32.sub (local.get $to) (i32.sub (local.get $from) (local.get $next))))
        (local.set $at (local.get $next))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br $frames)))
    (i32.store (i32.const 0) (local.get $to))
    (i32.store (i32.const 4) (local.get $count))
    (local.get $at)))
