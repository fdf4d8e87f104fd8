using RocketOps.Store.Files;

namespace RocketOps.Store.Indexing;

/// <summary>
/// One index file. While it is written, entries gather in a buffer and are handed to the kernel in runs, before the header that counts them. Which entry is before them in the chain of their slot is
/// found for many at once, later (<see cref="ChainWriter"/>): until then look-ups find them by their hashes, which stay in memory. A killed process leaves a file that can be continued.
/// Guarded by the lock of <see cref="MessageIndex"/> but for <see cref="Select"/>, which takes it for what has not been written.
/// </summary>
internal sealed class IndexFile : IDisposable
{
    private const int FirstBufferedEntries = 3200;

    /// <summary>Room for entries that is taken at once, and kept when they are written; what a burst needed beyond it is given back.</summary>
    private const int KeptBufferedEntries = 32 * FirstBufferedEntries;

    /// <summary>Entries in no chain that a look-up finds under the lock at once.</summary>
    private const int UnchainedAtOnce = 256;

    private readonly IStoreFileSystem _files;
    private readonly string _path;
    private readonly int _slotCount;
    private readonly int _maxEntries;
    private readonly Lock _fileLock = new();
    private IStoreFile? _file;
    private bool _isClosed;
    private UnchainedKeys? _unchained;
    private byte[]? _buffer;
    private int _writtenCount;
    private int _chainedCount;
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
        _chainedCount = header.IndexCount;
    }

    public string Name => Path.GetFileName(_path);

    public IndexHeader Header { get; private set; }

    public bool IsFull => Header.IndexCount >= _maxEntries;

    public int SlotCount => _slotCount;

    /// <summary>Entries before that number are in the file, in the chains of their slots.</summary>
    public int ChainedCount => _chainedCount;

    /// <summary>Entries that are in no chain yet.</summary>
    public int UnchainedCount => Header.IndexCount - _chainedCount;

    /// <summary>Entries before that number are in the file.</summary>
    public int WrittenCount => _writtenCount;

    /// <summary>A file that continues <paramref name="previous"/>, in memory only until its first entries are written: it inherits times and offsets until the first entry comes.</summary>
    public static IndexFile Create(IStoreFileSystem files, string path, int slotCount, int maxEntries, IndexHeader? previous)
    {
        IndexHeader header = previous is { } p
            ? new IndexHeader(p.EndTimestamp, p.EndTimestamp, p.EndPhysicalOffset, p.EndPhysicalOffset, 0, 1)
            : new IndexHeader(0, 0, 0, 0, 0, 1);
        return new IndexFile(files, path, slotCount, maxEntries, header) { _unchained = new UnchainedKeys(header.IndexCount), _buffer = new byte[FirstBufferedEntries * IndexLayout.EntryBytes] };
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
    /// Makes an opened file writable again. Entries from <paramref name="chainedCount"/> on may be missing in the chains of the file: their hashes are to be read (<see cref="ReadKeys"/>) before
    /// anything is chained or looked up.
    /// </summary>
    public void Continue(int chainedCount)
    {
        IStoreFile file = OpenFile();
        if (file.Length < IndexLayout.FileBytes(_slotCount, _maxEntries))
        {
            file.SetLength(IndexLayout.FileBytes(_slotCount, _maxEntries));
        }

        _unchained = new UnchainedKeys(Header.IndexCount);
        _buffer = new byte[FirstBufferedEntries * IndexLayout.EntryBytes];
        _chainedCount = Math.Clamp(chainedCount, 1, Header.IndexCount);
        HasUncertainSlots = NeedsKeys;
    }

    public void Put(int keyHash, long physicalOffset, long storeTimestamp)
    {
        IndexHeader header = Header;
        int number = header.IndexCount;
        // As Java computes it: the first entry's distance is to the begin inherited from the file before.
        long seconds = header.BeginTimestamp <= 0 ? 0 : Math.Clamp((storeTimestamp - header.BeginTimestamp) / 1000, 0, int.MaxValue);
        if ((number - _writtenCount) * IndexLayout.EntryBytes == _buffer!.Length)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>(Math.Max(KeptBufferedEntries * IndexLayout.EntryBytes, _buffer.Length * 2));
            _buffer.CopyTo(larger, 0);
            _buffer = larger;
        }

        new IndexEntry(keyHash, physicalOffset, (int)seconds, Previous: 0).Write(_buffer.AsSpan((number - _writtenCount) * IndexLayout.EntryBytes));
        _unchained!.Add(keyHash);
        Header = header with
        {
            BeginTimestamp = number <= 1 ? storeTimestamp : header.BeginTimestamp,
            BeginPhysicalOffset = number <= 1 ? physicalOffset : header.BeginPhysicalOffset,
            EndTimestamp = storeTimestamp,
            EndPhysicalOffset = physicalOffset,
            IndexCount = number + 1,
        };
    }

    /// <summary>Entries that are only in memory.</summary>
    public int PendingCount => Header.IndexCount - _writtenCount;

    /// <summary>Hashes of entries from before the start are still to be read.</summary>
    public bool NeedsKeys => _unchained is { } unchained && unchained.First > _chainedCount;

    /// <summary>Some slots may name entries that count as in no chain, and the header may count these slots: the process before was killed.</summary>
    public bool HasUncertainSlots { get; private set; }

    /// <summary>Reads the hashes of entries from before the start that may be in no chain; may wait for the disk, and needs no lock.</summary>
    public int[] ReadKeys()
    {
        int[] hashes = new int[_unchained!.First - _chainedCount];
        byte[] chunk = new byte[FirstBufferedEntries * IndexLayout.EntryBytes];
        for (int from = 0; from < hashes.Length; from += FirstBufferedEntries)
        {
            int count = Math.Min(FirstBufferedEntries, hashes.Length - from);
            Span<byte> entries = chunk.AsSpan(0, count * IndexLayout.EntryBytes);
            ReadEntries(_chainedCount + from, entries);
            for (int i = 0; i < count; i++)
            {
                hashes[from + i] = IndexEntry.Read(entries[(i * IndexLayout.EntryBytes)..]).KeyHash;
            }
        }

        return hashes;
    }

    /// <summary>Takes what <see cref="ReadKeys"/> has read.</summary>
    public void AddKeys(int[] hashes) => _unchained!.AddBefore(hashes);

    /// <summary>Hashes of the entries in no chain, to before a number.</summary>
    public ReadOnlyMemory<int> UnchainedBefore(int number) => _unchained?.Before(number) ?? default;

    /// <summary>Entries before that number are in chains now.</summary>
    public void Chained(int count, int usedSlots)
    {
        _unchained!.RemoveBefore(count);
        _chainedCount = count;
        HasUncertainSlots = false;
        Header = Header with { UsedSlots = usedSlots };
    }

    /// <summary>The newest entry of a chain that counts as chained already, from one that a slot names; 0 without one. Others name the one before them (<see cref="ChainWriter"/>).</summary>
    public int BackInChain(int number, int chainedCount)
    {
        Span<byte> bytes = stackalloc byte[IndexLayout.EntryBytes];
        while (number >= chainedCount)
        {
            if (number >= _writtenCount)
            {
                return 0;
            }

            ReadEntries(number, bytes);
            int previous = IndexEntry.Read(bytes).Previous;
            number = previous < number ? previous : 0;
        }

        return Math.Max(0, number);
    }

    /// <summary>Reads entries that are in the file; what it lacks is zero.</summary>
    public void ReadEntries(int number, Span<byte> entries) => Read(entries, IndexLayout.EntryAt(_slotCount, number));

    /// <summary>Writes entries again.</summary>
    public void WriteEntries(int number, ReadOnlySpan<byte> entries)
    {
        long offset = IndexLayout.EntryAt(_slotCount, number);
        OpenFile().Write(entries, offset);
        _dirtyEntries.Add(offset, entries.Length);
    }

    /// <summary>Reads slots of the file; what it lacks is zero.</summary>
    public void ReadSlots(int slot, Span<byte> slots) => Read(slots, IndexLayout.SlotAt(slot));

    /// <summary>Entries that are only in memory, as the file will hold them, with the header that counts them. Their bytes do not change before <see cref="Written"/>.</summary>
    public PendingEntries Pending()
    {
        int count = Header.IndexCount - _writtenCount;
        return new PendingEntries(Header, _writtenCount, _buffer.AsMemory(0, count * IndexLayout.EntryBytes));
    }

    /// <summary>Hands entries and then the header to the kernel. One caller at a time; needs no lock, the file's first call creates it.</summary>
    public void Write(in PendingEntries pending)
    {
        IStoreFile file = OpenFile();
        if (pending.Bytes.Length > 0)
        {
            long offset = IndexLayout.EntryAt(_slotCount, pending.First);
            file.Write(pending.Bytes.Span, offset);
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
            byte[] smaller = GC.AllocateUninitializedArray<byte>(KeptBufferedEntries * IndexLayout.EntryBytes);
            rest.CopyTo(smaller);
            _buffer = smaller;
        }
        else
        {
            rest.CopyTo(_buffer);
        }

        Volatile.Write(ref _writtenCount, pending.Header.IndexCount);
    }

    /// <summary>Hands slots to the kernel, after the entries they point to.</summary>
    public void WriteSlots(int slot, ReadOnlySpan<byte> slots)
    {
        long offset = IndexLayout.SlotAt(slot);
        OpenFile().Write(slots, offset);
        _dirtySlots.Add(offset, slots.Length);
    }

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
        _unchained = null;
        _buffer = null;
    }

    /// <summary>
    /// Adds records of a key hash within the time, newest first. May wait for the disk at each step; <paramref name="steps"/> bounds them and is counted down, 0 when there would have been more.
    /// </summary>
    /// <param name="keyHash">Of the key.</param>
    /// <param name="maxNum">Records in <paramref name="found"/>, at most.</param>
    /// <param name="begin">Store time of the oldest.</param>
    /// <param name="end">Store time of the newest.</param>
    /// <param name="header">As it was when the query began.</param>
    /// <param name="indexLock">Of the index. Held for a few entries at a time only, and only for those in no chain or not in the file yet: there may be hundreds of thousands.</param>
    /// <param name="steps">Left of the query's.</param>
    /// <param name="found">Takes the records.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public void Select(int keyHash, int maxNum, long begin, long end, IndexHeader header, Lock indexLock, ref int steps, List<PhysicalOffset> found, CancellationToken cancellationToken)
    {
        Span<byte> bytes = stackalloc byte[IndexLayout.EntryBytes];
        IndexEntry entry;

        // Entries from this number on have been looked at.
        int seen = header.IndexCount;
        List<int> unchained;
        do
        {
            int chained;
            lock (indexLock)
            {
                unchained = _unchained?.Find(keyHash, seen, UnchainedAtOnce) ?? [];
                chained = _chainedCount;
            }

            foreach (int number in unchained)
            {
                if (found.Count >= maxNum || !TryStep(number, bytes, indexLock, ref steps, out entry, cancellationToken) || !Add(entry))
                {
                    return;
                }

                seen = number;
            }

            seen = unchained.Count < UnchainedAtOnce ? Math.Min(seen, chained) : seen;
        }
        while (unchained.Count == UnchainedAtOnce);

        int next = seen <= 1 || found.Count >= maxNum ? 0 : ReadFirstEntry(keyHash);

        // Meanwhile what was in no chain may have come into this one.
        for (; next >= seen; next = entry.Previous < next ? entry.Previous : 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadEntries(next, bytes);
            entry = IndexEntry.Read(bytes);
        }

        while (next > 0 && found.Count < maxNum && TryStep(next, bytes, indexLock, ref steps, out entry, cancellationToken) && Add(entry))
        {
            // Chains lead to smaller numbers only: one that does not is damaged and must not be followed for ever.
            next = entry.Previous < next ? entry.Previous : 0;
        }

        // False when there are none within the time any more.
        bool Add(in IndexEntry entry)
        {
            if (entry.SecondsSinceBegin < 0)
            {
                return false;
            }

            long time = header.BeginTimestamp + (entry.SecondsSinceBegin * 1000L);

            // A start after a kill puts the keys of the last message of a full file again: some may have been on the way to the next file.
            PhysicalOffset offset = new(entry.PhysicalOffset);
            if (entry.KeyHash == keyHash && time >= begin && time <= end && (found is not [.., var last] || last != offset))
            {
                found.Add(offset);
            }

            return time >= begin;
        }
    }

    public void Delete()
    {
        Dispose();
        _files.DeleteFile(_path);
    }

    public void Dispose()
    {
        lock (_fileLock)
        {
            _isClosed = true;
            _file?.Dispose();
            _file = null;
        }
    }

    /// <summary>The newest entry of a slot, from the file; 0 without one.</summary>
    private int ReadFirstEntry(int keyHash)
    {
        Span<byte> bytes = stackalloc byte[IndexLayout.SlotBytes];
        ReadSlots(keyHash % _slotCount, bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes);
    }

    private bool TryStep(int number, Span<byte> bytes, Lock indexLock, ref int steps, out IndexEntry entry, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        entry = default;
        if (steps-- <= 0)
        {
            steps = 0;
            return false;
        }

        if (!TryCopyPending(number, bytes, indexLock) && OpenFile().Read(bytes, IndexLayout.EntryAt(_slotCount, number)) < bytes.Length)
        {
            return false;
        }

        entry = IndexEntry.Read(bytes);
        return true;
    }

    private void Read(Span<byte> destination, long offset)
    {
        int read = OpenFile().Read(destination, offset);
        destination[Math.Max(0, read)..].Clear();
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
internal readonly record struct PendingEntries(IndexHeader Header, int First, ReadOnlyMemory<byte> Bytes);
