/* Where a test keeps its files. ./dev test names a folder in memory (TMPDIR): the tests sync
 * thousands of times, and what a disk loses is shown by disks of the tests' own (kernel/tests/
 * power_disk.h). By hand they lie in /tmp. */
#ifndef VEIN_BASE_TESTS_FOLDER_H
#define VEIN_BASE_TESTS_FOLDER_H

#include <stdio.h>
#include <stdlib.h>

/* Makes a folder of a name of its own, "<TMPDIR>/vein-<what>-XXXXXX"; whoever calls it removes it.
 */
static inline void test_folder(char *out, size_t size, const char *what)
{
    const char *in = getenv("TMPDIR");
    const int n = snprintf(out, size, "%s/vein-%s-XXXXXX", in && in[0] ? in : "/tmp", what);
    if (n < 0 || (size_t)n >= size || !mkdtemp(out)) {
        fprintf(stderr, "no folder for a test: %s\n", out);
        abort();
    }
}

#endif
