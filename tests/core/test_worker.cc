#include "tests/core/test_worker.h"

#include <algorithm>
#include <array>

#include "tests/support/packet_bytes.h"

namespace penstock::test {

TestWorker::Buffer TestWorker::buffer_of(const Input& input) {
  const std::size_t contiguous = std::min(input.contiguous, input.bytes.size());
  Buffer buffer;
  buffer.capacity = std::max(kRoom, contiguous);
  buffer.memory = std::make_unique<std::byte[]>(buffer.capacity);
  std::copy_n(input.bytes.begin(), contiguous, buffer.memory.get());
  buffer.rest.assign(input.bytes.begin() + static_cast<std::ptrdiff_t>(contiguous), input.bytes.end());
  buffer.packet_length = input.bytes.size();
  buffer.tag = input.tag;
  return buffer;
}

Handled TestWorker::handled(const core::Verdict& verdict, const Buffer& buffer, std::size_t contiguous) {
  Handled result{.verdict = verdict, .bytes = {}, .tag = buffer.tag};
  if (verdict.action == core::Action::kReply) {
    result.bytes.assign(buffer.memory.get(), buffer.memory.get() + verdict.length);
    return result;
  }
  result.bytes.assign(buffer.memory.get(), buffer.memory.get() + contiguous);
  append(result.bytes, buffer.rest);
  return result;
}

std::vector<Handled> TestWorker::receive(const core::Snapshot& snapshot, core::Tick now, std::span<const Input> inputs) {
  std::vector<std::unique_ptr<Buffer>> buffers;
  std::array<core::Frame, core::kBurst> frames{};
  std::array<core::Verdict, core::kBurst> verdicts{};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    buffers.push_back(std::make_unique<Buffer>(buffer_of(inputs[i])));
    Buffer& buffer = *buffers.back();
    frames.at(i) = {.data = buffer.memory.get(),
                    .length = static_cast<std::uint16_t>(buffer.packet_length - buffer.rest.size()),
                    .capacity = static_cast<std::uint16_t>(std::min<std::size_t>(buffer.capacity, UINT16_MAX)),
                    .packet_length = static_cast<std::uint32_t>(buffer.packet_length),
                    .port = inputs[i].port,
                    .transit = inputs[i].transit,
                    .buffer = &buffer};
  }
  forwarder_.process(snapshot, now, std::span{frames}.first(inputs.size()), std::span{verdicts}.first(inputs.size()));
  std::vector<Handled> out;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    out.push_back(handled(verdicts.at(i), *buffers[i], frames.at(i).length));
    if (verdicts.at(i).action == core::Action::kHold) held_.emplace(buffers[i].get(), std::move(buffers[i]));
  }
  release(out);
  return out;
}

std::vector<Handled> TestWorker::maintain(const core::Snapshot& snapshot, core::Tick now) {
  forwarder_.maintain(snapshot, now);
  std::vector<Handled> out;
  release(out);
  return out;
}

void TestWorker::release(std::vector<Handled>& out) {
  std::array<core::Released, 3> some;  // fewer than may be there: the rest must come with the next call
  while (const std::size_t count = forwarder_.take_released(some)) {
    for (const core::Released& released : std::span{some}.first(count)) {
      const auto buffer = held_.find(static_cast<const Buffer*>(released.frame.buffer));
      if (buffer == held_.end()) std::abort();  // given back twice, or never held
      out.push_back(handled(released.verdict, *buffer->second, released.frame.length));
      held_.erase(buffer);
    }
  }
}

}  // namespace penstock::test
