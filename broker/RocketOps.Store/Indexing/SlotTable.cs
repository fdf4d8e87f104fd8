using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Store.Indexing;

/// <summary>
/// The slots of an index file in memory, for a start after a power cut that puts entries into them and takes others out, at random. Pages are read when first needed. Memory is the operating
/// system's and costs nothing until touched. Bytes are kept as in the file.
/// </summary>
internal sealed unsafe class SlotTable : IDisposable
{
    public const int PageSlots = 1024;

    /// <summary>Entries of a file that are read at once.</summary>
    private const int ReadEntries = 3200;

    /// <summary>Entries whose slots are on their way to the processor while earlier ones are put.</summary>
    private const int PrefetchedEntries = 16;

    public const int PageBytes = PageSlots * IndexLayout.SlotBytes;

    private readonly int _slots;
    private readonly IStoreFile _source;
    private readonly bool[] _loaded;
    private readonly bool[] _dirty;
    private byte* _memory;

    /// <summary>Slots that a file holds.</summary>
    public SlotTable(int slots, IStoreFile source)
    {
        _slots = slots;
        _source = source;
        int pages = (slots + PageSlots - 1) / PageSlots;
        _loaded = new bool[pages];
        _dirty = new bool[pages];
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)pages * PageBytes);
    }

    public int this[int slot]
    {
        get
        {
            EnsureLoaded(slot / PageSlots);
            return BinaryPrimitives.ReadInt32BigEndian(Slot(slot));
        }

        set
        {
            int page = slot / PageSlots;
            EnsureLoaded(page);
            BinaryPrimitives.WriteInt32BigEndian(Slot(slot), value);
            _dirty[page] = true;
        }
    }

    /// <summary>Reads the pages that are not in memory yet. Nobody else may use the table meanwhile.</summary>
    public void Load()
    {
        // Holes hold no slots: left out, they cost no memory either.
        for (int page = 0; page < _loaded.Length && _source.NextDataOffset(PositionOf(page)) is var data and >= 0; page++)
        {
            page = Math.Max(page, (int)Math.Min((data - IndexLayout.HeaderBytes) / PageBytes, _loaded.Length));
            if (page < _loaded.Length)
            {
                EnsureLoaded(page);
            }
        }

        _loaded.AsSpan().Fill(true);
    }

    /// <summary>Puts entries of the file, from one number to before another, into the slots again.</summary>
    public void PutAgain(IStoreFile file, int first, int end)
    {
        byte[] chunk = new byte[ReadEntries * IndexLayout.EntryBytes];
        for (int number = first; number < end; number += ReadEntries)
        {
            PutAgain(Read(file, chunk, number, Math.Min(number + ReadEntries, end)), number);
        }
    }

    /// <summary>
    /// Takes entries of the file, from one number to before another, out of the slots: each that names one of them names the one before that in its chain. No slot names a later one.
    /// </summary>
    public void TakeBack(IStoreFile file, int first, int end)
    {
        byte[] chunk = new byte[ReadEntries * IndexLayout.EntryBytes];
        while (end > first)
        {
            int from = Math.Max(first, end - ReadEntries);
            ReadOnlySpan<byte> entries = Read(file, chunk, from, end);
            for (int number = from + (entries.Length / IndexLayout.EntryBytes) - 1; number >= from; number--)
            {
                IndexEntry entry = IndexEntry.Read(entries[((number - from) * IndexLayout.EntryBytes)..]);
                if (entry.KeyHash >= 0 && this[entry.KeyHash % _slots] == number)
                {
                    this[entry.KeyHash % _slots] = entry.Previous < number ? Math.Max(0, entry.Previous) : 0;
                }
            }

            end = from;
        }
    }

    /// <summary>The highest number in a slot, 0 without one.</summary>
    public int FindHighest()
    {
        int highest = 0;
        for (int slot = 0; slot < _slots; slot++)
        {
            highest = Math.Max(highest, this[slot]);
        }

        return highest;
    }

    /// <summary>Counts the slots that name an entry.</summary>
    public int CountUsed()
    {
        int used = 0;
        for (int slot = 0; slot < _slots; slot++)
        {
            used += this[slot] == 0 ? 0 : 1;
        }

        return used;
    }

    /// <summary>No slot names an entry any more.</summary>
    public void Clear()
    {
        for (int slot = 0; slot < _slots; slot++)
        {
            if (this[slot] != 0)
            {
                this[slot] = 0;
            }
        }
    }

    /// <summary>
    /// Copies the next changed pages from <paramref name="page"/> on that lie side by side, as many as fit, and counts them as written. Returns the bytes copied, 0 when
    /// no page has changed; <paramref name="page"/> becomes the first of them.
    /// </summary>
    public int TakeChanged(ref int page, Span<byte> destination)
    {
        page = _dirty.AsSpan(page).IndexOf(true) is var found and >= 0 ? page + found : _dirty.Length;
        int bytes = 0;
        for (int at = page; at < _dirty.Length && _dirty[at] && bytes + PageBytes <= destination.Length; at++)
        {
            Span<byte> content = Page(at);
            content.CopyTo(destination[bytes..]);
            bytes += content.Length;
            _dirty[at] = false;
        }

        return bytes;
    }

    /// <summary>Returns the position of a page in the file.</summary>
    public static long PositionOf(int page) => IndexLayout.SlotAt(page * PageSlots);

    public static int PagesOf(int bytes) => (bytes + PageBytes - 1) / PageBytes;

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
    }

    /// <summary>Tells the processor that a slot is about to be used; touches nothing.</summary>
    private void Prefetch(int slot)
    {
        if (Sse.IsSupported && _memory is not null)
        {
            Sse.Prefetch0(_memory + ((nint)slot * IndexLayout.SlotBytes));
        }
    }

    private ReadOnlySpan<byte> Read(IStoreFile file, byte[] chunk, int first, int end)
    {
        int read = file.Read(chunk.AsSpan(0, (end - first) * IndexLayout.EntryBytes), IndexLayout.EntryAt(_slots, first));
        return chunk.AsSpan(0, read / IndexLayout.EntryBytes * IndexLayout.EntryBytes);
    }

    /// <summary>A slot lies anywhere, and is sent for some entries ahead: there may be a million.</summary>
    private void PutAgain(ReadOnlySpan<byte> entries, int firstNumber)
    {
        int count = entries.Length / IndexLayout.EntryBytes;
        for (int i = 0; i < count; i++)
        {
            if (i + PrefetchedEntries < count && KeyHashAt(entries, i + PrefetchedEntries) is var coming and >= 0)
            {
                Prefetch(coming % _slots);
            }

            if (KeyHashAt(entries, i) is var keyHash and >= 0)
            {
                this[keyHash % _slots] = firstNumber + i;
            }
        }

        static int KeyHashAt(ReadOnlySpan<byte> entries, int index) => IndexEntry.Read(entries[(index * IndexLayout.EntryBytes)..]).KeyHash;
    }

    private Span<byte> Slot(int slot)
    {
        ObjectDisposedException.ThrowIf(_memory is null, this);
        if ((uint)slot >= (uint)_slots)
        {
            throw new StoreException($"Slot {slot} of {_slots}.");
        }

        return new Span<byte>(_memory + ((nint)slot * IndexLayout.SlotBytes), IndexLayout.SlotBytes);
    }

    private Span<byte> Page(int page) =>
        new(_memory + ((nint)page * PageBytes), Math.Min(PageBytes, (_slots - (page * PageSlots)) * IndexLayout.SlotBytes));

    private void EnsureLoaded(int page)
    {
        if (!_loaded[page])
        {
            _source.Read(Page(page), IndexLayout.HeaderBytes + ((long)page * PageBytes));
            _loaded[page] = true;
        }
    }
}
