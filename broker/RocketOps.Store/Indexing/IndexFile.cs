using RocketOps.Store.Files;

namespace RocketOps.Store.Indexing;

/// <summary>
/// One index file. While it is written, entries gather in a buffer and slots in memory; both are handed to the kernel in runs, entries always before the header
/// that counts them and the header before the slots that point to them, so that a killed process leaves a file that can be continued.
/// Guarded by the lock of <see cref="MessageIndex"/> but for <see cref="Select"/>, which reads only what has been written.
/// </summary>
internal sealed class IndexFile : IDisposable
{
    private const int BufferedEntries = 3200;

    private readonly IStoreFileSystem _files;
    private readonly string _path;
    private readonly int _slotCount;
    private readonly int _maxEntries;
    private IStoreFile? _file;
    private SlotTable? _slots;
    private byte[]? _buffer;
    private int _writtenCount;
    private int _slotsWrittenCount;

    private IndexFile(IStoreFileSystem files, string path, int slotCount, int maxEntries, IndexHeader header)
    {
        _files = files;
        _path = path;
        _slotCount = slotCount;
        _maxEntries = maxEntries;
        Header = header;
        _writtenCount = header.IndexCount;
        _slotsWrittenCount = header.IndexCount;
    }

    public string Name => Path.GetFileName(_path);

    public IndexHeader Header { get; private set; }

    public bool IsFull => Header.IndexCount >= _maxEntries;

    /// <summary>Entries whose slots are only in memory.</summary>
    public int UnwrittenSlotEntries => Header.IndexCount - _slotsWrittenCount;

    public int SlotsWrittenCount => _slotsWrittenCount;

    /// <summary>A file that continues <paramref name="previous"/>: it inherits times and offsets until the first entry comes.</summary>
    public static IndexFile Create(IStoreFileSystem files, string path, int slotCount, int maxEntries, IndexHeader? previous)
    {
        var header = previous is { } p
            ? new IndexHeader(p.EndTimestamp, p.EndTimestamp, p.EndPhysicalOffset, p.EndPhysicalOffset, 0, 1)
            : new IndexHeader(0, 0, 0, 0, 0, 1);
        var file = files.Open(path, FileOpenMode.OpenOrCreate);
        file.SetLength(IndexLayout.FileBytes(slotCount, maxEntries));
        return new IndexFile(files, path, slotCount, maxEntries, header) { _file = file, _slots = new SlotTable(slotCount, source: null), _buffer = new byte[BufferedEntries * IndexLayout.EntryBytes] };
    }

    /// <summary>An existing file, for reading. Null when it is too short to be one.</summary>
    public static IndexFile? Open(IStoreFileSystem files, string path, int slotCount, int maxEntries)
    {
        var file = files.Open(path, FileOpenMode.ReadWrite);
        Span<byte> bytes = stackalloc byte[IndexLayout.HeaderBytes];
        if (file.Read(bytes, 0) < bytes.Length)
        {
            file.Dispose();
            return null;
        }

        var header = IndexHeader.Read(bytes);
        if (header.IndexCount > maxEntries)
        {
            header = header with { IndexCount = maxEntries };
        }

        return new IndexFile(files, path, slotCount, maxEntries, header) { _file = file };
    }

    /// <summary>Makes an opened file writable again. Entries from <paramref name="slotsValidUpTo"/> on may be missing in the slots of the file: they are put in again.</summary>
    public void Continue(int slotsValidUpTo)
    {
        var file = OpenFile();
        if (file.Length < IndexLayout.FileBytes(_slotCount, _maxEntries))
        {
            file.SetLength(IndexLayout.FileBytes(_slotCount, _maxEntries));
        }

        _slots = new SlotTable(_slotCount, file);
        _buffer = new byte[BufferedEntries * IndexLayout.EntryBytes];
        _slotsWrittenCount = Math.Clamp(slotsValidUpTo, 1, Header.IndexCount);
        var chunk = new byte[BufferedEntries * IndexLayout.EntryBytes];
        for (var number = _slotsWrittenCount; number < Header.IndexCount;)
        {
            var count = Math.Min(BufferedEntries, Header.IndexCount - number);
            file.Read(chunk.AsSpan(0, count * IndexLayout.EntryBytes), IndexLayout.EntryAt(_slotCount, number));
            for (var i = 0; i < count; i++)
            {
                var entry = IndexEntry.Read(chunk.AsSpan(i * IndexLayout.EntryBytes));
                if (entry.KeyHash >= 0)
                {
                    _slots[entry.KeyHash % _slotCount] = number + i;
                }
            }

            number += count;
        }
    }

