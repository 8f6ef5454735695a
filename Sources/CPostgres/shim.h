#include <libpq-fe.h>
#include <sys/prctl.h>

/* prctl is variadic, which Swift cannot call. The name is cut to 15 bytes. */
static inline void tsunagi_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* GNU's own calls, which Swift's module of the C library leaves out (it is read without _GNU_SOURCE). */
#include <spawn.h>
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int from);
