namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// Extensions copied out of a queue's files: they lie one behind the other as their units do, so that one copy serves many. For one read of one queue at a time.
/// </summary>
internal sealed class ExtWindow
{
    private const int Bytes = 4096;

    private byte[] _bytes = [];
    private long _start;
    private int _length;

    /// <summary>Forgets what was copied; to be called before another queue is read, or the same at another time.</summary>
    public void Clear() => _length = 0;

    /// <summary>The extension at an offset, borrowed until the next call; not there also where something else than one is.</summary>
    public ReadOutcome Read(ConsumeQueueExt ext, long offset, bool mayBlock, out ExtUnit unit)
    {
        if (offset >= _start && offset < _start + _length && ExtUnit.TryRead(_bytes.AsSpan((int)(offset - _start), (int)(_start + _length - offset)), out unit))
        {
            return ReadOutcome.Done;
        }

        unit = default;
        ReadOutcome outcome = Fill(ext, offset, Bytes, mayBlock);
        if (outcome != ReadOutcome.Done)
        {
            return outcome;
        }

        int size = ExtUnit.SizeAt(_bytes.AsSpan(0, _length));
        if (size > _length)
        {
            outcome = Fill(ext, offset, size, mayBlock);
            if (outcome != ReadOutcome.Done)
            {
                return outcome;
            }
        }

        return ExtUnit.TryRead(_bytes.AsSpan(0, _length), out unit) ? ReadOutcome.Done : ReadOutcome.NotThere;
    }

    private ReadOutcome Fill(ConsumeQueueExt ext, long offset, int bytes, bool mayBlock)
    {
        _length = 0;
        if (_bytes.Length < bytes)
        {
            _bytes = GC.AllocateUninitializedArray<byte>(bytes);
        }

        int read = ext.Read(offset, _bytes.AsSpan(0, bytes), mayBlock);
        if (read < 0)
        {
            return ReadOutcome.WouldBlock;
        }

        _start = offset;
        _length = read;
        return read == 0 ? ReadOutcome.NotThere : ReadOutcome.Done;
    }
}