    public void Put(int keyHash, long physicalOffset, long storeTimestamp)
    {
        var header = Header;
        var number = header.IndexCount;
        var slot = keyHash % _slotCount;
        var previous = _slots![slot];
        if (previous < 0 || previous >= number)
        {
            previous = 0;
        }

        // As Java computes it: the first entry's distance is to the begin inherited from the file before.
        var seconds = header.BeginTimestamp <= 0 ? 0 : Math.Clamp((storeTimestamp - header.BeginTimestamp) / 1000, 0, int.MaxValue);
        if (number - _writtenCount == BufferedEntries)
        {
            WriteEntries();
        }

        new IndexEntry(keyHash, physicalOffset, (int)seconds, previous).Write(_buffer.AsSpan((number - _writtenCount) * IndexLayout.EntryBytes));
        _slots[slot] = number;
        Header = header with
        {
            BeginTimestamp = number <= 1 ? storeTimestamp : header.BeginTimestamp,
            BeginPhysicalOffset = number <= 1 ? physicalOffset : header.BeginPhysicalOffset,
            EndTimestamp = storeTimestamp,
            EndPhysicalOffset = physicalOffset,
            UsedSlots = previous == 0 ? header.UsedSlots + 1 : header.UsedSlots,
            IndexCount = number + 1,
        };
    }

    /// <summary>Hands entries and header to the kernel.</summary>
    public void WriteEntries()
    {
        var file = OpenFile();
        var count = Header.IndexCount - _writtenCount;
        if (count > 0)
        {
            file.Write(_buffer.AsSpan(0, count * IndexLayout.EntryBytes), IndexLayout.EntryAt(_slotCount, _writtenCount));
            _writtenCount = Header.IndexCount;
        }

        Span<byte> bytes = stackalloc byte[IndexLayout.HeaderBytes];
        Header.Write(bytes);
        file.Write(bytes, 0);
    }

    /// <summary>Hands the changed slots to the kernel, after <see cref="WriteEntries"/>.</summary>
    public void WriteSlots()
    {
        _slots!.WriteTo(OpenFile());
        _slotsWrittenCount = Header.IndexCount;
    }

    public void Flush() => OpenFile().FlushData();

    /// <summary>Ends writing: everything is in the kernel already.</summary>
    public void Seal()
    {
        _slots?.Dispose();
        _slots = null;
        _buffer = null;
    }

    /// <summary>Where a look-up of a key begins: the newest entry of its slot among those written. Under the lock, after <see cref="WriteEntries"/>.</summary>
    public int FirstEntry(int keyHash)
    {
        var slot = keyHash % _slotCount;
        if (_slots is not null)
        {
            return _slots[slot];
        }

        Span<byte> bytes = stackalloc byte[IndexLayout.SlotBytes];
        return OpenFile().Read(bytes, IndexLayout.HeaderBytes + ((long)slot * IndexLayout.SlotBytes)) == bytes.Length
            ? System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes)
            : 0;
    }

    /// <summary>Follows the chain from an entry and adds records of that hash within the time, newest first.</summary>
    public void Select(int number, int keyHash, int maxNum, long begin, long end, IndexHeader header, List<PhysicalOffset> found)
    {
        Span<byte> bytes = stackalloc byte[IndexLayout.EntryBytes];
        while (number > 0 && number < header.IndexCount && found.Count < maxNum)
        {
            if (OpenFile().Read(bytes, IndexLayout.EntryAt(_slotCount, number)) < bytes.Length)
            {
                break;
            }

            var entry = IndexEntry.Read(bytes);
            if (entry.SecondsSinceBegin < 0)
            {
                break;
            }

            var time = header.BeginTimestamp + (entry.SecondsSinceBegin * 1000L);
            if (entry.KeyHash == keyHash && time >= begin && time <= end)
            {
                found.Add(new PhysicalOffset(entry.PhysicalOffset));
            }

            // Chains lead to smaller numbers only: one that does not is damaged and must not be followed for ever.
            if (entry.Previous >= number || time < begin)
            {
                break;
            }

            number = entry.Previous;
        }
    }

    public void Delete()
    {
        Dispose();
        _files.DeleteFile(_path);
    }

    public void Dispose()
    {
        _slots?.Dispose();
        _slots = null;
        _file?.Dispose();
        _file = null;
    }

    private IStoreFile OpenFile() => _file ??= _files.Open(_path, FileOpenMode.ReadWrite);
}
