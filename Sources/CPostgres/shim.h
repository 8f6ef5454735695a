#include <libpq-fe.h>
#include <sys/prctl.h>

/* prctl is variadic, which Swift cannot call. The name is cut to 15 bytes. */
static inline void tsunagi_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}
