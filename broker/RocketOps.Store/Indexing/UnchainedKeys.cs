namespace RocketOps.Store.Indexing;

/// <summary>
/// Hashes of the newest keys of an index file, by the numbers of their entries: those that are in no chain yet, so that a look-up has to find them here. Guarded by the lock of
/// <see cref="MessageIndex"/>; hashes that are there do not change before they leave, so that the thread that chains them reads them without.
/// </summary>
internal sealed class UnchainedKeys(int first)
{
    private const int FirstRoom = 4096;

    /// <summary>Room that is taken at once, as memory costs nothing before it is used, and kept when the keys are chained; what a burst needed beyond it is given back.</summary>
    private const int KeptRoom = 1024 * 1024;

    private int[] _hashes = new int[FirstRoom];
    private int _count;

    /// <summary>Number of the first entry.</summary>
    public int First { get; private set; } = first;

    public void Add(int keyHash)
    {
        if (_count == _hashes.Length)
        {
            int[] larger = GC.AllocateUninitializedArray<int>(Math.Max(KeptRoom, _count * 2));
            _hashes.AsSpan(0, _count).CopyTo(larger);
            _hashes = larger;
        }

        _hashes[_count++] = keyHash;
    }

    /// <summary>Those right before the first.</summary>
    public void AddBefore(ReadOnlySpan<int> earlier)
    {
        int[] hashes = new int[earlier.Length + _hashes.Length];
        earlier.CopyTo(hashes);
        _hashes.AsSpan(0, _count).CopyTo(hashes.AsSpan(earlier.Length));
        _hashes = hashes;
        _count += earlier.Length;
        First -= earlier.Length;
    }

    /// <summary>Those from the first on to before an entry; they stay as they are until <see cref="RemoveBefore"/>.</summary>
    public ReadOnlyMemory<int> Before(int number) => _hashes.AsMemory(0, number - First);

    /// <summary>They are in chains now.</summary>
    public void RemoveBefore(int number)
    {
        int removed = number - First;
        ReadOnlySpan<int> left = _hashes.AsSpan(removed, _count - removed);
        if (_hashes.Length > KeptRoom && left.Length < KeptRoom)
        {
            _hashes = GC.AllocateUninitializedArray<int>(KeptRoom);
        }

        left.CopyTo(_hashes);
        _count = left.Length;
        First = number;
    }

    /// <summary>Entries with a hash, of those before a number, the newest first and no more than so many.</summary>
    public List<int> Find(int keyHash, int before, int most)
    {
        List<int> numbers = [];
        ReadOnlySpan<int> left = _hashes.AsSpan(0, Math.Clamp(before - First, 0, _count));
        while (numbers.Count < most && left.LastIndexOf(keyHash) is var at and >= 0)
        {
            numbers.Add(First + at);
            left = left[..at];
        }

        return numbers;
    }
}
