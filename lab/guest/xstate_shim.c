// Preloaded into linux.uml on hosts whose XSAVE area is larger than the buffer that User Mode Linux 6.1 has for it (CPUs with AMX).
//
// The problem: UML saves and restores the registers of its processes by ptrace with a buffer of fixed size. Reading into a short buffer
// works; writing from one fails with EFAULT, and the guest dies at its first process.
// The idea: complete the short buffer from the process's own current state, so that only the part that UML knows changes.
// Limits: only for PTRACE_SETREGSET of NT_X86_XSTATE; everything else goes to the kernel as it is. x86-64 only.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static _Alignas(64) unsigned char whole_state[65536];

static long kernel_ptrace(long request, pid_t pid, void* address, void* data) {
  return syscall(SYS_ptrace, request, (long)pid, address, data);
}

long ptrace(enum __ptrace_request request, ...) {
  va_list arguments;
  va_start(arguments, request);
  pid_t pid = va_arg(arguments, pid_t);
  void* address = va_arg(arguments, void*);
  void* data = va_arg(arguments, void*);
  va_end(arguments);

  if (request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE) {
    const struct iovec* given = data;
    struct iovec whole = {whole_state, sizeof whole_state};
    if (kernel_ptrace(PTRACE_GETREGSET, pid, address, &whole) == 0 && whole.iov_len > given->iov_len) {
      memcpy(whole_state, given->iov_base, given->iov_len);
      return kernel_ptrace(PTRACE_SETREGSET, pid, address, &whole);
    }
  }
  // The library's ptrace returns the word that these requests read; the system call stores it.
  if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
    long word;
    if (kernel_ptrace(request, pid, address, &word) < 0) return -1;
    errno = 0;
    return word;
  }
  return kernel_ptrace(request, pid, address, data);
}
