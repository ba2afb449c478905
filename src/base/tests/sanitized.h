/* Whether a test is built with the address sanitizer, which looks for other faults than rounds do
 * and takes ten times as long: such a build does a tenth of the rounds. */
#ifndef VEIN_BASE_TESTS_SANITIZED_H
#define VEIN_BASE_TESTS_SANITIZED_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if !defined(SANITIZED)
#define SANITIZED 0
#endif

#endif
