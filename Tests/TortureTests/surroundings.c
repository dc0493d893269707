/* A machine with other habits, loaded before the C library (LD_PRELOAD) into the program under test.
 *
 *   TORTURE_CLOCK=S        the wall clock is S seconds off
 *   TORTURE_FREEZE=S       all clocks stand still, the wall clock at S seconds since 1970
 *   TORTURE_RANDOM=N       the system's randomness is a fixed sequence that begins with N
 *   TORTURE_SHUFFLE=N      folders list their names in an order that N decides
 *   TORTURE_SHORT=1        reads and writes transfer about half of what they are asked for
 *   TORTURE_INTERRUPT=1    every second read and write is interrupted (EINTR) before it begins;
 *                          with 2 every second open and sync too, which some network file systems do
 *   TORTURE_STOP=TEXT      the process stops itself (SIGSTOP) before it opens or renames to a path
 *                          that ends in TEXT, once
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static long number(const char *name) {
  const char *text = getenv(name);
  return text ? strtol(text, 0, 10) : 0;
}

static uint64_t mixed(uint64_t word) {
  word += 0x9E3779B97F4A7C15u;
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
  return word ^ (word >> 31);
}

/* The clock */

int clock_gettime(clockid_t clock, struct timespec *time) {
  int code = REAL(clock_gettime)(clock, time);
  if (getenv("TORTURE_FREEZE")) {
    time->tv_sec = clock == CLOCK_REALTIME ? number("TORTURE_FREEZE") : 1;
    time->tv_nsec = 0;
  }
  if (clock == CLOCK_REALTIME && code == 0) time->tv_sec += number("TORTURE_CLOCK");
  return code;
}

/* Randomness */

static void fill(void *bytes, size_t count) {
  static atomic_ulong drawn;
  uint64_t seed = mixed((uint64_t)number("TORTURE_RANDOM"));
  for (size_t i = 0; i < count; i++) ((unsigned char *)bytes)[i] = (unsigned char)mixed(seed + drawn++);
}

ssize_t getrandom(void *bytes, size_t count, unsigned flags) {
  if (!getenv("TORTURE_RANDOM")) return REAL(getrandom)(bytes, count, flags);
  fill(bytes, count);
  return (ssize_t)count;
}

int getentropy(void *bytes, size_t count) {
  if (!getenv("TORTURE_RANDOM")) return REAL(getentropy)(bytes, count);
  fill(bytes, count);
  return 0;
}

