namespace RocketOps.Store.Indexing;

/// <summary>Numbers of an index file.</summary>
// Index file. Source: store.md §3.5, apache/rocketmq IndexFile and IndexHeader. All integers big-endian.
//   off              size  field
//   0                8     beginTimestamp
//   8                8     endTimestamp
//   16               8     beginPhysicalOffset
//   24               8     endPhysicalOffset
//   32               4     usedSlots
//   36               4     indexCount            next entry number; the first is 1
//   40               4×s   slots                 number of the newest entry with that hash mod s, 0 = none
//   40+4×s           20×n  entries               number 0 is never used
//
// Entry
//   0                4     keyHash
//   4                8     physicalOffset
//   12               4     secondsSinceBegin     store time, clamped to 0 .. 2^31-1
//   16               4     previous              older entry of the same slot, 0 = end
internal static class IndexLayout
{
    public const int HeaderBytes = 40;
    public const int SlotBytes = 4;
    public const int EntryBytes = 20;

    public static int FileBytes(int slots, int entries) => HeaderBytes + (slots * SlotBytes) + (entries * EntryBytes);

    public static long SlotAt(int slot) => HeaderBytes + ((long)slot * SlotBytes);

    public static long EntryAt(int slots, int number) => HeaderBytes + ((long)slots * SlotBytes) + ((long)number * EntryBytes);
}
