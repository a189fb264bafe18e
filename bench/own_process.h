#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tracevec::bench {

/// Runs this program again, with these arguments after its name, and waits for it; its exit code.
/// For figures that what the process did before would spoil.
int RunAgain(std::vector<std::string> arguments);

/// Whether another thread of this process runs, waits for a processor or for the disk. What
/// processor time it takes would not say: where others use the machine, a thread of idle priority
/// gets next to none.
bool OtherThreadsWork();

/// Memory of this process, in bytes.
struct ResidentMemory {
  std::size_t total = 0;
  std::size_t anonymous = 0;  ///< Of it: heap and stacks, not mapped files.
};
ResidentMemory MeasureResidentMemory();

/// Bytes of the files below a folder that this process has mapped, resident or not.
std::size_t MappedBytesBelow(const std::string& folder);

/// Bytes that the files below a folder take on the disk.
std::size_t DiskBytesBelow(const std::string& folder);

}  // namespace tracevec::bench
