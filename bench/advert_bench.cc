// What an advert costs the VRRP thread: a flood of protocol 112 must not make it late.
//
// Each iteration is one frame from its bytes to the verdict, as Router::on_frame does it. `allocations` counts what the heap
// was asked for in each: a refusal must not ask at all.
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "vrrp/advert_check.h"

namespace {
std::atomic<std::uint64_t> allocations = 0;
}

// Not inlined, or g++ takes malloc and free for a pair that doesn't match.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace penstock::vrrp {
namespace {

const packet::IpAddress kSource = packet::Ipv4Address{0x0a4d'0003};
const packet::IpAddress kGroup = packet::Ipv4Address{0xe000'0012};

InstanceSpec instance(std::size_t addresses) {
  InstanceSpec spec;
  spec.name = "VI_1";
  spec.virtual_router_id = 51;
  spec.auth_pass = "password";
  for (std::size_t i = 0; i < addresses; ++i) {
    spec.addresses.push_back({.address = packet::Ipv4Address{0x0a4d'0100U + static_cast<std::uint32_t>(i)}});
  }
  return spec;
}

std::vector<std::byte> frame_of(const InstanceSpec& spec, std::string_view password) {
  Advert advert{.virtual_router_id = spec.virtual_router_id, .priority = 100, .authentication_type = 1};
  advert.authentication = authentication_of(password);
  for (const VirtualAddress& vip : spec.addresses) advert.addresses.push_back(vip.address);
  return advert_frame(advert, {.source = kSource, .destination = kGroup});
}

void judge_frames(benchmark::State& state, std::string_view password, bool with_line) {
  const InstanceSpec spec = instance(static_cast<std::size_t>(state.range(0)));
  const std::vector<std::byte> bytes = frame_of(spec, password);
  const std::array<packet::IpAddress, 1> own{packet::Ipv4Address{0x0a4d'0001}};
  const std::uint64_t before = allocations;
  for ([[maybe_unused]] const auto ignored : state) {
    const auto frame = read_frame(bytes);
    benchmark::DoNotOptimize(virtual_router_id_of(frame->message));
    const auto verdict = judge(*frame, spec, own, false);
    if (with_line && !verdict) benchmark::DoNotOptimize(line_of(verdict.error(), *frame, spec));
    benchmark::DoNotOptimize(verdict);
  }
  const auto asked = static_cast<double>(allocations - before);
  state.counters["allocations"] = benchmark::Counter(asked, benchmark::Counter::kAvgIterations);
}

void wrong_password(benchmark::State& state) { judge_frames(state, "passw0rd", false); }
void wrong_password_with_line(benchmark::State& state) { judge_frames(state, "passw0rd", true); }
void believed(benchmark::State& state) { judge_frames(state, "password", false); }

BENCHMARK(wrong_password)->Arg(1)->Arg(255);
BENCHMARK(wrong_password_with_line)->Arg(1);
BENCHMARK(believed)->Arg(1)->Arg(255);

}  // namespace
}  // namespace penstock::vrrp

BENCHMARK_MAIN();
