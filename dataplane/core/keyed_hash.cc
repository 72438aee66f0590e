#include "dataplane/core/keyed_hash.h"

#include <sys/random.h>

#include <cstdio>
#include <cstdlib>

namespace penstock::core {
namespace {

HashSecret make_secret() {
  HashSecret secret{};
  if (getrandom(&secret, sizeof(secret), 0) != static_cast<ssize_t>(sizeof(secret))) {
    std::fputs("penstock: getrandom failed: the kernel gives no random numbers\n", stderr);
    std::abort();
  }
  secret.second |= 1;  // a factor of 0 would make every hash 0
  return secret;
}

}  // namespace

HashSecret process_hash_secret() {
  static const HashSecret kSecret = make_secret();
  return kSecret;
}

}  // namespace penstock::core
