/* Frames between parent and worker; pure, and fuzzed. A frame is a head of WORKER_HEAD bytes
 * (little-endian) and its body:
 *
 *   0  "vjob"      4  kind        5  three zeros     8  32-bit number of the job
 *   12 32-bit KiB that the child holds at most so far (0 in a job)    16  64-bit length of the body
 *
 * The body of a job and a result is the row's business; of a refusal "code LF what"; of a fault its
 * detail. */
#ifndef VEIN_KERNEL_WORKER_IMPL_H
#define VEIN_KERNEL_WORKER_IMPL_H

#include "kernel/worker.h"

enum { WORKER_HEAD = 24, WORKER_WORDS_MAX = 512, WORKER_SOCKET = 3 };

enum worker_frame_kind { WORKER_JOB = 1, WORKER_RESULT, WORKER_REFUSAL, WORKER_FAULT };

struct worker_frame {
    enum worker_frame_kind kind;
    uint32_t job;
    uint32_t memory_kib;
    uint64_t length;
};

void worker_frame_write(uint8_t head[WORKER_HEAD], const struct worker_frame *f);
/* False for what is no head. Lengths are for the caller to judge. */
bool worker_frame_read(struct worker_frame *f, const uint8_t head[WORKER_HEAD]);

/* The parent's reader of one answer, fed with whatever arrives. */
struct worker_reader {
    uint8_t head[WORKER_HEAD];
    size_t nhead;
    struct worker_frame frame;
    struct buf body;
};
enum worker_read { WORKER_READ_MORE, WORKER_READ_DONE, WORKER_READ_GARBAGE, WORKER_READ_NO_MEMORY };

void worker_reader_begin(struct worker_reader *r);
void worker_reader_end(struct worker_reader *r);
/* Takes n bytes of the answer to this job of this kind; anything behind its end is garbage. */
enum worker_read worker_reader_feed(struct worker_reader *r, const struct worker_kind *kind,
                                    uint32_t job, const void *p, size_t n);
/* What the whole answer says: OK, or the refusal or fault in it. */
enum outcome worker_reader_error(const struct worker_reader *r, const struct worker_kind *kind,
                                 struct err *e);

#endif
