/* What the kernel alone costs: walks a tree by folder descriptors, with statx or with open, read, close and XXH3-128.
 *
 * usage: walk_tree stat|read FOLDER THREADS
 *
 * Threads take folders of the second level in turn. Prints files, bytes, and processor seconds.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

static int reads;
static char **folders;
static size_t folder_count, folder_capacity;
static atomic_size_t next_folder, files, bytes, digest;

static void collect(const char *path, int depth) {
    DIR *folder = opendir(path);
    if (!folder) return;
    int has_folders = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.' || entry->d_type != DT_DIR) continue;
        char child[4096];
        snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        has_folders = 1;
        collect(child, depth + 1);
    }
    closedir(folder);
    if (has_folders) return;
    if (folder_count == folder_capacity) {
        folder_capacity = folder_capacity ? folder_capacity * 2 : 1024;
        folders = realloc(folders, folder_capacity * sizeof *folders);
    }
    folders[folder_count++] = strdup(path);
}

static void *work(void *unused) {
    (void)unused;
    char *buffer = malloc(1 << 20);
    size_t seen = 0, total = 0, mixed = 0;
    for (size_t i; (i = atomic_fetch_add(&next_folder, 1)) < folder_count;) {
        int descriptor = open(folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0) continue;
        DIR *folder = fdopendir(descriptor);
        for (struct dirent *entry; (entry = readdir(folder));) {
            if (entry->d_name[0] == '.') continue;
            seen++;
            if (!reads) {
                struct statx status;
                if (statx(descriptor, entry->d_name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC,
                          STATX_SIZE | STATX_MTIME | STATX_CTIME | STATX_INO, &status) == 0)
                    total += status.stx_size;
                continue;
            }
            int file = openat(descriptor, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
            if (file < 0) continue;
            ssize_t count = read(file, buffer, 1 << 20);
            close(file);
            if (count < 0) continue;
            total += (size_t)count;
            mixed ^= XXH3_128bits(buffer, (size_t)count).low64;
        }
        closedir(folder);
    }
    atomic_fetch_add(&files, seen);
    atomic_fetch_add(&bytes, total);
    atomic_fetch_xor(&digest, mixed);
    free(buffer);
    return NULL;
}

int main(int count, char **words) {
    if (count != 4) return fprintf(stderr, "usage: walk_tree stat|read FOLDER THREADS\n"), 1;
    reads = strcmp(words[1], "read") == 0;
    int threads = atoi(words[3]);
    collect(words[2], 0);
    pthread_t *all = malloc((size_t)threads * sizeof *all);
    for (int i = 0; i < threads; i++) pthread_create(&all[i], NULL, work, NULL);
    for (int i = 0; i < threads; i++) pthread_join(all[i], NULL);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("%zu files, %zu bytes, %.3f s, digest %zx\n", files, bytes, seconds, digest);
    return 0;
}
