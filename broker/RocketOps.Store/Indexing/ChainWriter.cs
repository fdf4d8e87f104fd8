using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using RocketOps.Store.Files;

namespace RocketOps.Store.Indexing;

/// <summary>
/// Puts entries of an index file into the chains of their slots, many at once: each entry names the one before it in its slot, and each slot its newest entry. A key changes one of millions of
/// slots at random; in the order of slots a run of them is read, changed and written as a whole, so that no slots are kept in memory. One thread at a time, without a lock.
/// </summary>
/// <remarks>
/// 1. Slots are read, and of each entry the one before it is found. 2. Entries are written with that. 3. Slots are read again, and written with their newest entries. A kill or a failure in between leaves
/// a file in which some slots name entries that do not count as chained; each of these names the one before it already, which is how the next attempt finds back.
/// </remarks>
internal sealed class ChainWriter
{
    /// <summary>Slots that are read and written at once: pages side by side, a bit of a mask each.</summary>
    private const int RunPages = 64;

    private const int RunSlots = RunPages * SlotTable.PageSlots;

    /// <summary>Entries that are written with one call.</summary>
    private const int EntriesAtOnce = 3200;

    private readonly byte[] _run = new byte[RunPages * SlotTable.PageBytes];

    // As many as were ever chained at once; their memory is given back each time.
    private int[] _order = [];
    private int[] _previous = [];

    /// <summary>Chains the entries from <paramref name="first"/> on, with these hashes, all of which are in the file. Returns how many slots name an entry that named none.</summary>
    public int Write(IndexFile file, int first, ReadOnlySpan<int> hashes)
    {
        if (_order.Length < hashes.Length)
        {
            _order = GC.AllocateUninitializedArray<int>((int)BitOperations.RoundUpToPowerOf2((uint)hashes.Length), pinned: true);
            _previous = GC.AllocateUninitializedArray<int>(_order.Length, pinned: true);
        }

        try
        {
            int[] ends = Sort(hashes, file.SlotCount);
            int used = FindPrevious(file, first, hashes, ends);
            WriteEntries(file, first, hashes);
            WriteSlots(file, first, hashes, ends);
            return used;
        }
        finally
        {
            MemoryPages.Release(_order);
            MemoryPages.Release(_previous);
        }
    }

    /// <summary>Counts the slots of the file that name an entry.</summary>
    public int CountUsed(IndexFile file)
    {
        int used = 0;
        for (int slot = 0; slot < file.SlotCount; slot += RunSlots)
        {
            Span<byte> slots = _run.AsSpan(0, Math.Min(RunSlots, file.SlotCount - slot) * IndexLayout.SlotBytes);
            file.ReadSlots(slot, slots);
            ReadOnlySpan<int> values = MemoryMarshal.Cast<byte, int>(slots);
            used += values.Length - values.Count(0);
        }

        return used;
    }

    /// <summary>Entries by the run their slot is in, the older first within each; where each run's end. Entries without a hash, which only a damaged file has, are left out.</summary>
    private int[] Sort(ReadOnlySpan<int> hashes, int slotCount)
    {
        int[] ends = new int[((slotCount - 1) / RunSlots) + 2];
        foreach (int hash in hashes)
        {
            if (hash >= 0)
            {
                ends[(hash % slotCount / RunSlots) + 1]++;
            }
        }

        for (int run = 1; run < ends.Length; run++)
        {
            ends[run] += ends[run - 1];
        }

        // Each begins where the one before ends, and has moved to its own end when all are placed.
        for (int i = 0; i < hashes.Length; i++)
        {
            if (hashes[i] >= 0)
            {
                _order[ends[hashes[i] % slotCount / RunSlots]++] = i;
            }
        }

        return ends;
    }

