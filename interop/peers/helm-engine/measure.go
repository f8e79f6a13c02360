package main

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// moment is a point of time on the clock and on the process's CPU account (all threads, the collector's included).
type moment struct {
	wall time.Time
	cpu  int64
}

func now() moment {
	var usage syscall.Rusage
	// It fails only for a bad argument.
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return moment{wall: time.Now(), cpu: usage.Utime.Nano() + usage.Stime.Nano()}
}

// since gives the nanoseconds of time and of CPU from an earlier moment to this one.
func (m moment) since(earlier moment) (wall, cpu int64) {
	return m.wall.Sub(earlier.wall).Nanoseconds(), m.cpu - earlier.cpu
}

// peakMemory is the most resident memory of the process so far, in bytes. It is the kernel's VmHWM where there is one,
// since the peak that getrusage tells begins with that of the program that started this one.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		if _, rest, found := bytes.Cut(status, []byte("VmHWM:")); found {
			kilobytes, err := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
			if err == nil {
				return kilobytes * 1024
			}
		}
	}
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Maxrss * 1024
}
