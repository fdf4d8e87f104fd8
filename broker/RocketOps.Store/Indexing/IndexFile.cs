using RocketOps.Store.Files;

namespace RocketOps.Store.Indexing;

/// <summary>
/// One index file. While it is written, entries gather in a buffer and slots in memory; both are handed to the kernel in runs, entries always before the header
/// that counts them and the header before the slots that point to them, so that a killed process leaves a file that can be continued.
/// Guarded by the lock of <see cref="MessageIndex"/> but for <see cref="Select"/>, which takes it for what has not been written.
/// </summary>
internal sealed class IndexFile : IDisposable
{
    private const int FirstBufferedEntries = 3200;

    /// <summary>Room for entries kept when they are written; what a burst needed beyond it is given back.</summary>
    private const int KeptBufferedEntries = 16 * FirstBufferedEntries;

    private readonly IStoreFileSystem _files;
    private readonly string _path;
    private readonly int _slotCount;
    private readonly int _maxEntries;
    private readonly Lock _fileLock = new();
    private IStoreFile? _file;
    private bool _isClosed;
    private SlotTable? _slots;
    private byte[]? _buffer;
    private int _writtenCount;
    private int _slotsWrittenCount;
    private bool _isNameUnsynced;

    // Of whoever writes and flushes, one thread at a time. The header's page is not worth a step.
    private DirtySpan _dirtyEntries;
    private DirtySpan _dirtySlots;

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

    /// <summary>A file that continues <paramref name="previous"/>, in memory only until its first entries are written: it inherits times and offsets until the first entry comes.</summary>
    public static IndexFile Create(IStoreFileSystem files, string path, int slotCount, int maxEntries, IndexHeader? previous)
    {
        IndexHeader header = previous is { } p
            ? new IndexHeader(p.EndTimestamp, p.EndTimestamp, p.EndPhysicalOffset, p.EndPhysicalOffset, 0, 1)
            : new IndexHeader(0, 0, 0, 0, 0, 1);
        return new IndexFile(files, path, slotCount, maxEntries, header) { _slots = new SlotTable(slotCount, source: null), _buffer = new byte[FirstBufferedEntries * IndexLayout.EntryBytes] };
    }

    /// <summary>An existing file, for reading. Null when it is too short to be one.</summary>
    public static IndexFile? Open(IStoreFileSystem files, string path, int slotCount, int maxEntries)
    {
        IStoreFile file = files.Open(path, FileOpenMode.ReadWrite);
        Span<byte> bytes = stackalloc byte[IndexLayout.HeaderBytes];
        if (file.Read(bytes, 0) < bytes.Length)
        {
            file.Dispose();
            return null;
        }

        IndexHeader header = IndexHeader.Read(bytes);
        if (header.IndexCount > maxEntries)
        {
            header = header with { IndexCount = maxEntries };
        }

        return new IndexFile(files, path, slotCount, maxEntries, header) { _file = file };
    }

    /// <summary>
    /// Makes an opened file writable again, once <see cref="LoadSlots"/> has been called. Entries from <paramref name="slotsValidUpTo"/> on may be missing in the slots of the file: they
    /// are put in again then.
    /// </summary>
    public void Continue(int slotsValidUpTo)
    {
        IStoreFile file = OpenFile();
        if (file.Length < IndexLayout.FileBytes(_slotCount, _maxEntries))
        {
            file.SetLength(IndexLayout.FileBytes(_slotCount, _maxEntries));
        }

        _slots = new SlotTable(_slotCount, file);
        _buffer = new byte[FirstBufferedEntries * IndexLayout.EntryBytes];
        _slotsWrittenCount = Math.Clamp(slotsValidUpTo, 1, Header.IndexCount);
    }

