using RocketOps.Store.Files;

namespace RocketOps.Store.Timers;

/// <summary>
/// The timer wheel: a file of 1 209 600 slots, of which the one of a time is (time / precision) mod their number. Sparse: slots that were never used take no disk. In memory are
/// a bit and a count for each slot, 5 MB, and the slots that have changed since <see cref="Write"/>. One thread at a time, but for <see cref="Flush"/>,
/// <see cref="CountAt"/>, <see cref="CountAll"/> and <see cref="IsEmpty"/>. Source: store.md §3.7, apache/rocketmq TimerWheel of 5.5.0.
/// </summary>
internal sealed class TimerWheel : IDisposable
{
    /// <summary>Twice the seconds of a week, whatever the precision.</summary>
    public const int Slots = 2 * 7 * 86_400;

    private const long FileBytes = (long)Slots * TimerSlot.Size;
    private const int BlockSlots = 2048;

    private readonly IStoreFileSystem _files;
    private readonly string _path;
    private readonly int _precisionMs;
    private readonly SortedDictionary<int, TimerSlot> _changed = [];
    private readonly ulong[] _used = new ulong[(Slots + 63) / 64];
    private readonly int[] _counts = new int[Slots];
    private readonly byte[] _buffer = new byte[BlockSlots * TimerSlot.Size];
    private IStoreFile? _file;
    private bool _isDirty;

    public TimerWheel(IStoreFileSystem files, string path, int precisionMs)
    {
        _files = files;
        _path = path;
        _precisionMs = precisionMs;
    }

    private IStoreFile File => _file ?? throw new InvalidOperationException("the wheel is not open");

    /// <summary>Opens the file, or makes it; false when there was none, or one that is no wheel.</summary>
    public bool TryOpen()
    {
        _files.CreateDirectory(Path.GetDirectoryName(_path)!);
        bool wasThere = _files.FileExists(_path);
        _file?.Dispose();
        _file = _files.Open(_path, FileOpenMode.OpenOrCreate);
        if (_file.Length == 0)
        {
            _file.SetLength(FileBytes);
        }

        return wasThere && _file.Length == FileBytes;
    }

    /// <summary>Makes every slot empty.</summary>
    public void Clear()
    {
        File.SetLength(0);
        File.SetLength(FileBytes);
        _changed.Clear();
        Array.Clear(_used);
        Array.Clear(_counts);
        _isDirty = true;
    }

    /// <summary>Reads all slots from a time on into memory's bits and counts, and gives those that hold something; false when a slot holds a time that is not its own.</summary>
    public bool TryLoad(long fromMs, Action<TimerSlot> visit)
    {
        Array.Clear(_used);
        Array.Clear(_counts);
        long at = 0;
        while ((at = File.NextDataOffset(at)) >= 0)
        {
            at = at / TimerSlot.Size * TimerSlot.Size;
            int length = File.Read(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, FileBytes - at)), at);
            for (int i = 0; i + TimerSlot.Size <= length; i += TimerSlot.Size)
            {
                TimerSlot slot = TimerSlot.Read(_buffer.AsSpan(i), _precisionMs);
                int index = (int)((at + i) / TimerSlot.Size);
                if (slot.TimeMs >= fromMs && slot.Last >= 0 && slot is not { TimeMs: 0, Last: 0, Count: 0 })
                {
                    if (slot.TimeMs % _precisionMs != 0 || IndexOf(slot.TimeMs) != index || slot.TimeMs - fromMs >= (long)Slots * _precisionMs)
                    {
                        return false;
                    }

                    Note(index, slot);
                    visit(slot);
                }
            }

            if (length < TimerSlot.Size)
            {
                break;
            }

