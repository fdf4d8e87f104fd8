using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using RocketOps.Store.Files;

namespace RocketOps.Store.Indexing;

/// <summary>
/// The slots of the index file being written, in memory, because a message changes one at random. Pages of a file that existed before are read when first
/// needed, changed pages are written by the maintenance pass. Memory is the operating system's and costs nothing until touched. Bytes are kept as in the file.
/// </summary>
internal sealed unsafe class SlotTable : IDisposable
{
    private const int PageSlots = 1024;
    public const int PageBytes = PageSlots * IndexLayout.SlotBytes;

    private readonly int _slots;
    private readonly IStoreFile? _source;
    private readonly bool[] _loaded;
    private readonly bool[] _dirty;
    private byte* _memory;

    /// <summary>Slots of a new file, or with <paramref name="source"/> those it holds.</summary>
    public SlotTable(int slots, IStoreFile? source)
    {
        _slots = slots;
        _source = source;
        int pages = (slots + PageSlots - 1) / PageSlots;
        IsLoaded = source is null;
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

    /// <summary>Tells the processor that a slot is about to be used; touches nothing.</summary>
    public void Prefetch(int slot)
    {
        if (Sse.IsSupported && _memory is not null)
        {
            Sse.Prefetch0(_memory + ((nint)slot * IndexLayout.SlotBytes));
        }
    }

    /// <summary>Every page is in memory.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>Reads the pages that are not in memory yet. Nobody else may use the table meanwhile.</summary>
    public void Load()
    {
        // Holes hold no slots: left out, they cost no memory either.
        for (int page = 0; page < _loaded.Length && _source!.NextDataOffset(PositionOf(page)) is var data and >= 0; page++)
        {
            page = Math.Max(page, (int)Math.Min((data - IndexLayout.HeaderBytes) / PageBytes, _loaded.Length));
            if (page < _loaded.Length)
            {
                EnsureLoaded(page);
            }
        }

        _loaded.AsSpan().Fill(true);
        IsLoaded = true;
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

    /// <summary>Pages taken that could not be written count as changed again.</summary>
    public void ReturnChanged(int page, int bytes) => _dirty.AsSpan(page, PagesOf(bytes)).Fill(true);

    /// <summary>Where in the file a page lies.</summary>
    public static long PositionOf(int page) => IndexLayout.HeaderBytes + ((long)page * PageBytes);

    public static int PagesOf(int bytes) => (bytes + PageBytes - 1) / PageBytes;

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
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
        if (_source is not null && !_loaded[page])
        {
            _source.Read(Page(page), IndexLayout.HeaderBytes + ((long)page * PageBytes));
            _loaded[page] = true;
        }
    }
}
