#include "core/crypto/hashing_slots.h"

#include <thread>

namespace slipway::crypto {

HashingSlots& HashingSlots::of_process() {
  static HashingSlots slots(count_for(std::thread::hardware_concurrency()));
  return slots;
}

}  // namespace slipway::crypto
