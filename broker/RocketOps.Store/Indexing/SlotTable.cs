using System.Buffers.Binary;
using System.Runtime.InteropServices;
using RocketOps.Store.Files;

namespace RocketOps.Store.Indexing;

/// <summary>
/// The slots of the index file being written, in memory, because a message changes one at random. Pages of a file that existed before are read when first
/// needed, changed pages are written by the maintenance pass. Memory is the operating system's and costs nothing until touched. Bytes are kept as in the file.
/// </summary>
internal sealed unsafe class SlotTable : IDisposable
{
    private const int PageSlots = 1024;
    private const int PageBytes = PageSlots * IndexLayout.SlotBytes;

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
        var pages = (slots + PageSlots - 1) / PageSlots;
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
            var page = slot / PageSlots;
            EnsureLoaded(page);
            BinaryPrimitives.WriteInt32BigEndian(Slot(slot), value);
            _dirty[page] = true;
        }
    }

    /// <summary>Writes all changed pages.</summary>
    public void WriteTo(IStoreFile file)
    {
        for (var page = 0; page < _dirty.Length; page++)
        {
            if (_dirty[page])
            {
                _dirty[page] = false;
                file.Write(Page(page), IndexLayout.HeaderBytes + ((long)page * PageBytes));
            }
        }
    }

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