            at += length;
        }

        return true;
    }

    /// <summary>The slot of a time.</summary>
    public TimerSlot Get(long timeMs)
    {
        int index = IndexOf(timeMs);
        if (!_changed.TryGetValue(index, out TimerSlot slot))
        {
            // Nearly all are new, and need no read.
            if ((_used[index >> 6] & (1UL << (index & 63))) == 0)
            {
                return TimerSlot.Empty(timeMs);
            }

            Span<byte> bytes = stackalloc byte[TimerSlot.Size];
            if (File.Read(bytes, (long)index * TimerSlot.Size) < TimerSlot.Size)
            {
                return TimerSlot.Empty(timeMs);
            }

            slot = TimerSlot.Read(bytes, _precisionMs);
        }

        return slot.TimeMs == timeMs ? slot : TimerSlot.Empty(timeMs);
    }

    /// <summary>Changes a slot, in memory until <see cref="Write"/>.</summary>
    public void Set(in TimerSlot slot)
    {
        int index = IndexOf(slot.TimeMs);
        _changed[index] = slot;
        Note(index, slot);
    }

    /// <summary>Nothing waits in the slot any more. The file keeps what it holds, which is before the time that is read from.</summary>
    public void Forget(long timeMs)
    {
        int index = IndexOf(timeMs);
        _used[index >> 6] &= ~(1UL << (index & 63));
        Volatile.Write(ref _counts[index], 0);
    }

    /// <summary>Empties the slots of the times within [from, to), in memory and in the file.</summary>
    public void Zero(long fromMs, long toMs)
    {
        Span<byte> zeros = _buffer;
        zeros.Clear();
        long left = Math.Min((toMs - fromMs) / _precisionMs, Slots);
        int index = IndexOf(fromMs);
        while (left > 0)
        {
            int slots = (int)Math.Min(Math.Min(left, BlockSlots), Slots - index);
            File.Write(zeros[..(slots * TimerSlot.Size)], (long)index * TimerSlot.Size);
            for (int i = 0; i < slots; i++, index++)
            {
                _changed.Remove(index);
                Note(index, TimerSlot.Empty(0));
            }

            index %= Slots;
            left -= slots;
        }

        Volatile.Write(ref _isDirty, true);
    }

    /// <summary>Messages in the slot of a time, minus deletions. Any thread.</summary>
    public int CountAt(long timeMs) => Volatile.Read(ref _counts[IndexOf(timeMs)]);

    /// <summary>True when no slot holds anything. Any thread.</summary>
    public bool IsEmpty => !_used.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>Messages in all slots, minus deletions: looks at every slot. Any thread.</summary>
    public long CountAll()
    {
        long all = 0;
        foreach (ref int count in _counts.AsSpan())
        {
            all += Volatile.Read(ref count);
        }

        return all;
    }

    /// <summary>
    /// A number for which slots hold something, and how much: two wheels with different ones are of two times. Looks at every slot.
    /// </summary>
    public long ComputeMark()
    {
        ulong mark = 0xCBF2_9CE4_8422_2325;
        for (int word = 0; word < _used.Length; word++)
        {
            for (ulong left = _used[word]; left != 0; left &= left - 1)
            {
                int index = (word << 6) + System.Numerics.BitOperations.TrailingZeroCount(left);
                ulong slot = ((ulong)(uint)index << 32) | (uint)_counts[index];
                mark = System.Numerics.BitOperations.RotateLeft((mark ^ slot) * 0x9E37_79B9_7F4A_7C15, 29);
            }
        }

        return unchecked((long)mark);
    }

    /// <summary>The first time within [from, to) whose slot holds something; −1 for none.</summary>
    public long NextUsed(long fromMs, long toMs)
    {
        long steps = Math.Min((toMs - fromMs + _precisionMs - 1) / _precisionMs, Slots);
        int index = IndexOf(fromMs);
        for (long step = 0; step < steps;)
        {
            ulong word = _used[index >> 6] >> (index & 63);
            if (word != 0)
            {
                int ahead = System.Numerics.BitOperations.TrailingZeroCount(word);
                step += ahead;
                return step < steps ? fromMs + (step * _precisionMs) : -1;
            }

            int left = Math.Min(64 - (index & 63), Slots - index);
            step += left;
            index += left;
            if (index == Slots)
            {
                index = 0;
            }
        }

        return -1;
    }

    /// <summary>Hands to the kernel what has changed; neighbours go together. When it fails all of it is still there.</summary>
    public void Write()
    {
        int length = 0;
        int first = -1;
        foreach ((int index, TimerSlot slot) in _changed)
        {
            if (length > 0 && (index != first + (length / TimerSlot.Size) || length == _buffer.Length))
            {
                File.Write(_buffer.AsSpan(0, length), (long)first * TimerSlot.Size);
                length = 0;
            }

            if (length == 0)
            {
                first = index;
            }

            slot.Write(_buffer.AsSpan(length), _precisionMs);
            length += TimerSlot.Size;
        }

        if (length > 0)
        {
            File.Write(_buffer.AsSpan(0, length), (long)first * TimerSlot.Size);
            Volatile.Write(ref _isDirty, true);
        }

        _changed.Clear();
    }

    /// <summary>Makes durable what was written before the call. Any thread.</summary>
    public void Flush()
    {
        if (Interlocked.Exchange(ref _isDirty, false))
        {
            File.FlushData();
        }
    }

    public void Dispose() => _file?.Dispose();

    private int IndexOf(long timeMs) => (int)(timeMs / _precisionMs % Slots);

    private void Note(int index, in TimerSlot slot)
    {
        if (slot.Last >= 0)
        {
            _used[index >> 6] |= 1UL << (index & 63);
        }
        else
        {
            _used[index >> 6] &= ~(1UL << (index & 63));
        }

        Volatile.Write(ref _counts[index], slot.Count);
    }
}