/* Swift's standard library asks the kernel itself. */
long syscall(long call, ...) {
  va_list list;
  long a[6];
  va_start(list, call);
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  if (call == SYS_getrandom && getenv("TORTURE_RANDOM")) {
    if (a[0]) fill((void *)a[0], (size_t)a[1]);
    return a[1];
  }
  return REAL(syscall)(call, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Folders */

struct shuffled {
  DIR *folder;
  struct dirent **entries;
  size_t count, next;
  struct shuffled *after;
};
static struct shuffled *open_folders;
static atomic_flag folders_lock = ATOMIC_FLAG_INIT;

static struct shuffled *take(DIR *folder) {
  struct shuffled **place = &open_folders;
  while (*place && (*place)->folder != folder) place = &(*place)->after;
  if (*place) return *place;
  struct shuffled *fresh = calloc(1, sizeof *fresh);
  fresh->folder = folder;
  fresh->after = open_folders;
  open_folders = fresh;
  struct dirent *entry;
  while ((entry = REAL(readdir)(folder))) {
    fresh->entries = realloc(fresh->entries, (fresh->count + 1) * sizeof entry);
    fresh->entries[fresh->count] = malloc(entry->d_reclen);
    memcpy(fresh->entries[fresh->count++], entry, entry->d_reclen);
  }
  uint64_t seed = (uint64_t)number("TORTURE_SHUFFLE");
  for (size_t i = fresh->count; i > 1; i--) {
    size_t other = mixed(seed + i) % i;
    struct dirent *kept = fresh->entries[i - 1];
    fresh->entries[i - 1] = fresh->entries[other];
    fresh->entries[other] = kept;
  }
  return fresh;
}

struct dirent *readdir(DIR *folder) {
  if (!getenv("TORTURE_SHUFFLE")) return REAL(readdir)(folder);
  while (atomic_flag_test_and_set(&folders_lock)) {}
  struct shuffled *names = take(folder);
  struct dirent *entry = names->next < names->count ? names->entries[names->next++] : 0;
  atomic_flag_clear(&folders_lock);
  return entry;
}

struct dirent64 *readdir64(DIR *folder) { return (struct dirent64 *)readdir(folder); }

int closedir(DIR *folder) {
  while (atomic_flag_test_and_set(&folders_lock)) {}
  for (struct shuffled **place = &open_folders; *place; place = &(*place)->after) {
    if ((*place)->folder != folder) continue;
    struct shuffled *gone = *place;
    *place = gone->after;
    for (size_t i = 0; i < gone->count; i++) free(gone->entries[i]);
    free(gone->entries);
    free(gone);
    break;
  }
  atomic_flag_clear(&folders_lock);
  return REAL(closedir)(folder);
}

/* Reads and writes */

static size_t shortened(size_t count) {
  return getenv("TORTURE_SHORT") && count > 1 ? (count + 1) / 2 : count;
}

static int interrupted(int strength) {
  static atomic_ulong calls;
  if (number("TORTURE_INTERRUPT") < strength || calls++ % 2) return 0;
  errno = EINTR;
  return 1;
}

ssize_t read(int file, void *bytes, size_t count) {
  return interrupted(1) ? -1 : REAL(read)(file, bytes, shortened(count));
}
ssize_t write(int file, const void *bytes, size_t count) {
  return interrupted(1) ? -1 : REAL(write)(file, bytes, shortened(count));
}
ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
  return interrupted(1) ? -1 : REAL(pread)(file, bytes, shortened(count), offset);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  return interrupted(1) ? -1 : REAL(pwrite)(file, bytes, shortened(count), offset);
}
ssize_t pread64(int file, void *bytes, size_t count, off_t offset) {
  return interrupted(1) ? -1 : REAL(pread64)(file, bytes, shortened(count), offset);
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset) {
  return interrupted(1) ? -1 : REAL(pwrite64)(file, bytes, shortened(count), offset);
}
int fsync(int file) { return interrupted(2) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return interrupted(2) ? -1 : REAL(fdatasync)(file); }

/* Opening and renaming */

static void stop_before(const char *path) {
  static atomic_int stopped;
  const char *text = getenv("TORTURE_STOP");
  if (!text || !path) return;
  size_t tail = strlen(text), whole = strlen(path);
  if (whole < tail || strcmp(path + whole - tail, text)) return;
  if (!stopped++) raise(SIGSTOP);
}

#define OPENING(name, ...)                                  \
  mode_t mode = 0;                                          \
  if (flags & (O_CREAT | O_TMPFILE)) {                      \
    va_list list;                                           \
    va_start(list, flags);                                  \
    mode = va_arg(list, mode_t);                            \
    va_end(list);                                           \
  }                                                         \
  stop_before(path);                                        \
  return interrupted(2) ? -1 : REAL(name)(__VA_ARGS__, mode)

int open(const char *path, int flags, ...) { OPENING(open, path, flags); }
int open64(const char *path, int flags, ...) { OPENING(open64, path, flags); }
int openat(int folder, const char *path, int flags, ...) { OPENING(openat, folder, path, flags); }
int openat64(int folder, const char *path, int flags, ...) { OPENING(openat64, folder, path, flags); }

int rename(const char *from, const char *to) {
  stop_before(to);
  return REAL(rename)(from, to);
}

int unlink(const char *path) {
  stop_before(path);
  return REAL(unlink)(path);
}