    public void Put(int keyHash, long physicalOffset, long storeTimestamp)
    {
        IndexHeader header = Header;
        int number = header.IndexCount;
        int slot = keyHash % _slotCount;
        int previous = _slots![slot];
        if (previous < 0 || previous >= number)
        {
            previous = 0;
        }

        // As Java computes it: the first entry's distance is to the begin inherited from the file before.
        long seconds = header.BeginTimestamp <= 0 ? 0 : Math.Clamp((storeTimestamp - header.BeginTimestamp) / 1000, 0, int.MaxValue);
        if ((number - _writtenCount) * IndexLayout.EntryBytes == _buffer!.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
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

    /// <summary>A key of that hash is about to be put.</summary>
    public void PrefetchSlot(int keyHash) => _slots?.Prefetch(keyHash % _slotCount);

    /// <summary>Entries that are only in memory.</summary>
    public int PendingCount => Header.IndexCount - _writtenCount;

    /// <summary>Slots are in memory, as they are while a file is written and until all of it is.</summary>
    public bool HasSlots => _slots is not null;

    /// <summary>Slots of a file from before the start are still to be read before anything can be put into it.</summary>
    public bool NeedsSlots => _slots is { IsLoaded: false };

    /// <summary>Reads the slots, and puts entries into them that they do not know yet; nobody else may put or write meanwhile.</summary>
    public void LoadSlots()
    {
        _slots!.Load();
        _slots.PutAgain(OpenFile(), _slotsWrittenCount, Header.IndexCount);
    }

    /// <summary>Entries that are only in memory, as the file will hold them, with the header that counts them.</summary>
    public PendingEntries Pending()
    {
        int count = Header.IndexCount - _writtenCount;
        return new PendingEntries(Header, _writtenCount, count == 0 ? [] : _buffer.AsSpan(0, count * IndexLayout.EntryBytes).ToArray());
    }

    /// <summary>Hands entries and then the header to the kernel. One caller at a time; needs no lock, the file's first call creates it.</summary>
    public void Write(in PendingEntries pending)
    {
        IStoreFile file = OpenFile();
        if (pending.Bytes.Length > 0)
        {
            long offset = IndexLayout.EntryAt(_slotCount, pending.First);
            file.Write(pending.Bytes, offset);
            _dirtyEntries.Add(offset, pending.Bytes.Length);
        }

        Span<byte> header = stackalloc byte[IndexLayout.HeaderBytes];
        pending.Header.Write(header);
        file.Write(header, 0);
    }

    /// <summary>Entries that were written leave the memory.</summary>
    public void Written(in PendingEntries pending)
    {
        int left = (Header.IndexCount - pending.Header.IndexCount) * IndexLayout.EntryBytes;
        ReadOnlySpan<byte> rest = _buffer.AsSpan(pending.Bytes.Length, left);
        if (_buffer!.Length > KeptBufferedEntries * IndexLayout.EntryBytes && left < KeptBufferedEntries * IndexLayout.EntryBytes)
        {
            byte[] smaller = new byte[KeptBufferedEntries * IndexLayout.EntryBytes];
            rest.CopyTo(smaller);
            _buffer = smaller;
        }
        else
        {
            rest.CopyTo(_buffer);
        }

        Volatile.Write(ref _writtenCount, pending.Header.IndexCount);
    }

    /// <inheritdoc cref="SlotTable.TakeChanged"/>
    public int TakeChangedSlots(ref int page, Span<byte> destination) => _slots!.TakeChanged(ref page, destination);

    /// <inheritdoc cref="SlotTable.ReturnChanged"/>
    public void ReturnChangedSlots(int page, int bytes) => _slots?.ReturnChanged(page, bytes);

    /// <summary>Hands changed slots to the kernel, after the entries they point to.</summary>
    public void WriteSlots(int page, ReadOnlySpan<byte> slots)
    {
        long offset = SlotTable.PositionOf(page);
        OpenFile().Write(slots, offset);
        _dirtySlots.Add(offset, slots.Length);
    }

    /// <summary>All slots of the first so many entries are in the kernel.</summary>
    public void SlotsWritten(int count) => _slotsWrittenCount = count;

    /// <summary>Sends to the disk what a flush would find, but for less than a step.</summary>
    public void WriteBack()
    {
        IStoreFile file = OpenFile();
        _dirtyEntries.WriteBack(file);
        _dirtySlots.WriteBack(file);
    }

    public void Flush()
    {
        WriteBack();
        OpenFile().FlushData();
        _dirtyEntries = default;
        _dirtySlots = default;
        if (_isNameUnsynced)
        {
            // The folder may be as new as the file.
            string folder = Path.GetDirectoryName(_path)!;
            _files.FlushDirectory(folder);
            _files.FlushDirectory(Path.GetDirectoryName(folder)!);
            _isNameUnsynced = false;
        }
    }

    /// <summary>Ends writing: everything is in the kernel already.</summary>
    public void Seal()
    {
        _slots?.Dispose();
        _slots = null;
        _buffer = null;
    }

    /// <summary>Where a look-up of a key begins: the newest entry of its slot. From memory, under the lock.</summary>
    public int FirstEntry(int keyHash) => _slots![keyHash % _slotCount];

    /// <summary>The same from a file whose slots are all written; may wait for the disk, and needs no lock.</summary>
    public int ReadFirstEntry(int keyHash)
    {
        Span<byte> bytes = stackalloc byte[IndexLayout.SlotBytes];
        return OpenFile().Read(bytes, IndexLayout.HeaderBytes + ((long)(keyHash % _slotCount) * IndexLayout.SlotBytes)) == bytes.Length
            ? System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes)
            : 0;
    }

    /// <summary>
    /// Follows the chain from an entry and adds records of that hash within the time, newest first. May wait for the disk at each step; <paramref name="steps"/> bounds
    /// them and is counted down, 0 when the chain was not followed to its end.
    /// </summary>
    /// <param name="number">Where the chain begins.</param>
    /// <param name="keyHash">Of the key.</param>
    /// <param name="maxNum">Records in <paramref name="found"/>, at most.</param>
    /// <param name="begin">Store time of the oldest.</param>
    /// <param name="end">Store time of the newest.</param>
    /// <param name="header">As it was when the query began.</param>
    /// <param name="indexLock">Of the index. Held for a step at a time only, and only where the entry is not in the file yet: there may be hundreds of thousands of those.</param>
    /// <param name="steps">Left of the query's.</param>
    /// <param name="found">Takes the records.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public void Select(int number, int keyHash, int maxNum, long begin, long end, IndexHeader header, Lock indexLock, ref int steps, List<PhysicalOffset> found, CancellationToken cancellationToken)
    {
        Span<byte> bytes = stackalloc byte[IndexLayout.EntryBytes];
        while (number > 0 && number < header.IndexCount && found.Count < maxNum)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (steps-- <= 0)
            {
                steps = 0;
                return;
            }

            if (!TryCopyPending(number, bytes, indexLock) && OpenFile().Read(bytes, IndexLayout.EntryAt(_slotCount, number)) < bytes.Length)
            {
                break;
            }

            IndexEntry entry = IndexEntry.Read(bytes);
            if (entry.SecondsSinceBegin < 0)
            {
                break;
            }

            long time = header.BeginTimestamp + (entry.SecondsSinceBegin * 1000L);
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
        lock (_fileLock)
        {
            _isClosed = true;
            _file?.Dispose();
            _file = null;
        }
    }

    /// <summary>An entry that is only in memory; false when it is in the file.</summary>
    private bool TryCopyPending(int number, Span<byte> entry, Lock indexLock)
    {
        if (number < Volatile.Read(ref _writtenCount))
        {
            return false;
        }

        lock (indexLock)
        {
            if (number < _writtenCount || number >= Header.IndexCount || _buffer is null)
            {
                return false;
            }

            _buffer.AsSpan((number - _writtenCount) * IndexLayout.EntryBytes, IndexLayout.EntryBytes).CopyTo(entry);
            return true;
        }
    }

    private IStoreFile OpenFile()
    {
        lock (_fileLock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_file is { } open)
            {
                return open;
            }

            _files.CreateDirectory(Path.GetDirectoryName(_path)!);
            IStoreFile file = _files.Open(_path, FileOpenMode.OpenOrCreate);
            _isNameUnsynced = true;
            try
            {
                file.SetLength(IndexLayout.FileBytes(_slotCount, _maxEntries));
            }
            catch (StoreIOException)
            {
                file.Dispose();
                throw;
            }

            _file = file;
            return file;
        }
    }
}

/// <summary>Entries of an index file that are not in the kernel: their bytes, the number of the first, and the header that counts them and all before.</summary>
internal readonly record struct PendingEntries(IndexHeader Header, int First, byte[] Bytes);