    private int FindPrevious(IndexFile file, int first, ReadOnlySpan<int> hashes, int[] ends)
    {
        int used = 0;
        for (int run = 0; run < ends.Length - 1; run++)
        {
            ReadOnlySpan<int> entries = EntriesOf(run, ends);
            int firstSlot = run * RunSlots;
            ulong pages = Read(file, firstSlot, entries, hashes);
            if (pages == 0)
            {
                continue;
            }

            foreach (int i in entries)
            {
                Span<byte> slot = Slot(firstSlot, hashes[i] % file.SlotCount);
                int named = BinaryPrimitives.ReadInt32BigEndian(slot);

                // Negative as seen by this loop, so that it is not taken for what an attempt before this one has left.
                int previous = named < 0 ? ~named : file.BackInChain(named, first);
                if (named < 0 && (previous < first || previous >= first + i))
                {
                    previous = 0;
                }

                used += previous == 0 ? 1 : 0;
                _previous[i] = previous;
                BinaryPrimitives.WriteInt32BigEndian(slot, ~(first + i));
            }
        }

        return used;
    }

    private void WriteEntries(IndexFile file, int first, ReadOnlySpan<int> hashes)
    {
        Span<byte> room = _run.AsSpan(0, EntriesAtOnce * IndexLayout.EntryBytes);
        for (int from = 0; from < hashes.Length; from += EntriesAtOnce)
        {
            int count = Math.Min(EntriesAtOnce, hashes.Length - from);
            Span<byte> entries = room[..(count * IndexLayout.EntryBytes)];
            file.ReadEntries(first + from, entries);
            for (int i = 0; i < count; i++)
            {
                if (hashes[from + i] >= 0)
                {
                    IndexEntry.WritePrevious(entries[(i * IndexLayout.EntryBytes)..], _previous[from + i]);
                }
            }

            file.WriteEntries(first + from, entries);
        }
    }

    private void WriteSlots(IndexFile file, int first, ReadOnlySpan<int> hashes, int[] ends)
    {
        for (int run = 0; run < ends.Length - 1; run++)
        {
            ReadOnlySpan<int> entries = EntriesOf(run, ends);
            int firstSlot = run * RunSlots;
            ulong pages = Read(file, firstSlot, entries, hashes);
            foreach (int i in entries)
            {
                BinaryPrimitives.WriteInt32BigEndian(Slot(firstSlot, hashes[i] % file.SlotCount), first + i);
            }

            while (TryTakePages(ref pages, firstSlot, file.SlotCount, out int slot, out Span<byte> slots))
            {
                file.WriteSlots(slot, slots);
            }
        }
    }

    private ReadOnlySpan<int> EntriesOf(int run, int[] ends)
    {
        // The placing has moved each start to the end of its run.
        int start = run == 0 ? 0 : ends[run - 1];
        return _order.AsSpan(start, ends[run] - start);
    }

    /// <summary>Reads the pages of a run with the slots of these entries, and tells which.</summary>
    private ulong Read(IndexFile file, int firstSlot, ReadOnlySpan<int> entries, ReadOnlySpan<int> hashes)
    {
        ulong pages = 0;
        foreach (int i in entries)
        {
            pages |= 1UL << (((hashes[i] % file.SlotCount) - firstSlot) / SlotTable.PageSlots);
        }

        ulong left = pages;
        while (TryTakePages(ref left, firstSlot, file.SlotCount, out int slot, out Span<byte> slots))
        {
            file.ReadSlots(slot, slots);
        }

        return pages;
    }

    /// <summary>The next pages that lie side by side, and their place in the run's memory.</summary>
    private bool TryTakePages(ref ulong pages, int firstSlot, int slotCount, out int slot, out Span<byte> slots)
    {
        if (pages == 0)
        {
            slot = 0;
            slots = default;
            return false;
        }

        int page = BitOperations.TrailingZeroCount(pages);
        int count = BitOperations.TrailingZeroCount(~(pages >> page));
        pages = page + count >= RunPages ? 0 : pages >> (page + count) << (page + count);
        slot = firstSlot + (page * SlotTable.PageSlots);
        slots = _run.AsSpan(page * SlotTable.PageBytes, Math.Min(count * SlotTable.PageSlots, slotCount - slot) * IndexLayout.SlotBytes);
        return true;
    }

    private Span<byte> Slot(int firstSlot, int slot) => _run.AsSpan((slot - firstSlot) * IndexLayout.SlotBytes, IndexLayout.SlotBytes);
}
