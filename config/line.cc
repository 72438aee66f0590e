#include "config/line.h"

#include <algorithm>

namespace penstock::config {

std::size_t Line::segment_at(std::size_t offset) const {
  const auto after = std::upper_bound(segments_.begin(), segments_.end(), offset,
                                      [](std::size_t value, const Segment& segment) { return value < segment.begin; });
  return static_cast<std::size_t>(after - segments_.begin()) - 1;
}

Place Line::place(std::size_t offset) const {
  if (segments_.empty()) return {};
  const Segment& segment = segments_[segment_at(std::min(offset, text_.size()))];
  Place place = segment.place;
  if (segment.origin == Origin::kVerbatim) {
    place.at.column += static_cast<std::uint32_t>(std::min(offset, text_.size()) - segment.begin);
  }
  return place;
}

Line Line::part(std::size_t offset, std::size_t count) const {
  Line out;
  const std::size_t end = std::min(text_.size(), count > text_.size() ? text_.size() : offset + count);
  while (offset < end) {
    const std::size_t index = segment_at(offset);
    const std::size_t segment_end = std::min(end, index + 1 < segments_.size() ? segments_[index + 1].begin : text_.size());
    out.append(std::string_view{text_}.substr(offset, segment_end - offset), place(offset), segments_[index].origin);
    offset = segment_end;
  }
  return out;
}

void Line::append(std::string_view text, const Place& place, Origin origin) {
  if (text.empty() && !segments_.empty()) return;
  segments_.push_back({text_.size(), place, origin});
  text_ += text;
}

void Line::append(const Line& other) {
  const std::size_t shift = text_.size();
  for (const Segment& segment : other.segments_) {
    segments_.push_back({segment.begin + shift, segment.place, segment.origin});
  }
  text_ += other.text_;
}

Line Line::used_at(const Position& use) const {
  Line out = *this;
  for (Segment& segment : out.segments_) {
    if (segment.origin == Origin::kMadeUp) {
      segment.place = {use, {}};
    } else {
      segment.place.used_at = use;
    }
  }
  return out;
}

}  // namespace penstock::config
