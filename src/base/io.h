/* Bytes to a descriptor. */
#ifndef VEIN_BASE_IO_H
#define VEIN_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>

/* All n bytes, however often the system takes some of them or a signal comes between; false, with
 * errno, when it takes no more. */
bool io_write_all(int fd, const void *p, size_t n);

#endif
