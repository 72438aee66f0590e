// Whether this build is a sanitizer's: not optimised and many times slower, so long runs are shorter in it.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PENSTOCK_IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PENSTOCK_IS_SANITIZED true
#endif
#endif
#ifndef PENSTOCK_IS_SANITIZED
#define PENSTOCK_IS_SANITIZED false
#endif

namespace penstock::test {

inline constexpr bool kIsSanitized = PENSTOCK_IS_SANITIZED;

}  // namespace penstock::test
